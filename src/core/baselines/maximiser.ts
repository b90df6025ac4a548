/**
 * Maximises expected improvement over the unit cube: evaluates ln EI on a Sobol' design and around the incumbent, and
 * starts L-BFGS from the best of these points.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as Lbfgs from '../numeric/Lbfgs.js'
import * as Rng from '../numeric/Rng.js'
import * as Acquisition from '../surrogate/Acquisition.js'
import * as GaussianProcess from '../surrogate/gp/GaussianProcess.js'
import { sobolPoints } from './points.js'

type Vec = ReadonlyArray<number>

/** Points of the design, for each dimension (but at most `most` in total), and around the incumbent. */
const candidates = { perDimension: 128, most: 512, around: 32 } as const

/** Number of starts of L-BFGS. */
const starts = 8

/** Random points around the incumbent, at distances from a tenth of the range down. */
const nearby = (incumbent: Vec, seeds: ReadonlyArray<number>): ReadonlyArray<Vec> => {
  const d = incumbent.length
  const [normals] = Rng.normals(candidates.around * d)(Rng.make(...seeds))
  return Array.from({ length: candidates.around }, (_, i) =>
    incumbent.map((u, k) => Math.min(1, Math.max(0, u + 0.1 * 2 ** -(i % 5) * normals[i * d + k]!))),
  )
}

/** The point to try next. `seed` and `trial` name the random stream. */
export const maximiser = (
  gp: GaussianProcess.Gp,
  incumbent: { readonly unit: Vec; readonly mean: number },
  seed: number,
  trial: number,
): Vec => {
  const d = incumbent.unit.length
  const points = [
    ...sobolPoints(Rng.mixSeeds(seed, trial), d, 0, Math.min(candidates.most, candidates.perDimension * d)),
    ...nearby(incumbent.unit, [seed, 8, trial]),
  ]
  const value = Acquisition.logExpectedImprovement(incumbent.mean)
  const promising = points
    .map(unit => ({ unit, value: pipe(unit, GaussianProcess.marginal(gp), value) }))
    .sort((one, other) => other.value - one.value)
    .slice(0, starts)
  const gradient = Acquisition.logExpectedImprovementGradient(incumbent.mean)
  const objective = (unit: Vec): Lbfgs.Evaluation => {
    const at = pipe(unit, GaussianProcess.posterior(gp), gradient)
    return { value: -at.value, gradient: at.gradient.map(slope => -slope) }
  }
  const bounds = { lower: incumbent.unit.map(() => 0), upper: incumbent.unit.map(() => 1) }
  return promising
    .map(({ unit: start, value: before }) => {
      const { x, value: after } = Lbfgs.minimize({
        objective,
        start,
        ...bounds,
        maxIterations: 40,
        gradientTolerance: 1e-5,
        valueTolerance: 1e-7,
        maxLineEvaluations: 15,
      })
      return -after >= before ? { unit: x, value: -after } : { unit: start, value: before }
    })
    .reduce((one, other) => (other.value > one.value ? other : one)).unit
}
