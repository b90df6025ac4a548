/**
 * Finds a field that a codec does not know. Otherwise a misspelt optional field would silently keep its default.
 *
 * io-ts' exact codecs *strip* unknown fields. This file reads the field names from the codec itself, so that options
 * are described once. It walks `t.type`, `t.partial`, `t.strict`, `t.exact`, `t.readonly`, refinements, intersections,
 * unions, arrays, tuples and records, at any depth. Any other codec (a hand-written `t.Type`, `t.UnknownRecord`) may
 * have any field.
 *
 * A field that is a `t.literal` in each member (`source`, `kind`, …) distinguishes the members of a union.
 */
import * as t from 'io-ts'
import { hasTag } from './codecTag.js'
import { nearest } from './nearest.js'
import {
  codomain,
  element,
  isObject,
  type JsonObject,
  literals,
  members,
  props,
  tagOf,
  unwrapped,
} from './structure.js'

type Fields = ReadonlyMap<string, t.Mixed>

/** A value with its io-ts context, with its defaults filled in. */
interface Located {
  readonly codec: t.Mixed
  readonly given: unknown
  readonly whole: unknown
  readonly context: t.Context
}

/** A hint with the known name that was most likely meant, or an empty text. */
export const didYouMean = (name: string, known: ReadonlyArray<string>): string => {
  const meant = nearest(name, known)
  return meant === undefined ? '' : `. Did you mean ${JSON.stringify(meant)}?`
}

/** What is wrong with a field, as the rest of a clause that begins with its name. */
export const notKnown = (name: string, known: ReadonlyArray<string>): string => {
  const hint = didYouMean(name, known)
  return `is not known${hint === '' ? '.' : hint} Known fields here: ${known.join(', ')}`
}

const firstOf = <A>(
  items: Iterable<A>,
  problem: (item: A) => t.ValidationError | undefined,
): t.ValidationError | undefined => {
  for (const item of items) {
    const found = problem(item)
    if (found !== undefined) return found
  }
  return undefined
}

const isUnion = (codec: t.Mixed): boolean => hasTag('UnionType')(unwrapped(codec))

/** The member of a union that a value selects; `undefined`: the decoder reports the error. */
const chosen = (choices: ReadonlyArray<t.Mixed>, value: JsonObject): t.Mixed | undefined => {
  const objects = choices.filter(choice => isUnion(choice) || fieldsOf(choice, {}) !== undefined)
  if (objects.length === 1) return objects[0]
  const tag = tagOf(objects)
  return tag === undefined
    ? objects.find(choice => choice.is(value))
    : objects.find(choice => Object.hasOwn(value, tag) && literals(choice).get(tag) === value[tag])
}

/** The fields that a codec knows for this value; `undefined`: any. */
const fieldsOf = (wrapped: t.Mixed, value: JsonObject): Fields | undefined => {
  const codec = unwrapped(wrapped)
  if (hasTag('InterfaceType')(codec) || hasTag('PartialType')(codec)) return props(codec)
  if (hasTag('IntersectionType')(codec)) {
    const all = members(codec).map(member => fieldsOf(member, value))
    return all.every(fields => fields !== undefined) ? new Map(all.flatMap(fields => [...fields])) : undefined
  }
  if (hasTag('UnionType')(codec)) {
    const choice = chosen(members(codec), value)
    return choice === undefined ? undefined : fieldsOf(choice, value)
  }
  return undefined
}

/** The names of the fields that a codec knows, for any value; `undefined`: any. */
export const knownFields = (codec: t.Mixed): ReadonlyArray<string> | undefined => {
  const fields = fieldsOf(codec, {})
  return fields === undefined ? undefined : [...fields.keys()]
}

const within = ({ given, whole, context }: Located, key: string | number, codec: t.Mixed): Located => {
  const own = (value: unknown): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? Reflect.get(value, key)
      : undefined
  const inner = own(given)
  return {
    codec,
    given: inner,
    whole: own(whole) ?? inner,
    context: t.appendContext(context, String(key), codec, inner),
  }
}

const inObject = (place: Located, given: JsonObject): t.ValidationError | undefined => {
  const codec = unwrapped(place.codec)
  const each = codomain(codec)
  if (each !== undefined) return firstOf(Object.keys(given), name => unknownField(within(place, name, each)))
  const fields = fieldsOf(codec, isObject(place.whole) ? place.whole : given)
  if (fields === undefined) return undefined
  const known = [...fields.keys()]
  const unknown = Object.keys(given).find(name => !fields.has(name))
  if (unknown === undefined)
    return firstOf(fields, ([name, inner]) =>
      Object.hasOwn(given, name) ? unknownField(within(place, name, inner)) : undefined,
    )
  return {
    value: given[unknown],
    context: within(place, unknown, t.undefined).context,
    message: notKnown(unknown, known),
  }
}

const inList = (place: Located, given: ReadonlyArray<unknown>): t.ValidationError | undefined => {
  const codec = unwrapped(place.codec)
  const lists = hasTag('UnionType')(codec) ? members(codec).map(unwrapped) : [codec]
  return firstOf(lists, list => {
    const each = element(list)
    const entries = hasTag('TupleType')(list) ? members(list) : []
    return firstOf(given.keys(), i => {
      const own = each ?? entries[i]
      return own === undefined ? undefined : unknownField(within(place, i, own))
    })
  })
}

/** The first unknown field, as an error of io-ts. */
export const unknownField = (place: Located): t.ValidationError | undefined => {
  const { given } = place
  if (isObject(given)) return inObject(place, given)
  return Array.isArray(given) ? inList(place, given) : undefined
}
