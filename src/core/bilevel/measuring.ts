/**
 * What the answered descents of a minimisation mean: the violation, the merit and the gradient by λ.
 *
 * Each is measured against a reference that stands for φ at this λ: the surrogate φ̂, as in the paper; the lower-level
 * solution itself, where solves are exact; or, for networks, the end of a *paired* descent: from the same weights, with
 * the same steps on the same minibatches, once on f alone (y) and once on f + F/κ (z). What is not yet converged is then
 * common to both and cancels in f(z) − f(y) and ∂f/∂λ(z) − ∂f/∂λ(y); against a separately converged solution it would be
 * larger than what is measured. At y, ∂f/∂λ is ∇φ up to that common part (envelope theorem).
 *
 * Differs from the paper in the last two: the error of φ̂, times κ, is easily larger than what is to be measured.
 */
import * as E from 'fp-ts/lib/Either.js'
import { inOrder } from '../protocol/Batch.js'
import type { WeightsDescended } from '../protocol/Observation.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import type { BilevelConfig } from './BilevelConfig.js'
import { type Solved, solvedFrom } from './iterates.js'
import type { Parts } from './Parts.js'
import type { Prediction } from './parts/Surrogate.js'
import type { BilevelState, Search } from './BilevelState.js'

/** Where the descents of a minimisation ended. */
export interface Ends {
  /** What φ and ∇φ are read off. */
  readonly reference: Solved
  readonly relaxed: WeightsDescended
}

/** φ̂ and its gradient at the search's λ, in the place of a solution there. */
const predictedReference = <R>({ lambda, base }: Search<R>, { mean, gradient }: Prediction): Solved => ({
  ...base,
  lambda,
  lower: mean,
  lowerGradient: gradient,
})

/** The answers as what they mean, or the reason of the first that failed. */
export const endsOf = <V, R>(
  { surrogate: { predict } }: Parts<V, R>,
  state: BilevelState<V, R>,
  search: Search<R>,
  surrogate: V,
): E.Either<string, Ends> => {
  const answers = inOrder(state.batch)
  const failed = answers.find(answer => answer._tag === 'CommandFailed')
  if (failed?._tag === 'CommandFailed') return E.left(failed.reason)
  const [first, second] = answers.filter(answer => answer._tag === 'WeightsDescended')
  if (first === undefined) return E.left('the descent was not answered')
  switch (state.config.pair.reference) {
    case 'paired':
      return second === undefined
        ? E.left('a descent was not answered')
        : E.right({ reference: solvedFrom(search.lambda, first), relaxed: second })
    case 'solved':
      return E.right({ reference: search.base, relaxed: first })
    case 'surrogate':
      return E.right({
        reference: predictedReference(search, predict(search.lambda)(surrogate)),
        relaxed: first,
      })
  }
}

/** The search with what the relaxed path found. */
export const measured = <R>(
  { constraint }: Pick<Parts, 'constraint'>,
  search: Search<R>,
  { reference, relaxed }: Ends,
): Search<R> => {
  const violation = constraint.violation(reference.lower)(relaxed.lower)
  const kappa = constraint.coefficient(search.multipliers)
  return {
    ...search,
    failures: 0,
    relaxed: {
      lambda: search.lambda,
      upper: relaxed.upper,
      lower: relaxed.lower,
      violation,
      epsilon: search.epsilon,
      merit: relaxed.upper + kappa * constraint.constraint(search.epsilon)(violation),
      weights: relaxed.weights,
    },
  }
}

/** The augmented Lagrangian's gradient by the unit coordinates. */
export const unitGradient = (
  { constraint }: Pick<Parts, 'constraint'>,
  { space }: BilevelConfig,
  { reference, relaxed }: Ends,
  kappa: number,
): ReadonlyArray<number> => {
  const widths = SearchSpace.widths(space)
  return constraint
    .gradient(kappa)({
      upper: relaxed.upperGradient,
      lower: relaxed.lowerGradient,
      phi: reference.lowerGradient,
    })
    .map((slope, k) => slope * widths[k]!)
}

/** Largest component of the gradient, but for those that push out of the cube. */
export const stationarityOf = (unit: ReadonlyArray<number>, gradient: ReadonlyArray<number>): number =>
  gradient.reduce(
    (most, g, k) =>
      (g > 0 && unit[k]! <= 0) || (g < 0 && unit[k]! >= 1) ? most : Math.max(most, Math.abs(g)),
    0,
  )
