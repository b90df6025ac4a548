/**
 * Codecs of options that a person writes: a missing field gets its default, and an unknown field is an error.
 */
import * as t from 'io-ts'
import { plainData } from './plainData.js'
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

/** Defaults that depend on the given fields, which are not yet checked. */
export type Derive = (given: JsonObject) => JsonObject

/** A rule that new options must keep. Options in an old record may break it: see {@link lenient}. */
export interface Rule<A> {
  /** Path of the field to name: `budget.lowerLevelSolves`. */
  readonly field: string
  /** Completes a sentence that begins with the field, such as `must be below 10, but is 11`; `null` if the rule holds. */
  readonly broken: (options: A) => string | null
}

/** Optional parts of a codec of options. */
export interface OptionsParts<A = never> {
  /** Description of the value in messages; default: the name of the codec. */
  readonly name?: string
  /** Defaults of any fields, at any depth. A default never replaces a given field, even a wrong one. */
  readonly defaults?: JsonObject
  /** Defaults computed from the given fields; they take precedence over `defaults`. */
  readonly derive?: Derive
  readonly rules?: ReadonlyArray<Rule<A>>
}

/** The first rule that is broken, as an error of io-ts. */
const brokenRule = <A>(
  rules: ReadonlyArray<Rule<A>>,
  options: A,
  context: t.Context,
): t.ValidationError | undefined => {
  for (const { field, broken } of rules) {
    const message = broken(options)
    if (message === null) continue
    const at = field.split('.').reduce<t.Context>((path, key) => {
      const { actual } = path[path.length - 1]!
      return t.appendContext(path, key, t.unknown, isObject(actual) ? actual[key] : undefined)
    }, context)
    return { value: at[at.length - 1]!.actual, context: at, message }
  }
  return undefined
}

/** The context for validating a replacement of a value: io-ts recognises its own steps by their equal values. */
const insteadOf = (whole: unknown, context: t.Context, type?: t.Mixed): t.Context =>
  context.map((entry, i) =>
    i === context.length - 1 ? { ...entry, type: type ?? entry.type, actual: whole } : entry,
  )

/** A codec of options. It exposes the inner codec, so that code that walks codecs can continue there. */
export class OptionsType<A, O = unknown> extends t.Type<A, O> {
  readonly _tag = 'OptionsType'

  constructor(
    readonly type: t.Type<A, O>,
    readonly parts: OptionsParts<A>,
    /** Whether an unknown field, or a broken rule, is an error; otherwise it is ignored. */
    strict: boolean,
  ) {
    const { name = type.name, defaults = {}, derive = () => ({}), rules = [] } = parts
    super(
      name,
      (u): u is A => type.is(u) && (!strict || rules.every(({ broken }) => broken(u) === null)),
      (passed, context) => {
        const copied = plainData(passed)
        if (copied._tag === 'Left') return t.failure(passed, context, copied.left)
        const given = copied.right
        const whole = isObject(given) ? filled(filled(defaults, derive(given)), given) : given
        const instead = insteadOf(whole, context)
        const unknown = strict ? unknownField({ codec: type, given, whole, context }) : undefined
        if (unknown !== undefined) return t.failures([unknown])
        const decoded = type.validate(whole, instead)
        if (!strict || decoded._tag === 'Left') return decoded
        const broken = brokenRule(rules, decoded.right, instead)
        return broken === undefined ? decoded : t.failures([broken])
      },
      type.encode,
    )
  }
}

/** The options that `codec` describes. It must not be a union: see {@link oneOf}. */
export const options = <A, O = unknown>(
  codec: t.Type<A, O>,
  parts: OptionsParts<A> = {},
): OptionsType<A, O> => new OptionsType(codec, parts, true)

const isOptions = <A>(codec: t.Type<A, unknown>): codec is OptionsType<A> => codec instanceof OptionsType

/** A codec that refuses unknown fields, whether or not `codec` does. */
export const strict = <A>(codec: t.Type<A, unknown>): t.Type<A, unknown> =>
  isOptions(codec) ? codec : options(codec)

/**
 * The same options as written by a program that may have known more of them, and fewer rules: unknown fields and
 * broken rules are ignored. For records and for states.
 */
export const lenient = <A>(codec: t.Type<A, unknown>): t.Type<A, unknown> =>
  isOptions(codec) ? new OptionsType(codec.type, codec.parts, false) : codec

/**
 * Options of several kinds, distinguished by a field that is a literal in each. An error is about the kind that the
 * field names. `standard` is the kind if the field is missing.
 */
export const oneOf = <Kinds extends [t.Mixed, ...Array<t.Mixed>]>(
  name: string,
  kinds: Kinds,
  standard?: string,
): t.UnionType<Kinds, t.TypeOf<Kinds[number]>, unknown> => {
  const tag = tagOf(kinds) ?? ''
  const tags = kinds.map(kind => literals(kind).get(tag))
  const listed = tags.map(value => JSON.stringify(value)).join(', ')
  // Only its name is used, for messages.
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
