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
 * A pair whose violation exceeds the losses themselves measures nothing: F pulled a path out of the valley of y. It counts as failed,
 * and κ rises.
 *
 * Out: the transition that asks for the next pair, or for the end of the search (ending.ts).
 */
import * as E from 'fp-ts/lib/Either.js'
import { norm } from '../numeric/norm.js'
import type { Unnumbered } from '../protocol/Asking.js'
import { inOrder } from '../protocol/Batch.js'
import { fits, roomOf } from '../protocol/Budget.js'
import type { Info } from '../protocol/Info.js'
import type { WeightsDescended } from '../protocol/Observation.js'
import type { Transition } from '../protocol/Method.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { stationarityOf } from '../bilevel/descentEnds.js'
import { anneal } from './ending.js'
import { gradientModel } from './GradientModel.js'
import {
  gainsBetween,
  lossesOf,
  type Measured,
  measuredBy,
  type PairLosses,
  withoutAstray,
} from './Measured.js'
import { bendOf, biasOf, nextMultiplier, onsetOf, skewLength } from './multiplier.js'
import { stepped } from './stepping.js'
import type { Stop, Track, TrackingState } from './TrackingState.js'
import type { TrackingConfig } from './TrackingConfig.js'
import { proceed } from './transitions.js'

type Step = Transition<TrackingState>

/**
 * The most epochs that a pair may take, if the validation set is no larger than the training set. The first pair is repeated, so it
 * has four relaxed paths instead of two. A step of a relaxed path reads both sets, and at each end f's gradient is measured.
 */
export const pairEpochs = ({ pair, trainingExamples }: TrackingConfig, isFirst: boolean): number => {
  const relaxed = isFirst ? 4 : 2
  const read = (1 + 2 * relaxed) * pair.steps
  return (
    1 +
    relaxed +
    (pair.batchSize === null || trainingExamples === null ? read : (read * pair.batchSize) / trainingExamples)
  )
}

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

/** The losses and measurements of a pair. */
interface Pair extends PairLosses {
  /** One measurement, or two after the first pair. */
  readonly measured: ReadonlyArray<Measured>
  readonly reference: WeightsDescended
}

/** κ after a failed pair: F pulls less. */
const raised = ({ multiplier: { max, trust } }: TrackingConfig, { coefficient }: Track): number =>
  Math.min(max, trust * coefficient)

/** After a failed descent: λ half-way back to where a pair last succeeded, with shorter steps. */
const retreat = ({ step }: TrackingConfig, track: Track): Track => {
  const { path, lambda, steps } = track
  const anchor = path[path.length - 2] ?? lambda
  const back = lambda.map((value, k) => (value + anchor[k]!) / 2)
  return {
    ...track,
    lambda: back,
    path: [...path.slice(0, -1), back],
    steps: { ...steps, lengths: steps.lengths.map(length => Math.max(step.min, length * step.shrinkage)) },
  }
}

/** A pair that measured nothing: why, and where to ask again. */
interface Failed {
  readonly reason: string
  readonly again: Track
}

/** The pair from the answers of its paths. It fails if a descent did, or if F pulled a path out of the valley of y. */
const pairOf = ({ batch, config }: TrackingState, track: Track): E.Either<Failed, Pair> => {
  const answers = inOrder(batch)
  const failed = answers.find(answer => answer._tag === 'CommandFailed')
  const [y, plus, minus, otherPlus, otherMinus] = answers.filter(answer => answer._tag === 'WeightsDescended')
  if (failed !== undefined || y === undefined || plus === undefined || minus === undefined) {
    const reason = failed?._tag === 'CommandFailed' ? failed.reason : 'a descent was not answered'
    return E.left({ reason, again: retreat(config, track) })
  }
  const losses = lossesOf(y, { plus, minus }, track.coefficient)
  if (losses.violation > Math.abs(y.upper) + Math.abs(y.lower))
    return E.left({
      reason: 'a path left the valley of y; smaller steps of the solver may help',
      again: { ...track, weights: y.weights },
    })
  const by = measuredBy(config.space)(track.lambda, track.coefficient)
  const repeat =
    otherPlus === undefined || otherMinus === undefined
      ? []
      : [by(null, { plus: otherPlus, minus: otherMinus })]
  return E.right({ ...losses, measured: [...repeat, by(y, { plus, minus })], reference: y })
}

/** Whether the search ends, and why. */
const stopOf = (
  { budget, stop }: TrackingConfig,
  { withinNoise, outerIteration }: Track,
  affordable: boolean,
): Stop | null => {
  if (withinNoise >= stop.withinNoise)
    return {
      stopReason: 'withinNoise',
      message: `The gradient was within its noise in ${withinNoise} iterations in a row.`,
    }
  return outerIteration >= budget.outerIterations || !affordable
    ? { stopReason: 'budgetSpent', message: `The budget is spent: ${outerIteration} outer iterations.` }
    : null
}

/** The gains up to the latest of these measurements. */
const gainsOf = (track: Track, measured: ReadonlyArray<Measured>): ReadonlyArray<number> => {
  const [before, latest] = [track.measured[track.measured.length - 1], measured[measured.length - 1]]
  if (before === undefined || latest === undefined) return track.gains
  const gained = gainsBetween(before, latest)
  return track.gains.map((gain, k) => gain + gained[k]!)
}

/** Asks for a pair again after one that failed, with a larger κ; or ends the search after too many failures in a row. */
const afterFailure = (
  state: TrackingState,
  track: Track,
  affordable: boolean,
  { again, reason }: Failed,
): Step => {
  const failures = track.failures + 1
  return failures >= state.config.stop.failures || !affordable
    ? anneal(
        state,
        { ...track, failures },
        {
          stopReason: 'failures',
          message: `The search ended after ${failures} failed pairs in a row, the last: ${reason}.`,
        },
      )
    : follow(
        state,
        { ...again, failures, coefficient: raised(state.config, track) },
        { message: `A pair failed (${reason}); trying again with a larger multiplier.` },
      )
}

/** Handles the answers of a pair. */
export const finishFollowing = (state: TrackingState, track: Track): Step => {
  const { config } = state
  const { space, model: options } = config
  const pair = pairOf(state, track)
  // A failed first pair is asked again with its repeat.
  const isFirst = E.isLeft(pair) && track.measured.length === 0
  const affordable = fits(roomOf(config, state), 0, pairEpochs(config, isFirst))
  if (E.isLeft(pair)) return afterFailure(state, track, affordable, pair.left)
  const { reference, violation } = pair.right
  const measured = withoutAstray([...track.measured, ...pair.right.measured]).slice(-options.memory)
  const model = gradientModel(options)(measured)
  const skew = skewLength(options)(measured)
  const onset = onsetOf(track.coefficient, skew)(model)(track.onset)
  const bias = biasOf(track.coefficient, skew, onset)
  const unit = SearchSpace.toUnit(space)(track.lambda)
  const moved = stepped(config.step)(model)(unit, track.steps)
  const lambda = SearchSpace.fromUnit(space)(moved.unit)
  const next: Track = {
    outerIteration: track.outerIteration + 1,
    failures: 0,
    withinNoise: model.noise > model.signal ? track.withinNoise + 1 : 0,
    lambda,
    weights: reference.weights,
    coefficient: nextMultiplier(config.multiplier)(model, bias, bendOf(measured)(track.coefficient))(
      track.coefficient,
    ),
    onset,
    violation,
    steps: moved.steps,
    measured,
    gains: gainsOf(track, measured),
    path: [...track.path, lambda],
  }
  const details: Partial<Info> = {
    lambda: track.lambda,
    upperLoss: reference.upper,
    lowerLoss: reference.lower,
    violation,
    coefficient: track.coefficient,
    stationarity: stationarityOf(unit, model.gradient),
    signal: model.signal,
    noise: model.noise,
    deviation: norm(model.deviation),
    bias,
  }
  const ends = stopOf(config, next, affordable)
  return ends === null ? follow(state, next, details) : anneal(state, next, ends, details)
}
