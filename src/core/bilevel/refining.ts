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
import * as AugmentedLagrangian from './AugmentedLagrangian.js'
import type { BilevelConfig } from './Config.js'
import { minimise, recover, refine } from './enter.js'
import { type BilevelState, remember, sampleOf, type Search, type Solved, solvedFrom } from './State.js'
import { epsilonAt } from './Tolerance.js'

const safeguards = ({ multiplier, penalty, epsilon }: BilevelConfig, scales: Search['scales']) => {
  const ratio = scales.upper / scales.lower
  const initialPenalty = (penalty.initial * multiplier.initial * ratio) / (epsilon.initial * scales.lower)
  return {
    multiplierMax: multiplier.max * ratio,
    penaltyMax: penalty.max * initialPenalty,
    penaltyGrowth: penalty.growth,
    sufficientDecrease: penalty.sufficientDecrease,
  }
}

/**
 * The outer step of multiplier, penalty and tolerance. `deviation` is the surrogate's standard deviation of φ: a
 * violation that it cannot tell from zero is no reason to raise the penalty.
 */
const outerStep = (config: BilevelConfig, search: Search, deviation: number): Search => {
  const { relaxed, scales } = search
  const epsilon = epsilonAt(config.epsilon)(scales.lower)(search.outerIteration)
  if (relaxed === null) return { ...search, epsilon }
  const slack = Math.max(relaxed.epsilon, 2 * deviation)
  return {
    ...search,
    epsilon,
    multipliers: AugmentedLagrangian.update(safeguards(config, scales))(slack)(
      relaxed.violation - relaxed.epsilon,
    )(search.multipliers),
  }
}

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
  const count = surrogate.samples.length + 1
  const due = count >= refitGrowth * state.fittedSamples
  return pipe(
    surrogate,
    ValueFunction.observe(sampleOf(solved)),
    E.flatMap(grown => (due ? ValueFunction.refit(grown) : E.right(grown))),
    E.map(grown => ({ surrogate: grown, fittedSamples: due ? count : state.fittedSamples })),
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
      const predicted = ValueFunction.predict(search.lambda)(grown.surrogate)
      const deviation = Math.sqrt(predicted.variance)
      const next = outerStep(state.config, { ...search, failures: 0, innerIteration: 0, base }, deviation)
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
