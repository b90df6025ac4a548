/**
 * Decoding of what a person wrote, in which an unknown field is an error and not ignored: a misspelt optional
 * field would otherwise silently leave its default in force.
 *
 * io-ts' exact codecs *strip* unknown fields. This reads the field names out of the codec itself, so a
 * configuration is described once, by its codec: `t.type`, `t.partial`, `t.strict`, `t.exact`, `t.readonly`,
 * refinements, intersections, unions, arrays, tuples and records of these, nested as deep as you like. What is none
 * of these (a hand-written `t.Type`, `t.UnknownRecord`) is left to its own decoder.
 *
 * Members of a union are told apart by a field that is a `t.literal` in each of them (`source`, `_tag`, `kind`, …), so
 * errors speak only of the member that the reader meant.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'
import { explain } from '../../core/codec/Codec.js'
import { hasTag, isCodec } from '../../core/codec/codecTag.js'
import { nearest } from './nearest.js'

type Fields = ReadonlyMap<string, t.Mixed>
type JsonObject = Readonly<Record<string, unknown>>

const isObject = (u: unknown): u is JsonObject => typeof u === 'object' && u !== null && !Array.isArray(u)

/** A property of a codec, as `unknown`: io-ts types its codecs' insides with `any`. */
const part = (codec: t.Mixed, name: 'type' | 'props' | 'types' | 'codomain' | 'value'): unknown =>
  Reflect.get(codec, name)

const members = (codec: t.Mixed): ReadonlyArray<t.Mixed> => {
  const types = part(codec, 'types')
  return Array.isArray(types) ? types.filter(isCodec) : []
}

const isWrapper = hasTag('ExactType', 'ReadonlyType', 'RefinementType', 'RecursiveType')

/** The codec inside `exact`, `readonly`, refinements and recursion. */
const unwrapped = (codec: t.Mixed): t.Mixed => {
  const inner = isWrapper(codec) ? part(codec, 'type') : undefined
  return isCodec(inner) ? unwrapped(inner) : codec
}

const props = (codec: t.Mixed): Fields => {
  const record = part(codec, 'props')
  return new Map(
    isObject(record)
      ? Object.entries(record).filter((entry): entry is [string, t.Mixed] => isCodec(entry[1]))
      : [],
  )
}

/** The literals that a codec asks of fields: field → literal. */
const literals = (wrapped: t.Mixed): ReadonlyMap<string, unknown> => {
  const codec = unwrapped(wrapped)
  if (hasTag('InterfaceType')(codec))
    return new Map(
      [...props(codec)].flatMap(([name, field]) => {
        const inner = unwrapped(field)
        return hasTag('LiteralType')(inner) ? [[name, part(inner, 'value')] as const] : []
      }),
    )
  return hasTag('IntersectionType')(codec)
    ? new Map(members(codec).flatMap(m => [...literals(m)]))
    : new Map()
}

/** The tag of a union: the field that has a literal of its own in every member that is an object. */
const tagOf = (choices: ReadonlyArray<t.Mixed>): string | undefined => {
  const tables = choices.map(literals)
  return [...(tables[0]?.keys() ?? [])].find(
    name =>
      tables.every(table => table.has(name)) &&
      new Set(tables.map(table => table.get(name))).size === tables.length,
  )
}

const at = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`)

const quoted = (values: ReadonlyArray<unknown>): string =>
  values.map(value => JSON.stringify(value)).join(', ')

const suggestion = (name: string, known: ReadonlyArray<string>): string =>
  pipe(nearest(name, known), best => (best === undefined ? '' : ` Did you mean ${JSON.stringify(best)}?`))

const firstOf = <A>(items: Iterable<A>, problem: (item: A) => string | undefined): string | undefined => {
  for (const item of items) {
    const found = problem(item)
    if (found !== undefined) return found
  }
  return undefined
}

/** The member of a union that a value means, or what is wrong with its tag. `none`: leave it to the decoder. */
const choose = (
  choices: ReadonlyArray<t.Mixed>,
  value: JsonObject,
  path: string,
): { readonly chosen: t.Mixed } | { readonly problem: string } | 'none' => {
  const objects = choices.filter(choice => fieldsOf(choice, {}) !== undefined || isUnion(choice))
  const [only] = objects
  if (objects.length === 1 && only !== undefined) return { chosen: only }
  const tag = tagOf(objects)
  if (tag === undefined) {
    const fitting = objects.find(choice => choice.is(value))
    return fitting === undefined ? 'none' : { chosen: fitting }
  }
  const allowed = objects.map(choice => literals(choice).get(tag))
  const found = Object.hasOwn(value, tag) ? value[tag] : undefined
  const chosen = objects[allowed.indexOf(found)]
  if (chosen !== undefined) return { chosen }
  const isNow = found === undefined ? 'is missing' : `is ${JSON.stringify(found)}`
  const hint =
    typeof found === 'string'
      ? suggestion(
          found,
          allowed.filter(a => typeof a === 'string'),
        )
      : ''
  return { problem: `field \`${at(path, tag)}\` must be one of ${quoted(allowed)}, but ${isNow}.${hint}` }
}

const isUnion = (codec: t.Mixed): boolean => hasTag('UnionType')(unwrapped(codec))

/** The fields that a codec knows of this value; `undefined`: it does not say, any field is its own affair. */
const fieldsOf = (wrapped: t.Mixed, value: JsonObject): Fields | undefined => {
  const codec = unwrapped(wrapped)
  if (hasTag('InterfaceType', 'PartialType')(codec)) return props(codec)
  if (hasTag('IntersectionType')(codec)) {
    const all = members(codec).map(member => fieldsOf(member, value))
    return all.every(fields => fields !== undefined) ? new Map(all.flatMap(fields => [...fields])) : undefined
  }
  if (hasTag('UnionType')(codec)) {
    const choice = choose(members(codec), value, '')
    return choice !== 'none' && 'chosen' in choice ? fieldsOf(choice.chosen, value) : undefined
  }
  return undefined
}

const problemInObject = (codec: t.Mixed, value: JsonObject, path: string): string | undefined => {
  if (hasTag('DictionaryType')(codec)) {
    const codomain = part(codec, 'codomain')
    return isCodec(codomain)
      ? firstOf(Object.entries(value), ([name, inner]) => problemIn(codomain, inner, at(path, name)))
      : undefined
  }
  const fields = fieldsOf(codec, value)
  if (fields === undefined) return undefined
  const known = [...fields.keys()]
  const unknown = Object.keys(value).find(name => !fields.has(name))
  if (unknown !== undefined)
    return `field \`${at(path, unknown)}\` is not known.${suggestion(unknown, known)} Known fields here: ${known.join(', ')}.`
  return firstOf(fields, ([name, inner]) =>
    Object.hasOwn(value, name) ? problemIn(inner, value[name], at(path, name)) : undefined,
  )
}

const problemInList = (codec: t.Mixed, value: ReadonlyArray<unknown>, path: string): string | undefined => {
  const element = hasTag('ArrayType', 'ReadonlyArrayType')(codec) ? part(codec, 'type') : undefined
  const elements = hasTag('TupleType')(codec) ? members(codec) : []
  return firstOf(value.entries(), ([i, inner]) => {
    const own = isCodec(element) ? element : elements[i]
    return own === undefined ? undefined : problemIn(own, inner, `${path}[${i}]`)
  })
}

/** The first unknown field or unknown tag in a value, said in a sentence. */
const problemIn = (wrapped: t.Mixed, value: unknown, path: string): string | undefined => {
  const codec = unwrapped(wrapped)
  if (hasTag('UnionType')(codec) && isObject(value)) {
    const choice = choose(members(codec), value, path)
    if (choice === 'none') return undefined
    return 'problem' in choice ? choice.problem : problemIn(choice.chosen, value, path)
  }
  if (hasTag('IntersectionType')(codec) && isObject(value)) {
    // A tag that no member of a union inside the intersection bears is said before the fields are looked at.
    const tagProblem = firstOf(members(codec).filter(isUnion), member => {
      const choice = choose(members(unwrapped(member)), value, path)
      return choice !== 'none' && 'problem' in choice ? choice.problem : undefined
    })
    return tagProblem ?? problemInObject(codec, value, path)
  }
  if (isObject(value)) return problemInObject(codec, value, path)
  if (!Array.isArray(value)) return undefined
  const list: ReadonlyArray<unknown> = value
  const lists = hasTag('UnionType')(codec) ? members(codec).map(unwrapped) : [codec]
  return firstOf(lists, own => problemInList(own, list, path))
}

/**
 * A decoding error's context without the steps from a union or an intersection to its members: nobody wrote those,
 * and the message is about what `Drawing` must be, not about its first half.
 */
const collapsed = (context: t.Context): t.Context =>
  context.reduce<ReadonlyArray<t.ContextEntry>>((steps, entry, i) => {
    const parent = context[i - 1]
    const owner = steps[steps.length - 1]
    const inside = parent !== undefined && isCodec(parent.type) ? unwrapped(parent.type) : undefined
    if (owner === undefined || !hasTag('UnionType', 'IntersectionType')(inside)) return [...steps, entry]
    return i === context.length - 1 ? steps : [...steps.slice(0, -1), { ...entry, key: owner.key }]
  }, [])

const decoded =
  <A, O>(codec: t.Type<A, O>) =>
  (input: unknown): E.Either<string, A> =>
    pipe(
      codec.decode(input),
      E.mapLeft(errors => explain(errors.map(error => ({ ...error, context: collapsed(error.context) })))),
    )

/** Puts the section's own place before the field that the codec's message names. */
const placed =
  (section: string) =>
  (message: string): string => {
    if (section === '') return `${message}.`
    return `${message
      .replace(/^field `(\[?)/, (_, bracket: string) => `field \`${section}${bracket === '[' ? '[' : '.'}`)
      .replace(/^the value /, `field \`${section}\` `)}.`
  }

/**
 * Decodes a section of a configuration, refusing unknown fields by name, at any depth.
 *
 * - `at`: where the section lies (`'data'`), put before the field's name in the message; `''` for a whole file.
 *
 * Left: one or two sentences without a final "what to do" (the caller knows the file and says that).
 *
 *     strictDecode(DataConfig, 'data')({ source: 'mnist', trian: 600, validation: 400 })
 *     // Left: field `data.trian` is not known. Did you mean "train"? Known fields here: source, train, validation, folder.
 */
export const strictDecode =
  <A, O>(codec: t.Type<A, O>, at = '') =>
  (input: unknown): E.Either<string, A> => {
    const problem = problemIn(codec, input, at)
    return problem !== undefined ? E.left(problem) : pipe(decoded(codec)(input), E.mapLeft(placed(at)))
  }
