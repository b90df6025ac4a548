/**
 * Recognises the kind of a codec by the tag that io-ts gives each of its classes.
 *
 * `instanceof` does not work: the bundles of this package contain their own copy of io-ts, and a caller's codecs come
 * from another copy.
 */
import type * as t from 'io-ts'

interface Kinds {
  readonly AnyDictionaryType: t.AnyDictionaryType
  readonly ArrayType: t.ArrayType<t.Mixed>
  readonly BooleanType: t.BooleanType
  readonly DictionaryType: t.DictionaryType<t.Mixed, t.Mixed>
  readonly ExactType: t.ExactType<t.Mixed>
  readonly InterfaceType: t.InterfaceType<t.Props>
  readonly IntersectionType: t.IntersectionType<Array<t.Mixed>>
  readonly KeyofType: t.KeyofType<Record<string, unknown>>
  readonly LiteralType: t.LiteralType<string | number | boolean>
  readonly NullType: t.NullType
  readonly PartialType: t.PartialType<t.Props>
  readonly ReadonlyArrayType: t.ReadonlyArrayType<t.Mixed>
  readonly ReadonlyType: t.ReadonlyType<t.Mixed>
  readonly RecursiveType: t.RecursiveType<t.Mixed>
  readonly RefinementType: t.RefinementType<t.Mixed>
  readonly StringType: t.StringType
  readonly TupleType: t.TupleType<Array<t.Mixed>>
  readonly UnionType: t.UnionType<Array<t.Mixed>>
}

/** Whether a value is a codec of io-ts, or has the methods of one. */
export const isCodec = (u: unknown): u is t.Mixed =>
  typeof u === 'object' &&
  u !== null &&
  (['is', 'validate', 'encode', 'decode'] as const).every(name => typeof Reflect.get(u, name) === 'function')

/** Whether a codec is of one of these kinds. */
export const hasTag =
  <Tag extends keyof Kinds>(...tags: ReadonlyArray<Tag>) =>
  (codec: unknown): codec is Kinds[Tag] =>
    isCodec(codec) && '_tag' in codec && (tags as ReadonlyArray<unknown>).includes(codec._tag)
