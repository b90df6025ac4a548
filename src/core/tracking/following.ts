/**
 * Following: pairs of descents, one after another, while λ moves and the weights follow it.
 *
 * A phase. `follow` asks for a pair at the search's λ: the paths y, z₊ and z₋ (Measured.ts). The first pair has two more paths, z₊
 * and z₋ on other minibatches, so that its noise is known at once. From the answers `finishFollowing`
 *
 * 1. measures the gradient (Measured.ts), and updates the model of the gradient (GradientModel.ts),
 * 2. chooses the next κ between noise and bias (multiplier.ts),
 * 3. moves λ (stepping.ts),
 * 4. goes on from the end of y. The lower level is not solved in between: the weights follow λ.
 *
 * Out: the transition that asks for the next pair, or for the end of the search (ending.ts).
 */
import type { Unnumbered } from '../protocol/Asking.js'
import { inOrder } from '../protocol/Batch.js'
import { fits, roomOf } from '../protocol/Budget.js'
import type { Info } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { anneal } from './ending.js'
import { gradientModel } from './GradientModel.js'
import { lossesOf, type Measured, measuredBy } from './Measured.js'
import { biasOf, nextMultiplier, onsetOf, skewLength } from './multiplier.js'
import { stepped } from './stepping.js'
import type { Track, TrackingState } from './TrackingState.js'
import type { TrackingConfig } from './TrackingConfig.js'
import { proceed } from './transitions.js'

type Step = Transition<TrackingState>

/** The most epochs that a pair may take, if the validation set is no larger than the training set. */
export const pairEpochs = ({ pair, trainingExamples }: TrackingConfig): number =>
  3 +
  (pair.batchSize === null || trainingExamples === null
    ? 5 * pair.steps
    : (5 * pair.steps * pair.batchSize) / trainingExamples)

/** The paths of a pair with κ: y, z₊ and z₋. */
const pathsOf = (
  { pair }: TrackingConfig,
  { lambda, weights, coefficient }: Track,
  stream: number,
): readonly [y: Unnumbered, plus: Unnumbered, minus: Unnumbered] => {
  const path = (upperCoefficient: number): Unnumbered => ({
    _tag: 'DescendWeights',
    lambda,
    from: weights,
    upperCoefficient,
    lowerCoefficient: 1,
    steps: pair.steps,
    batchSize: pair.batchSize,
    stepScale: 1,
    stream,
    finalShare: pair.finalShare,
  })
  return [path(0), path(1 / coefficient), path(-1 / coefficient)]
}

/** Asks for the next pair. */
export const follow = (state: TrackingState, track: Track, details: Partial<Info> = {}): Step => {
  const next: TrackingState = { ...state, phase: { _tag: 'Following', track } }
  const paths = pathsOf(state.config, track, state.nextId)
  const [, ...repeat] = pathsOf(state.config, track, state.nextId + 1)
  return proceed(next, track.measured.length === 0 ? [...paths, ...repeat] : paths, details)
}

/** The measurements of the answered pair, or the reason of the first failure. */
const measurements = (
  state: TrackingState,
  { lambda, coefficient }: Track,
):
  | { readonly failed: string }
  | {
      readonly measured: ReadonlyArray<Measured>
      readonly violation: number
      readonly merit: number
      readonly upper: number
      readonly lower: number
      readonly weights: Track['weights']
    } => {
  const answers = inOrder(state.batch)
  const failed = answers.find(answer => answer._tag === 'CommandFailed')
  if (failed?._tag === 'CommandFailed') return { failed: failed.reason }
  const [y, plus, minus, ...again] = answers.filter(answer => answer._tag === 'WeightsDescended')
  if (y === undefined || plus === undefined || minus === undefined)
    return { failed: 'a descent was not answered' }
  const by = measuredBy(state.config.space)(lambda, coefficient)
  const [otherPlus, otherMinus] = again
  return {
    ...lossesOf(y, { plus, minus }, coefficient),
    measured: [
      ...(otherPlus === undefined || otherMinus === undefined
        ? []
        : [by(null, { plus: otherPlus, minus: otherMinus })]),
      by(y, { plus, minus }),
    ],
    upper: y.upper,
    lower: y.lower,
    weights: y.weights,
  }
}

/** After a failed pair: λ half-way back to where a pair last succeeded, with shorter steps. */
const retreat = ({ step }: TrackingConfig, track: Track): Track => {
  const { path, lambda, failures, steps } = track
  const anchor = path[path.length - 2] ?? lambda
  const back = lambda.map((value, k) => (value + anchor[k]!) / 2)
  return {
    ...track,
    failures: failures + 1,
    lambda: back,
    path: [...path.slice(0, -1), back],
    steps: { ...steps, lengths: steps.lengths.map(length => Math.max(step.min, length * step.shrinkage)) },
  }
}

/** Handles the answers of a pair. */
export const finishFollowing = (state: TrackingState, track: Track): Step => {
  const { config } = state
  const { space, model: options, budget, stop } = config
  const found = measurements(state, track)
  const affordable = fits(roomOf(config, state), 0, pairEpochs(config))
  if ('failed' in found) {
    const back = retreat(config, track)
    return back.failures >= stop.failures || !affordable
      ? anneal(state, track, {
          stopReason: 'failures',
          message: `The search ended after ${back.failures} failed pairs in a row, the last: ${found.failed}.`,
        })
      : follow(state, back, { message: `A command failed (${found.failed}); trying again half-way back.` })
  }
  const measured = [...track.measured, ...found.measured].slice(-options.memory)
  const model = gradientModel(options)(measured)
  const skew = skewLength(options)(measured)
  const onset = onsetOf(track.coefficient, skew)(model)(track.onset)
  const bias = biasOf(track.coefficient, skew, onset)
  const moved = stepped(config.step)(model)(SearchSpace.toUnit(space)(track.lambda), track.steps)
  const lambda = SearchSpace.fromUnit(space)(moved.unit)
  const next: Track = {
    outerIteration: track.outerIteration + 1,
    failures: 0,
    withinNoise: model.noise > model.signal ? track.withinNoise + 1 : 0,
    lambda,
    weights: found.weights,
    coefficient: nextMultiplier(config.multiplier)(model, bias)(track.coefficient),
    onset,
    violation: found.violation,
    steps: moved.steps,
    measured,
    path: [...track.path, lambda],
  }
  const details: Partial<Info> = {
    lambda: track.lambda,
    upperLoss: found.upper,
    lowerLoss: found.lower,
    violation: found.violation,
    coefficient: track.coefficient,
    stationarity: model.gradient.reduce((most, g) => Math.max(most, Math.abs(g)), 0),
    signal: model.signal,
    noise: model.noise,
    bias,
  }
  if (next.withinNoise >= stop.withinNoise)
    return anneal(
      state,
      next,
      {
        stopReason: 'withinNoise',
        message: `The gradient was within its noise in ${next.withinNoise} iterations in a row.`,
      },
      details,
    )
  return next.outerIteration >= budget.outerIterations || !affordable
    ? anneal(
        state,
        next,
        {
          stopReason: 'budgetSpent',
          message: `The budget is spent: ${next.outerIteration} outer iterations.`,
        },
        details,
      )
    : follow(state, next, details)
}
