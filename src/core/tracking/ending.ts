/**
 * Ending: from the end of the search to the rows of the result.
 *
 * 1. `anneal` takes the mean of the last λ, and asks for a last descent there on f alone, whose step size falls to almost
 *    nothing. Its end are the tracked weights. It also asks to train at this λ from the initial weights.
 * 2. `finishAnnealing` asks for every measurement of the report, and for the refits on training and validation set together: at the
 *    returned λ, and along λ's path.
 * 3. `finishReporting` puts the answers into a row, and the method halts.
 *
 * Without `retrain` there are only the tracked weights.
 */
import { completeTraining, type Finalist, questionsAbout, rowsOf } from '../finishing/finishing.js'
import type { Unnumbered } from '../protocol/Asking.js'
import { inOrder } from '../protocol/Batch.js'
import type { Info, Outcome } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { Observation } from '../protocol/Observation.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import type { Phase, Stop, Track, TrackingState } from './TrackingState.js'
import { startEpochs, type TrackingConfig } from './TrackingConfig.js'
import { proceed } from './transitions.js'

type Step = Transition<TrackingState>
type Vec = ReadonlyArray<number>
type Annealing = Extract<Phase, { readonly _tag: 'Annealing' }>
type Reporting = Extract<Phase, { readonly _tag: 'Reporting' }>

/** The step size of the last step of annealing, as a share of that of the first. */
const last = 0.02

const halt = (state: TrackingState, outcome: Outcome, details: Partial<Info> = {}): Step =>
  proceed({ ...state, phase: { _tag: 'Halted', outcome } }, [], { ...details, message: outcome.message })

/** Ends the search. */
export const anneal = (
  state: TrackingState,
  before: Track,
  stop: Stop,
  details: Partial<Info> = {},
): Step => {
  const { config, lowerLevelSolves, effort } = state
  const track: Track = {
    ...before,
    lambda: SearchSpace.mean(config.space)(before.path.slice(-config.averaged)),
  }
  const descent: Unnumbered = {
    _tag: 'DescendWeights',
    lambda: track.lambda,
    from: track.weights,
    upperCoefficient: 0,
    lowerCoefficient: 1,
    steps: Math.round(config.annealed * config.pair.steps),
    batchSize: config.pair.batchSize,
    stepScale: 1,
    stream: state.nextId,
    finalShare: last,
  }
  const phase: Annealing = { _tag: 'Annealing', track, stop, spent: { lowerLevelSolves, effort } }
  return proceed(
    { ...state, phase, lowerLevelSolves: lowerLevelSolves + (config.retrain ? 1 : 0) },
    config.retrain ? [descent, completeTraining(config)(track.lambda)] : [descent],
    { ...details, message: stop.message },
  )
}

/** λ of equal parts of a whole training: the first λ for as long as the training before the first pair took, then the path. */
const pathOf = (config: TrackingConfig, { path, lambda }: Track): ReadonlyArray<Vec> => {
  const { trainingExamples, pair, annealed } = config
  const first = path[0] ?? lambda
  const perPair =
    trainingExamples === null || pair.batchSize === null
      ? pair.steps
      : (pair.steps * pair.batchSize) / trainingExamples
  const before = Math.round(Math.min(startEpochs(config) / perPair, path.length))
  return [
    ...Array.from({ length: before }, () => first),
    ...path,
    ...Array.from({ length: Math.round(annealed) }, () => lambda),
  ]
}

const finalistOf = ({ config }: TrackingState, { track, spent, found }: Reporting): Finalist => ({
  name: 'tracking',
  lambda: found.lambda,
  trained: found.trained,
  bilevel: null,
  tracked: { path: pathOf(config, track), weights: found.tracked, gains: track.gains },
  ...spent,
  violation: track.violation,
  epsilon: track.violation,
})

/** Handles the ends of annealing and of the training at the returned λ, and asks for everything that the report needs. */
export const finishAnnealing = (state: TrackingState, { track, stop, spent }: Annealing): Step => {
  const [descended, trained] = inOrder(state.batch)
  const phase: Reporting = {
    _tag: 'Reporting',
    track,
    stop,
    spent:
      descended === undefined
        ? spent
        : { ...spent, effort: spent.effort + ('effort' in descended ? descended.effort : 0) },
    found: {
      lambda: track.lambda,
      // Weights before annealing are tracked, too.
      tracked: descended?._tag === 'WeightsDescended' ? descended.weights : track.weights,
      trained: trained?._tag === 'LowerLevelSolved' ? trained.weights : null,
    },
  }
  return proceed({ ...state, phase }, questionsAbout(state.config, [finalistOf(state, phase)]), {
    lambda: track.lambda,
    message: trained?._tag === 'CommandFailed' ? `Training at the λ found failed (${trained.reason}).` : null,
  })
}

/** Handles the measurements: puts them into a row and halts. */
export const finishReporting = (state: TrackingState, phase: Reporting): Step =>
  halt(state, {
    ...phase.stop,
    rows: rowsOf(state.config, [finalistOf(state, phase)], inOrder(state.batch)),
  })

/** Halts because the training before the first pair failed. */
export const haltWithoutStart = (state: TrackingState, answer: Observation | undefined): Step =>
  halt(state, {
    stopReason: 'noSample',
    message:
      'The training at the first λ failed, so there is nothing to start from. The reason was: ' +
      (answer?._tag === 'CommandFailed' ? answer.reason : 'none was given'),
    rows: [],
  })
