/**
 * The structure of an io-ts codec: its fields, the members of its union, the codec within a wrapper.
 *
 * io-ts types the insides of its codecs with `any`. Only this file reads them, as `unknown`.
 */
import type * as t from 'io-ts'
import { hasTag, isCodec } from './codecTag.js'

/** A JSON object with unchecked fields. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Whether a value is an object with fields, and not a list. */
export const isObject = (u: unknown): u is JsonObject =>
  typeof u === 'object' && u !== null && !Array.isArray(u)

const part = (codec: t.Mixed, name: 'type' | 'props' | 'types' | 'codomain' | 'value'): unknown =>
  Reflect.get(codec, name)

const codecIn = (codec: t.Mixed, name: 'type' | 'codomain'): t.Mixed | undefined => {
  const inner = part(codec, name)
  return isCodec(inner) ? inner : undefined
}

/** The members of a union, an intersection or a tuple. */
export const members = (codec: t.Mixed): ReadonlyArray<t.Mixed> => {
  const types = part(codec, 'types')
  return Array.isArray(types) ? types.filter(isCodec) : []
}

/** The fields of a `t.type` or `t.partial`, by name. */
export const props = (codec: t.Mixed): ReadonlyMap<string, t.Mixed> => {
  const record = part(codec, 'props')
  return new Map(
    isObject(record)
      ? Object.entries(record).filter((entry): entry is [string, t.Mixed] => isCodec(entry[1]))
      : [],
  )
}

/** The codec of every field of a dictionary. */
export const codomain = (codec: t.Mixed): t.Mixed | undefined =>
  hasTag('DictionaryType')(codec) ? codecIn(codec, 'codomain') : undefined

/** The codec of every entry of a list. */
export const element = (codec: t.Mixed): t.Mixed | undefined =>
  hasTag('ArrayType')(codec) || hasTag('ReadonlyArrayType')(codec) ? codecIn(codec, 'type') : undefined

/** Codecs that wrap another one for the same values: `exact`, `readonly`, refinements, recursion, and options. */
const isWrapper = (codec: t.Mixed): boolean =>
  hasTag('ExactType')(codec) ||
  hasTag('ReadonlyType')(codec) ||
  hasTag('RefinementType')(codec) ||
  hasTag('RecursiveType')(codec) ||
  ('_tag' in codec && codec._tag === 'OptionsType')

/** The codec inside all wrappers. */
export const unwrapped = (codec: t.Mixed): t.Mixed => {
  const inner = isWrapper(codec) ? codecIn(codec, 'type') : undefined
  return inner === undefined ? codec : unwrapped(inner)
}

/** The literals that a codec requires of fields: field → literal. */
export const literals = (wrapped: t.Mixed): ReadonlyMap<string, unknown> => {
  const codec = unwrapped(wrapped)
  if (hasTag('IntersectionType')(codec)) return new Map(members(codec).flatMap(m => [...literals(m)]))
  if (!hasTag('InterfaceType')(codec)) return new Map()
  return new Map(
    [...props(codec)].flatMap(([name, field]) => {
      const inner = unwrapped(field)
      return hasTag('LiteralType')(inner) ? [[name, part(inner, 'value')] as const] : []
    }),
  )
}

/** The tag of a union: the field with a different literal in every member. */
export const tagOf = (choices: ReadonlyArray<t.Mixed>): string | undefined => {
  const tables = choices.map(literals)
  return [...(tables[0]?.keys() ?? [])].find(
    name =>
      tables.every(table => table.has(name)) &&
      new Set(tables.map(table => table.get(name))).size === tables.length,
  )
}
