/**
 * A pseudo-random generator as plain data: every draw returns what was drawn and the generator after it.
 *
 * xoroshiro128+ (Blackman & Vigna 2018) by pure-rand. The seeds of named streams are mixed with a 32-bit finalizer
 * (MurmurHash3), so that the streams of neighbouring seeds have nothing in common.
 *
 * @module
 */
import * as t from 'io-ts'
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { xoroshiro128plus, xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator'
import { Finite } from '../codec/Codec.js'

export const Rng = t.readonlyArray(Finite, 'the state of a random generator')
/** The generator's state: four 32-bit integers. */
export type Rng = t.TypeOf<typeof Rng>

const finalize = (h: number): number => {
  const a = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  const b = Math.imul(a ^ (a >>> 13), 0xc2b2ae35)
  return (b ^ (b >>> 16)) >>> 0
}

/** One 32-bit seed from several integers, in which each of them counts. */
export const mixSeeds = (...parts: ReadonlyArray<number>): number =>
  parts.reduce(
    (h, part) => finalize((Math.imul(h, 31) + finalize(part >>> 0) + 0x9e3779b9) >>> 0),
    0x2545f491,
  )

/** The generator of the stream that these integers name. */
export const make = (...parts: ReadonlyArray<number>): Rng =>
  xoroshiro128plus(mixSeeds(...parts) | 0).getState()

/**
 * Runs `draw` on a mutable generator that starts at `rng` and is not seen again: many draws at the price of one
 * copy of the state.
 */
export const draws =
  <A>(draw: (generator: RandomGenerator) => A) =>
  (rng: Rng): readonly [A, Rng] => {
    const generator = xoroshiro128plusFromState(rng)
    const drawn = draw(generator)
    return [drawn, generator.getState()]
  }

/** A number in [0, 1), a multiple of 2^-53. */
export const uniform: (rng: Rng) => readonly [number, Rng] = draws(uniformFloat64)

/** `count` numbers in [0, 1). */
export const uniforms = (count: number): ((rng: Rng) => readonly [ReadonlyArray<number>, Rng]) =>
  draws(generator => Array.from({ length: count }, () => uniformFloat64(generator)))

/** `count` standard normal numbers (Box & Muller 1958). */
export const normals = (count: number): ((rng: Rng) => readonly [ReadonlyArray<number>, Rng]) =>
  draws(generator =>
    Array.from({ length: count }, () => {
      const radius = Math.sqrt(-2 * Math.log(1 - uniformFloat64(generator)))
      return radius * Math.cos(2 * Math.PI * uniformFloat64(generator))
    }),
  )

/** The integers 0 … count − 1 in random order (Fisher & Yates). */
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
