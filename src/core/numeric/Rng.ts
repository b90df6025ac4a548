/**
 * A pseudo-random generator as plain data: every draw returns the drawn value and the next generator.
 *
 * xoroshiro128+ (Blackman & Vigna 2018) by pure-rand. The seeds of named streams are mixed with a 32-bit finalizer
 * (MurmurHash3), so that the streams of neighbouring seeds are unrelated.
 *
 * @module
 */
import * as t from 'io-ts'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { Finite } from '../codec/Codec.js'

export const Rng = t.readonlyArray(Finite, 'the state of a random generator')
/**
 * The generator's state: four 32-bit integers.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Rng } from 'bilevel-hpo'
 *
 * // A generator is plain JSON: it can be stored in a state and read back.
 * const generator = Rng.make(7)
 * decode(Rng.Rng)(JSON.parse(JSON.stringify(generator))) // => right(generator)
 * ```
 */
export type Rng = t.TypeOf<typeof Rng>

const finalize = (h: number): number => {
  const a = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return (b ^ (b >>> 16)) >>> 0
}

/**
 * Mixes several integers into one 32-bit seed that depends on each of them.
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * Rng.mixSeeds(1, 2) === Rng.mixSeeds(2, 1) // => false
 * Rng.mixSeeds(1, 2) === Rng.mixSeeds(1, 2) // => true
 * ```
 */
export const mixSeeds = (...parts: ReadonlyArray<number>): number =>
  parts.reduce(
    (h, part) => finalize((Math.imul(h, 31) + finalize(part >>> 0) + 0x9e3779b9) >>> 0),
    0x2545f491,
  )

/**
 * The generator of the stream that these integers name. Streams of neighbouring seeds are unrelated. Source:
 * xoroshiro128+ (Blackman & Vigna 2018).
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * // Seed 5, stream 1 and seed 5, stream 2 are unrelated.
 * Rng.make(5, 1).length // => 4
 * Rng.uniform(Rng.make(5, 1))[0] === Rng.uniform(Rng.make(5, 2))[0] // => false
 * ```
 */
export const make = (...parts: ReadonlyArray<number>): Rng =>
  xoroshiro128plus(mixSeeds(...parts) | 0).getState()

/**
 * Makes your own kind of draw. `draw` gets a mutable generator that starts at `rng` and is discarded afterwards, so
 * that many draws cost one copy of the state. Returns the drawn value and the next generator.
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * const dice = Rng.draws(generator => [1, 2, 3].map(() => 1 + (Math.abs(generator.next()) % 6)))
 * const [thrown, after] = dice(Rng.make(1))
 * thrown.every(eyes => eyes >= 1 && eyes <= 6) // => true
 * // The argument is unchanged: the same draw gives the same numbers again. The returned generator differs.
 * dice(Rng.make(1))[0] // => thrown
 * after.join() === Rng.make(1).join() // => false
 * ```
 */
export const draws =
  <A>(draw: (generator: RandomGenerator) => A) =>
  (rng: Rng): readonly [A, Rng] => {
    const generator = xoroshiro128plusFromState(rng)
    const drawn = draw(generator)
    return [drawn, generator.getState()]
  }

/**
 * A number in [0, 1), a multiple of 2^-53.
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * const [first, after] = Rng.uniform(Rng.make(1))
 * const [second] = Rng.uniform(after)
 * const both = [first, second] // => Rng.uniforms(2)(Rng.make(1))[0]
 * ```
 */
export const uniform: (rng: Rng) => readonly [number, Rng] = draws(uniformFloat64)

/**
 * `count` numbers in [0, 1).
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * const [drawn] = Rng.uniforms(1000)(Rng.make(1))
 * drawn.every(u => u >= 0 && u < 1) // => true
 * Math.abs(drawn.reduce((sum, u) => sum + u, 0) / 1000 - 0.5) < 0.05 // => true
 * ```
 */
export const uniforms = (count: number): ((rng: Rng) => readonly [ReadonlyArray<number>, Rng]) =>
  draws(generator => Array.from({ length: count }, () => uniformFloat64(generator)))

/**
 * `count` standard normal numbers (Box & Muller 1958).
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * const [drawn] = Rng.normals(1000)(Rng.make(1))
 * const variance = drawn.reduce((sum, z) => sum + z * z, 0) / 1000
 * Math.abs(variance - 1) < 0.15 // => true
 * ```
 */
export const normals = (count: number): ((rng: Rng) => readonly [ReadonlyArray<number>, Rng]) =>
  draws(generator =>
    Array.from({ length: count }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(generator)))
      return radius * Math.cos(2 * Math.PI * uniformFloat64(generator))
    }),
  )

/**
 * The integers 0 … count − 1 in random order (Fisher & Yates).
 *
 * @example
 * ```ts
 * import { Rng } from 'bilevel-hpo'
 *
 * const [order] = Rng.permutation(5)(Rng.make(1))
 * Array.from(order).sort() // => [0, 1, 2, 3, 4]
 * ```
 */
export const permutation = (count: number): ((rng: Rng) => readonly [Int32Array, Rng]) =>
  draws(generator => {
    const order = Int32Array.from({ length: count }, (_, i) => i)
    for (let i = count - 1; i > 0; i--) {
      const j = Math.floor(uniformFloat64(generator) * (i + 1))
      const swapped = order[i]!
      order[i] = order[j]!
      order[j] = swapped
    }
    return order
  })
