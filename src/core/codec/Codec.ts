/**
 * The codecs that every boundary shares, and how a failed decoding is said in a sentence.
 *
 * `t.number` of io-ts accepts NaN and ±Infinity, which JSON writes as `null`; nothing that crosses a boundary
 * here uses it.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { isLong, isPacked, pack, type Packed, unpack } from './packedVector.js'
import { Finite, listOf } from './plainCodec.js'

export * from './plainCodec.js'

/** A list of finite numbers that is always written out: what people write and read, such as a configuration. */
export const Numbers = listOf(Finite, 'a list of finite numbers')

const isVector = (u: unknown): u is ReadonlyArray<number> => Array.isArray(u) && u.every(Number.isFinite)

/**
 * A vector of finite numbers, which may be packed (packedVector.ts): it is encoded so where it is long, which is a fifth to
 * a half of the text. The encoded form loses no bit, −0 apart in a list that is not packed.
 */
export const Vector = new t.Type<ReadonlyArray<number>, ReadonlyArray<number> | Packed, unknown>(
  Numbers.name,
  isVector,
  (u, context) =>
    t.UnknownRecord.is(u) && isPacked(u)
      ? pipe(
          unpack(u),
          E.match(reason => t.failure(u, context, reason), t.success),
        )
      : // Thousands of numbers that are all right need no context of their own each.
        isVector(u)
        ? t.success(u)
        : Numbers.validate(u, context),
  vector => (isLong(vector) ? pack(vector) : vector),
)
