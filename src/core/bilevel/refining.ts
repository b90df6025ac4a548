/**
 * Refining: a lower-level solution at the new λ is one more sample of φ; then the multiplier, the penalty and the
 * tolerance take their outer step.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { inOrder } from '../protocol/Batch.js'
import type { Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import * as ValueFunction from '../surrogate/ValueFunction.js'
import { dualStep } from './dual.js'
import { minimise, recover, refine } from './enter.js'
import { type BilevelState, remember, sampleOf, type Search, type Solved, solvedFrom } from './State.js'

/** Fit the hyperparameters again once there are this many times the samples of the last fit. */
const refitGrowth = 1.5

/**
 * The surrogate with one more sample: appended to its factor, and fitted again where samples have multiplied since
 * the last fit, so that all fits of a run together cost about as much as the last one.
 */
const sampled = (
  state: BilevelState,
  surrogate: ValueFunction.ValueFunction,
  solved: Solved,
): E.Either<
  MethodError,
  Pick<BilevelState, 'surrogate' | 'fittedSamples'> & { surrogate: ValueFunction.ValueFunction }
> => {
  const count = ValueFunction.seen(surrogate) + 1
  const due = count >= refitGrowth * state.fittedSamples
  return pipe(
    surrogate,
    ValueFunction.observe(sampleOf(solved)),
    E.flatMap(larger => (due ? ValueFunction.refit(larger) : E.right(larger))),
    E.map(larger => ({ surrogate: larger, fittedSamples: due ? count : state.fittedSamples })),
  )
}

/** The lower-level solve at the new λ is answered. */
export const finishRefining = (
  state: BilevelState,
  search: Search,
  surrogate: ValueFunction.ValueFunction,
): E.Either<MethodError, Transition<BilevelState>> => {
  const [solved] = inOrder(state.batch)
  if (solved?._tag !== 'LowerLevelSolved') {
    const reason = solved?._tag === 'CommandFailed' ? solved.reason : 'a solve was not answered'
    return E.right(recover(state, search, refine, reason))
  }
  const base = solvedFrom(search.lambda, solved)
  return pipe(
    sampled(state, surrogate, base),
    E.map(grown => {
      const predicted = ValueFunction.estimate(search.lambda)(grown.surrogate)
      const deviation = Math.sqrt(predicted.variance)
      const solved = { ...search, failures: 0, innerIteration: 0, base }
      // Against solutions the dual step was taken at every descent already.
      const next =
        state.config.pair.reference === 'solved' ? solved : dualStep(state.config)(2 * deviation)(solved)
      return minimise({ ...state, ...grown, known: remember(state.known, base) }, next, {
        upperLoss: base.upper,
        lowerLoss: base.lower,
        phiHat: predicted.mean,
        phiDeviation: deviation,
        violation: null,
      })
    }),
  )
}
