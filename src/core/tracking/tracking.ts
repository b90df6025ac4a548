/**
 * The tracking method: λ moves in many small steps, and the weights follow it.
 *
 *     starting → following → annealing → reporting → halted
 *
 * It solves min F(λ, w) subject to f(λ, w) ≤ φ(λ) + ε, φ(λ) = min_w f(λ, w), for networks whose lower level is too expensive to
 * solve between two steps of λ. Symmetric pairs of descents measure the gradient (Measured.ts), and its noise and bias decide
 * the multiplier κ (multiplier.ts). ε is the violation that κ leaves: at min_w F + κf, f ≤ φ + ε holds with equality, and κ is its
 * multiplier. Where noise bounds κ, it bounds ε.
 *
 * - starting: one training at the first λ;
 * - following: a pair, a step of λ, and so on (following.ts);
 * - annealing, reporting: the result (ending.ts).
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import { answered } from '../protocol/answered.js'
import { inOrder } from '../protocol/Batch.js'
import { sufficient } from '../protocol/Budget.js'
import { initialWeights } from '../protocol/Command.js'
import type { Method, Transition } from '../protocol/Method.js'
import { halted, type MethodError } from '../protocol/MethodError.js'
import { recordable } from '../protocol/recordable.js'
import { finishAnnealing, finishReporting, haltWithoutStart } from './ending.js'
import { finishFollowing, follow, pairEpochs } from './following.js'
import { firstSteps } from './stepping.js'
import { firstLambda, startEpochs, TrackingConfig, validate } from './TrackingConfig.js'
import { computed, TrackingState } from './TrackingState.js'
import { proceed, wait } from './transitions.js'

type Step = Transition<TrackingState>

/** The first transition: asks for the training at the first λ. */
const begin = (config: TrackingConfig): Step =>
  proceed(
    {
      config,
      phase: { _tag: 'Starting' },
      batch: { questions: [], answers: [] },
      nextId: 0,
      held: [],
      lowerLevelSolves: 1,
      effort: 0,
    },
    [
      {
        _tag: 'SolveLowerLevel',
        lambda: firstLambda(config),
        from: initialWeights,
        tolerance: config.solve.tolerance,
        maxEpochs: startEpochs(config),
      },
    ],
    { message: 'Training at the first λ.' },
  )

/** Handles the training at the first λ. */
const finishStarting = (state: TrackingState): Step => {
  const { config } = state
  const [answer] = inOrder(state.batch)
  if (answer?._tag !== 'LowerLevelSolved') return haltWithoutStart(state, answer)
  const lambda = firstLambda(config)
  return follow(
    state,
    {
      outerIteration: 0,
      failures: 0,
      withinNoise: 0,
      lambda,
      weights: answer.weights,
      coefficient: config.multiplier.initial,
      onset: null,
      violation: null,
      steps: firstSteps(config.step, lambda.length),
      measured: [],
      gains: lambda.map(() => 0),
      path: [lambda],
    },
    { upperLoss: answer.upper, lowerLoss: answer.lower },
  )
}

/** Calls the function of the phase for its answered batch. */
const conclude = (state: TrackingState): E.Either<MethodError, Step> => {
  const { phase } = state
  switch (phase._tag) {
    case 'Starting':
      return E.right(finishStarting(state))
    case 'Following':
      return E.right(finishFollowing(state, phase.track))
    case 'Annealing':
      return E.right(finishAnnealing(state, phase))
    case 'Reporting':
      return E.right(finishReporting(state, phase))
    case 'Halted':
      return E.left(halted)
  }
}

const checked = recordable(computed)

/**
 * The tracking method: min F(λ, w) subject to f(λ, w) ≤ φ(λ) + ε, with weights that follow λ and a multiplier that is chosen by
 * measurement.
 *
 * Errors of `init`: `InvalidConfig` with the field. Errors of `step`: `UnknownCommand`, `UnexpectedObservation`,
 * `InvalidObservation`, `Halted`, and `Numerical` if numbers overflow.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, type Method, tracking, type TrackingConfig, type TrackingState } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * // Ridge regression with one weight: training data fit 3, validation data fit 2, so the optimum is λ = ln ½.
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config: E.Either<string, TrackingConfig> = decode(tracking.config)({ space })
 * const method: Method<TrackingConfig, TrackingState> = tracking
 * const run = E.isRight(config) ? Simulate.drive(method)(config.right, world) : null
 * const [found = NaN] = run?.transitions.at(-1)?.info.outcome?.rows.at(-1)?.lambda ?? []
 * Math.abs(found - Math.log(0.5)) < 0.1 // => true
 * ```
 */
export const tracking: Method<TrackingConfig, TrackingState> = {
  name: 'tracking',
  config: TrackingConfig,
  state: TrackingState,
  init: config =>
    pipe(
      validate(config),
      E.flatMap(sufficient('a training and a pair', 1, startEpochs(config) + pairEpochs(config, true))),
      E.map(begin),
      E.flatMap(checked),
    ),
  step: observation => flow(answered({ wait, conclude })(observation), E.flatMap(checked)),
}
