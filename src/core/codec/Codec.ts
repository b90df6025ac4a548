/**
 * The codecs that every boundary shares, and one sentence for a failed decoding.
 *
 * `t.number` of io-ts accepts NaN and ±Infinity, which JSON writes as `null`. No boundary of this package uses it.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { isLong, isPacked, pack, type Packed, unpack } from './packedVector.js'
import { Finite, listOf } from './plainCodec.js'

export * from './plainCodec.js'
export { Seed } from './seed.js'

/**
 * A list of finite numbers that is always written out. It is for what people read and write, such as a configuration.
 *
 * @example
 * ```ts
 * import { left, right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.decode(Codec.Numbers)([1, 2.5]) // => right([1, 2.5])
 * Codec.decode(Codec.Numbers)([1, NaN]) // => left('`[1]` must be a finite number, but is NaN')
 * ```
 */
export const Numbers = listOf(Finite, 'a list of finite numbers')

const isVector = (u: unknown): u is ReadonlyArray<number> => Array.isArray(u) && u.every(Number.isFinite)

/**
 * A vector of finite numbers. A long one is encoded in packed form (packedVector.ts), in a fifth to a half of the text.
 * Encoding loses no bit, except the sign of −0 in a list that is not packed.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Codec } from 'bilevel-hpo'
 *
 * Codec.Vector.encode([1, 2.5]) // => [1, 2.5]
 * // A long vector is packed, and decodes to the same bits.
 * const long = Array.from({ length: 1000 }, (_, i) => Math.sin(i))
 * Array.isArray(Codec.Vector.encode(long)) // => false
 * Codec.decode(Codec.Vector)(Codec.Vector.encode(long)) // => right(long)
 * ```
 */
export const Vector = new t.Type<ReadonlyArray<number>, ReadonlyArray<number> | Packed>(
  Numbers.name,
  isVector,
  (u, context) =>
    t.UnknownRecord.is(u) && isPacked(u)
      ? pipe(
          unpack(u),
          E.match(reason => t.failure(u, context, reason), t.success),
        )
      : // Skip the context of each entry: it is slow for thousands of valid numbers.
        isVector(u)
        ? t.success(u)
        : Numbers.validate(u, context),
  vector => (isLong(vector) ? pack(vector) : vector),
)
