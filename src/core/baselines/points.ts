/** Points in the unit cube that methods try one after the other. */
import * as E from 'fp-ts/lib/Either.js'
import * as Design from '../numeric/Design.js'
import * as Rng from '../numeric/Rng.js'
import { maxDimension } from '../numeric/Sobol.js'

type Points = ReadonlyArray<ReadonlyArray<number>>

/** `count` independent points of [0,1)^d. */
export const uniformPoints =
  (count: number, d: number) =>
  (rng: Rng.Rng): readonly [Points, Rng.Rng] => {
    const [numbers, after] = Rng.uniforms(count * d)(rng)
    return [Array.from({ length: count }, (_, i) => numbers.slice(i * d, (i + 1) * d)), after]
  }

/**
 * The points `from`, … `from + count − 1` of the randomised Sobol' sequence with this seed. They do not depend on how
 * many are requested. Dimensions without direction numbers are independent uniform.
 */
export const sobolPoints = (seed: number, d: number, from: number, count: number): Points => {
  const leading = Math.min(d, maxDimension)
  const sequence = Design.sobol(from + count, leading)(Rng.make(seed, 5))
  return Array.from({ length: count }, (_, i) => {
    const [independent] = Rng.uniforms(d)(Rng.make(seed, 6, from + i))
    const point = E.isRight(sequence) ? sequence.right[0][from + i] : undefined
    return point === undefined ? independent : [...point, ...independent.slice(leading)]
  })
}
