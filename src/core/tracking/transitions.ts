/**
 * Turns the decision of a phase into a transition: numbers the questions, releases weights, and fills in the `Info`.
 */
import { matchedPenalty } from '../bilevel/AugmentedLagrangian.js'
import { weightsOfRows } from '../finishing/finishing.js'
import { issue, type Unnumbered } from '../protocol/Asking.js'
import { effortOf, inOrder } from '../protocol/Batch.js'
import type { WeightsRef } from '../protocol/Command.js'
import { blank, type Info } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { Phase, Track, TrackingState } from './TrackingState.js'

const phaseNames: Readonly<Record<Phase['_tag'], string>> = {
  Starting: 'starting',
  Following: 'following',
  Annealing: 'finishing',
  Reporting: 'finishing',
  Halted: 'halted',
}

const trackOf = (phase: Phase): Track | null => ('track' in phase ? phase.track : null)

/** Iterations that finishing counts as, in the progress. */
const finishing = 10

/** The share of the run that is done, estimated from the iterations allowed. */
const progressOf = ({ phase, config, batch }: TrackingState): number => {
  const total = config.budget.outerIterations + finishing
  const answered = batch.questions.length === 0 ? 0 : batch.answers.length / batch.questions.length
  switch (phase._tag) {
    case 'Starting':
      return 0
    case 'Following':
      return phase.track.outerIteration / total
    case 'Annealing':
      return (total - finishing) / total
    case 'Reporting':
      return (total - (finishing / 2) * (1 - answered)) / total
    case 'Halted':
      return 1
  }
}

const describe = (state: TrackingState): Info => {
  const { phase, lowerLevelSolves, batch } = state
  const track = trackOf(phase)
  const violation = track?.violation ?? null
  return {
    ...blank,
    phase: phaseNames[phase._tag],
    outerIteration: track?.outerIteration ?? 0,
    progress: progressOf(state),
    lambda: track?.lambda ?? null,
    violation,
    // Each κ solves the relaxed problem whose ε is the violation that it leaves.
    epsilon: violation,
    multiplier: track?.coefficient ?? null,
    penalty:
      track === null || violation === null || violation === 0
        ? null
        : matchedPenalty(track.coefficient, violation),
    lowerLevelSolves,
    effort: effortOf(inOrder(batch), state.effort),
    outcome: phase._tag === 'Halted' ? phase.outcome : null,
  }
}

/** Weights that a later question or the outcome may name. */
const needed = (phase: Phase): ReadonlyArray<WeightsRef> => {
  switch (phase._tag) {
    case 'Starting':
      return []
    case 'Following':
    case 'Annealing':
      return [phase.track.weights]
    case 'Reporting':
      return [phase.found.tracked, ...(phase.found.trained === null ? [] : [phase.found.trained])]
    case 'Halted':
      return weightsOfRows(phase.outcome.rows)
  }
}

/** The transition to `after`, whose batch still is the answered one; it asks `questions`. */
export const proceed = (
  after: TrackingState,
  questions: ReadonlyArray<Unnumbered>,
  details: Partial<Info> = {},
): Transition<TrackingState> => {
  const { state, commands } = issue(after, questions, needed(after.phase))
  return { state, commands, info: { ...describe(state), ...details } }
}

/** The transition that waits for the rest of a batch. */
export const wait = (state: TrackingState): Transition<TrackingState> => ({
  state,
  commands: [],
  info: describe(state),
})
