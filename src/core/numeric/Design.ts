/**
 * Initial designs: points that cover the unit cube [0,1]^d.
 *
 * Random designs take the generator as their last argument and return it advanced, as the functions of Rng do.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import * as Rng from './Rng.js'
import * as Sobol from './Sobol.js'

/** Points in the unit cube, each of length d. */
export type Design = ReadonlyArray<ReadonlyArray<number>>

/** The most numbers (points times dimensions) that a design may hold. */
const maxNumbers = 2 ** 24

/** Refuses a design without a valid shape, or one that is too large for memory. */
const checked = (points: number, dimension: number): E.Either<MethodError, void> => {
  if (!Number.isSafeInteger(dimension) || dimension < 1 || !Number.isInteger(points) || points < 0)
    return E.left(
      invalidConfig(
        'design',
        `A design of ${points} points in ${dimension} dimensions cannot be made: both must be whole numbers, ` +
          'points ≥ 0 and dimensions ≥ 1.',
      ),
    )
  if (points * dimension > maxNumbers)
    return E.left(
      invalidConfig(
        'design',
        `A design of ${points} points in ${dimension} dimensions holds more than ${maxNumbers} numbers. ` +
          'Ask for fewer points, or for a Sobol or Latin hypercube design instead of a grid.',
      ),
    )
  return E.right(undefined)
}

/**
 * The full grid with `levels` equidistant values on each axis, both ends included (with one level: the middle). It has
 * levels^d points; the last axis varies fastest.
 *
 * Errors: `InvalidConfig` for a design without a shape, or of more than 2^24 numbers.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Design } from 'bilevel-hpo'
 *
 * const corners: Design.Design = [[0, 0], [0, 1], [1, 0], [1, 1]]
 * Design.grid(2, 2) // => right(corners)
 * ```
 */
export const grid = (levels: number, dimension: number): E.Either<MethodError, Design> =>
  E.map((): Design => {
    const points = levels ** dimension
    const at = (digit: number): number => (levels === 1 ? 0.5 : digit / (levels - 1))
    return Array.from({ length: points }, (_, i) =>
      Array.from({ length: dimension }, (_, k) => at(Math.floor(i / levels ** (dimension - 1 - k)) % levels)),
    )
  })(checked(levels ** dimension, dimension))

/**
 * `count` equidistant points on the diagonal from (0, …, 0) to (1, …, 1), both ends included (with one point: the
 * middle). If the hyperparameters are alike, such as one coefficient per layer, this samples the problem with one
 * coefficient for all.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Design } from 'bilevel-hpo'
 *
 * Design.diagonal(3, 2) // => right([[0, 0], [0.5, 0.5], [1, 1]])
 * ```
 */
export const diagonal = (count: number, dimension: number): E.Either<MethodError, Design> =>
  E.map((): Design =>
    Array.from({ length: count }, (_, i) =>
      Array.from({ length: dimension }, () => (count === 1 ? 0.5 : i / (count - 1))),
    ),
  )(checked(count, dimension))

/**
 * `count` points on the same diagonal, by halving it: at ½, ¾, ¼, ⅜, ⅞, …, the Sobol' sequence of one dimension from
 * its second point on. Any number of points begins in the middle and omits the ends.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Design } from 'bilevel-hpo'
 *
 * Design.halvedDiagonal(3, 2) // => right([[0.5, 0.5], [0.75, 0.75], [0.25, 0.25]])
 * ```
 */
export const halvedDiagonal = (count: number, dimension: number): E.Either<MethodError, Design> =>
  E.map((): Design =>
    Sobol.sequence(count + 1, 1)
      .slice(1)
      .map(([x]) => Array.from({ length: dimension }, () => x! / 2 ** 32)),
  )(checked(count, dimension))

const hypercube =
  (count: number, dimension: number) =>
  (rng: Rng.Rng): readonly [Design, Rng.Rng] => {
    const columns: Array<ReadonlyArray<number>> = []
    let generator = rng
    for (let k = 0; k < dimension; k++) {
      const [order, afterOrder] = Rng.permutation(count)(generator)
      const [offsets, afterOffsets] = Rng.uniforms(count)(afterOrder)
      columns.push(offsets.map((offset, i) => (order[i]! + offset) / count))
      generator = afterOffsets
    }
    return [Array.from({ length: count }, (_, i) => columns.map(column => column[i]!)), generator]
  }

/**
 * A Latin hypercube of n = `count` points in d = `dimension` dimensions: on every axis each of the n intervals of
 * length 1/n holds one point, at a uniformly random place. Takes a generator and returns it advanced.
 *
 * Errors: `InvalidConfig` for a design without a shape, or of more than 2^24 numbers. Source: McKay, Beckman & Conover 1979.
 *
 * @example
 * ```ts
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { Design, Rng } from 'bilevel-hpo'
 *
 * const drawn = Design.latinHypercube(4, 2)(Rng.make(1))
 * // Each quarter of each axis holds one point.
 * const quarters = isRight(drawn) ? drawn.right[0].map(([x = 0]) => Math.floor(4 * x)) : []
 * quarters.sort() // => [0, 1, 2, 3]
 * ```
 */
export const latinHypercube =
  (count: number, dimension: number) =>
  (rng: Rng.Rng): E.Either<MethodError, readonly [Design, Rng.Rng]> =>
    E.map(() => hypercube(count, dimension)(rng))(checked(count, dimension))

/**
 * The first `count` points of the Sobol' sequence under a random digital shift: one random 32-bit pattern per axis
 * flips its binary digits. This keeps the stratification (2^m points put one into each interval of length 2^-m of every
 * axis), and no point lies on the border of the cube. There are direction numbers for 21 dimensions; further dimensions
 * are those of a Latin hypercube ("padding", Owen 1998).
 *
 * @example
 * ```ts
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { Design, Rng } from 'bilevel-hpo'
 *
 * const drawn = Design.sobol(8, 3)(Rng.make(1))
 * const eighths = isRight(drawn) ? drawn.right[0].map(([x = 0]) => Math.floor(8 * x)) : []
 * eighths.sort() // => [0, 1, 2, 3, 4, 5, 6, 7]
 * ```
 */
export const sobol =
  (count: number, dimension: number) =>
  (rng: Rng.Rng): E.Either<MethodError, readonly [Design, Rng.Rng]> =>
    E.map((): readonly [Design, Rng.Rng] => {
      const leading = Math.min(dimension, Sobol.maxDimension)
      const [uniforms, afterShift] = Rng.uniforms(leading)(rng)
      const shift = Uint32Array.from(uniforms, u => u * 2 ** 32)
      const [padding, after] = hypercube(count, dimension - leading)(afterShift)
      const points = Sobol.sequence(count, leading).map((point, i) => [
        ...Array.from(point, (x, k) => (((x ^ shift[k]!) >>> 0) + 0.5) / 2 ** 32),
        ...padding[i]!,
      ])
      return [points, after]
    })(checked(count, dimension))
