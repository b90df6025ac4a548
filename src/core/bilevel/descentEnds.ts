/**
 * Evaluates the answered descents of a minimisation: the violation v, the merit, and the gradient of the augmented
 * Lagrangian by λ.
 *
 * Used in minimising. In: the answers of the batch. Out: `Ends` (the reference and the relaxed end), then
 *
 *     v = f(z) − min(f(y), f(z))                           z: end of the relaxed path, y: end of the reference path
 *     ∂L/∂u = (∂F/∂λ(z) + κ·(∂f/∂λ(z) − ∂f/∂λ(y)))·widths  u: λ in the unit cube
 *
 * The reference stands for φ at this λ. With `pair.reference: "paired"`, the default, it is the end y of a descent on f
 * alone, from the same weights, with the same steps on the same minibatches. Both paths have the same unfinished
 * convergence, so it cancels in the differences; against a separately converged solution it would exceed the violation.
 * With `"surrogate"` the reference is φ̂, as in the paper. With `"solved"` it is the lower-level solution, for problems
 * whose solves are exact.
 *
 * `"paired"` and `"solved"` differ from the paper, because the error of φ̂, times κ, easily exceeds the violation.
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

/** The ends of the descents of a minimisation. */
export interface Ends {
  /** Stands for φ and ∇φ. */
  readonly reference: Solved
  readonly relaxed: WeightsDescended
}

/** φ̂ and its gradient at the search's λ, in place of a solution there. */
const predictedReference = <R>({ lambda, base }: Search<R>, { mean, gradient }: Prediction): Solved => ({
  ...base,
  lambda,
  lower: mean,
  lowerGradient: gradient,
})

/** The ends from the answers, or the reason of the first failure. */
export const descentEnds = <V, R>(
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

/** The search with the end of the relaxed path. */
export const withRelaxed = <R>(
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

/** Largest component of the gradient, except those that point out of the cube. */
export const stationarityOf = (unit: ReadonlyArray<number>, gradient: ReadonlyArray<number>): number =>
  gradient.reduce(
    (most, g, k) =>
      (g > 0 && unit[k]! <= 0) || (g < 0 && unit[k]! >= 1) ? most : Math.max(most, Math.abs(g)),
    0,
  )
