/**
 * Minimising the augmented Lagrangian: weights descend on F + κ·f, λ follows its partial derivative.
 *
 * The reference that the violation is measured against comes from a *paired* descent: from the same weights, with
 * the same steps on the same minibatches, once on f alone (y) and once on f + F/κ (z). What is not yet converged
 * is common to both and cancels in f(z) − f(y) and ∂f/∂λ(z) − ∂f/∂λ(y); against a separately converged solution it
 * would be larger than what is measured. At y, ∂f/∂λ is ∇φ up to that common part (envelope theorem).
 *
 * Differs from the paper, which descends on (λ, w) together against the surrogate's mean.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { inOrder } from '../protocol/Batch.js'
import type { Info } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import type { WeightsDescended } from '../protocol/Observation.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import * as Envelope from '../surrogate/Envelope.js'
import * as ValueFunction from '../surrogate/ValueFunction.js'
import * as AugmentedLagrangian from './AugmentedLagrangian.js'
import * as Descent from './Descent.js'
import type { BilevelConfig } from './Config.js'
import { coefficientOf, minimise, recover, refine, retrain } from './enter.js'
import { type BilevelState, remember, sampleOf, type Search, solvedFrom } from './State.js'

interface Pair {
  readonly reference: WeightsDescended
  readonly relaxed: WeightsDescended
}

/** The violation at the relaxed weights; any w bounds φ from above, the relaxed one included. */
const violationOf = ({ reference, relaxed }: Pair): number =>
  relaxed.lower - Math.min(reference.lower, relaxed.lower)

/** Growth of a cut step size after each pair that was steady. */
const recovery = 1.2

/** The search after λ's step along the augmented Lagrangian's partial derivative. */
const stepped = (state: BilevelState, search: Search, pair: Pair): Search => {
  const { space, descent } = state.config
  const widths = SearchSpace.widths(space)
  const gradient = AugmentedLagrangian.gradient(
    pair.relaxed.upperGradient,
    pair.relaxed.lowerGradient,
    pair.reference.lowerGradient,
    coefficientOf(search),
  ).map((slope, k) => slope * widths[k]!)
  const moved = Descent.step(descent)(SearchSpace.toUnit(space)(search.lambda), gradient)(search.descent)
  return {
    ...search,
    failures: 0,
    stepScale: Math.min(1, recovery * search.stepScale),
    innerIteration: search.innerIteration + 1,
    lambda: SearchSpace.fromUnit(space)(moved.unit),
    anchor: search.lambda,
    base: solvedFrom(search.lambda, pair.reference),
    relaxed: {
      lambda: search.lambda,
      upper: pair.relaxed.upper,
      lower: pair.relaxed.lower,
      violation: violationOf(pair),
      epsilon: search.epsilon,
      weights: pair.relaxed.weights,
    },
    descent: moved.descent,
  }
}

/** f at the pair's start, where it is known without an evaluation. */
const startOf = ({ space, linearInCoefficients }: BilevelConfig, { base, lambda }: Search): number => {
  if (base.lambda.every((value, k) => value === lambda[k])) return base.lower
  return linearInCoefficients
    ? Envelope.boundAt(space)(lambda)({
        lambda: base.lambda,
        value: base.lower,
        gradient: base.lowerGradient,
      })
    : Infinity
}

/** Below this share of the shell's step size, a shorter one would not help any more. */
const leastStepScale = 1e-3

/**
 * The search with a shorter step size where the reference path of a pair climbed; `None` where it did not. The
 * minima that polishing finds can be sharper than stochastic steps of the usual size can stay in.
 */
const steadied = (config: BilevelConfig, search: Search, { reference }: Pair): O.Option<Search> => {
  const { instability, stepCut } = config.pair
  const climbed = reference.lower - startOf(config, search) > instability * search.scales.lower
  const stepScale = search.stepScale * stepCut
  return climbed && stepScale >= leastStepScale ? O.some({ ...search, stepScale }) : O.none
}

/** Where the search goes after a step: another pair, a lower-level solve, or its end. */
const onward = (state: BilevelState, search: Search, said: Partial<Info>): Transition<BilevelState> => {
  const { pair, budget, stop } = state.config
  if (search.innerIteration < pair.innerIterations) return minimise(state, search, said)
  const outerIteration = search.outerIteration + 1
  const next = { ...search, outerIteration, path: [...search.path, search.lambda] }
  if (search.descent.steps.every(length => length <= stop.step))
    return retrain(
      state,
      next,
      {
        stopReason: 'converged',
        message: `Converged: every step of λ is at most ${stop.step} of its range.`,
      },
      said,
    )
  if (outerIteration >= budget.outerIterations || state.lowerLevelSolves >= budget.lowerLevelSolves)
    return retrain(
      state,
      next,
      {
        stopReason: 'budgetSpent',
        message: `The budget is spent: ${outerIteration} outer iterations, ${state.lowerLevelSolves} lower-level solves.`,
      },
      said,
    )
  return refine(state, next, said)
}

/** Both descents of a pair are answered. */
export const finishMinimising = (
  state: BilevelState,
  search: Search,
  surrogate: ValueFunction.ValueFunction,
): E.Either<MethodError, Transition<BilevelState>> => {
  const [reference, relaxed] = inOrder(state.batch)
  if (reference?._tag !== 'WeightsDescended' || relaxed?._tag !== 'WeightsDescended') {
    const failed = [reference, relaxed].find(answer => answer?._tag === 'CommandFailed')
    const reason = failed?._tag === 'CommandFailed' ? failed.reason : 'a descent was not answered'
    return E.right(recover(state, search, minimise, reason))
  }
  const pair = { reference, relaxed }
  const steady = steadied(state.config, search, pair)
  if (O.isSome(steady))
    return E.right(
      minimise(state, steady.value, {
        message: `The descents climbed; again with steps ${steady.value.stepScale} times the usual.`,
      }),
    )
  const base = solvedFrom(search.lambda, reference)
  return pipe(
    surrogate,
    ValueFunction.observe(sampleOf(base)),
    E.map(appended => {
      const predicted = ValueFunction.predict(search.lambda)(appended)
      return onward(
        { ...state, surrogate: appended, known: remember(state.known, base) },
        stepped(state, search, pair),
        {
          lambda: search.lambda,
          upperLoss: relaxed.upper,
          lowerLoss: relaxed.lower,
          phiHat: predicted.mean,
          phiDeviation: Math.sqrt(predicted.variance),
          violation: violationOf(pair),
          coefficient: coefficientOf(search),
        },
      )
    }),
  )
}
