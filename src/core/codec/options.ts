/**
 * Codecs of options that a person writes: what is left out gets its default, and an unknown field is an error.
 */
import * as t from 'io-ts'
import { isObject, type JsonObject, literals, tagOf } from './structure.js'
import { didYouMean, unknownField } from './unknownField.js'

const filled = (defaults: JsonObject, given: JsonObject): JsonObject => ({
  ...defaults,
  ...Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const standard = Object.hasOwn(defaults, key) ? defaults[key] : undefined
      return [key, isObject(standard) && isObject(value) ? filled(standard, value) : value]
    }),
  ),
})

/** Defaults that depend on what is given, which may be anything. */
export type Derive = (given: JsonObject) => JsonObject

/** What may go with a codec of options. */
export interface OptionsParts {
  /** What a message says that the value must be; the name of the codec where it is left out. */
  readonly name?: string
  /** Of any fields, at any depth. A field that is given, be it wrongly, is never replaced by its default. */
  readonly defaults?: JsonObject
  /** What this makes of the fields that are given goes before `defaults`. */
  readonly derive?: Derive
}

/** The context of a value in whose place another one is validated: io-ts' own steps are told by having the same value. */
const insteadOf = (whole: unknown, context: t.Context, type?: t.Mixed): t.Context =>
  context.map((entry, i) =>
    i === context.length - 1 ? { ...entry, type: type ?? entry.type, actual: whole } : entry,
  )

/** A codec of options. It names the codec underneath, so that whoever walks codecs can go on there. */
export class OptionsType<A, O = unknown> extends t.Type<A, O> {
  readonly _tag = 'OptionsType'

  constructor(
    readonly type: t.Type<A, O>,
    readonly parts: OptionsParts,
    /** Whether an unknown field is an error; otherwise it is ignored. */
    strict: boolean,
  ) {
    const { name = type.name, defaults = {}, derive = () => ({}) } = parts
    super(
      name,
      type.is,
      (given, context) => {
        const whole = isObject(given) ? filled(filled(defaults, derive(given)), given) : given
        const unknown = strict ? unknownField({ codec: type, given, whole, context }) : undefined
        return unknown === undefined ? type.validate(whole, insteadOf(whole, context)) : t.failures([unknown])
      },
      type.encode,
    )
  }
}

/** The options that `codec` describes. It must not be a union: see {@link oneOf}. */
export const options = <A, O = unknown>(codec: t.Type<A, O>, parts: OptionsParts = {}): OptionsType<A, O> =>
  new OptionsType(codec, parts, true)

const isOptions = <A>(codec: t.Type<A, unknown>): codec is OptionsType<A> => codec instanceof OptionsType

/** A codec that refuses unknown fields, whether it does so by itself or not. */
export const strict = <A>(codec: t.Type<A, unknown>): t.Type<A, unknown> =>
  isOptions(codec) ? codec : options(codec)

/**
 * The same options, as a program wrote them that may have known more of them: unknown fields are ignored. For what was
 * recorded, and for states.
 */
export const lenient = <A>(codec: t.Type<A, unknown>): t.Type<A, unknown> =>
  isOptions(codec) ? new OptionsType(codec.type, codec.parts, false) : codec

/**
 * Options of several kinds, told apart by the field that is a literal in each of them. An error is about the kind that was
 * meant. `standard` is the kind where the field is left out.
 */
export const oneOf = <Kinds extends [t.Mixed, ...Array<t.Mixed>]>(
  name: string,
  kinds: Kinds,
  standard?: string,
): t.UnionType<Kinds, t.TypeOf<Kinds[number]>, unknown> => {
  const tag = tagOf(kinds) ?? ''
  const tags = kinds.map(kind => literals(kind).get(tag))
  const listed = tags.map(value => JSON.stringify(value)).join(', ')
  // Only its name is used, in messages.
  const Tag = new t.Type<unknown>(
    `one of ${listed}`,
    (u): u is unknown => tags.includes(u),
    t.success,
    t.identity,
  )
  const wrongTag = (found: unknown, context: t.Context): t.ValidationError => {
    const hint =
      typeof found === 'string'
        ? didYouMean(
            found,
            tags.filter(value => typeof value === 'string'),
          )
        : ''
    const error = { value: found, context: t.appendContext(context, tag, Tag, found) }
    return hint === ''
      ? error
      : { ...error, message: `must be ${Tag.name}, but is ${JSON.stringify(found)}${hint}` }
  }
  return new t.UnionType<Kinds, t.TypeOf<Kinds[number]>, unknown>(
    name,
    (u): u is t.TypeOf<Kinds[number]> => kinds.some(kind => kind.is(u)),
    (u, context) => {
      if (!isObject(u)) return t.failure(u, context)
      const found = Object.hasOwn(u, tag) ? u[tag] : standard
      const kind = kinds[tags.indexOf(found)]
      if (kind === undefined) return t.failures([wrongTag(found, context)])
      const whole = { [tag]: found, ...u }
      return kind.validate(whole, insteadOf(whole, context, kind))
    },
    a => kinds.find(kind => kind.is(a))?.encode(a) ?? a,
    kinds,
  )
}
