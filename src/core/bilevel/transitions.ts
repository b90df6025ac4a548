/**
 * The last step of every phase: turns its decision into a transition.
 *
 * Used in every phase. In: the state after the decision, the questions to ask, and the values that the phase has just
 * measured. Out: the transition. It numbers the questions, releases the weights that are no longer needed, and fills in
 * the `Info`.
 */
import { weightsOfRows } from '../finishing/finishing.js'
import { issue, type Unnumbered } from '../protocol/Asking.js'
import { effortOf, inOrder } from '../protocol/Batch.js'
import type { WeightsRef } from '../protocol/Command.js'
import type { Info } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { BilevelState, Phase, Search } from './BilevelState.js'

const phaseNames: Readonly<Record<Phase['_tag'], string>> = {
  Sampling: 'sampling',
  Minimising: 'minimising',
  Refining: 'refining',
  Retraining: 'finishing',
  Reporting: 'finishing',
  Halted: 'halted',
}

/** The search of a phase, or `null` if the phase has none. */
export const searchOf = <R>(phase: Phase<R>): Search<R> | null => ('search' in phase ? phase.search : null)

/** The share of the run that is done, estimated from the lower-level solves and the outer iterations allowed. */
const progressOf = <V, R>(state: BilevelState<V, R>): number => {
  const { design, budget } = state.config
  const sampling = state.sampling.lowerLevelSolves > 0 ? state.sampling.lowerLevelSolves : design.size
  const finishing = 4
  const total = sampling + budget.outerIterations + finishing
  const batch = state.batch.questions.length
  const answered = batch === 0 ? 0 : state.batch.answers.length / batch
  switch (state.phase._tag) {
    case 'Sampling':
      return (sampling * answered) / total
    case 'Minimising':
    case 'Refining':
      return (sampling + state.phase.search.outerIteration) / total
    case 'Retraining':
      return (total - finishing) / total
    case 'Reporting':
      return (total - finishing + 1 + (finishing - 1) * answered) / total
    case 'Halted':
      return 1
  }
}

/** The `Info` of a state, before the phase adds what it has just measured. */
const describe = <V, R>(state: BilevelState<V, R>): Info => {
  const search = searchOf(state.phase)
  return {
    phase: phaseNames[state.phase._tag],
    outerIteration: search?.outerIteration ?? 0,
    innerIteration: search?.innerIteration ?? 0,
    progress: progressOf(state),
    lambda: search?.lambda ?? null,
    upperLoss: search?.relaxed?.upper ?? null,
    lowerLoss: search?.relaxed?.lower ?? null,
    phiHat: null,
    phiDeviation: null,
    violation: search?.relaxed?.violation ?? null,
    epsilon: search?.epsilon ?? null,
    multiplier: search?.multipliers.multiplier ?? null,
    penalty: search?.multipliers.penalty ?? null,
    stationarity: null,
    coefficient: null,
    lowerLevelSolves: state.lowerLevelSolves,
    // Includes the answers so far of an incomplete batch.
    effort: effortOf(inOrder(state.batch), state.effort),
    message: null,
    outcome: state.phase._tag === 'Halted' ? state.phase.outcome : null,
  }
}

/** Weights that a later question or the outcome may name. */
const needed = <V, R>({ phase, bestSample, known }: BilevelState<V, R>): ReadonlyArray<WeightsRef> => {
  if (phase._tag === 'Halted') return weightsOfRows(phase.outcome.rows)
  const search = searchOf(phase)
  const candidates = [
    bestSample,
    ...known,
    ...(search === null ? [] : [search.base, search.relaxed, search.best]),
    ...(phase._tag === 'Reporting' ? [phase.chosen] : []),
  ]
  return candidates.flatMap(candidate => (candidate === null ? [] : [candidate.weights]))
}

/** The transition to `after`, whose batch still is the answered one; it asks `questions`. */
export const proceed = <V, R>(
  after: BilevelState<V, R>,
  questions: ReadonlyArray<Unnumbered>,
  details: Partial<Info> = {},
): Transition<BilevelState<V, R>> => {
  const { state, commands } = issue(after, questions, needed(after))
  return { state, commands, info: { ...describe(state), ...details } }
}

/** The transition that waits for the rest of a batch. */
export const wait = <V, R>(state: BilevelState<V, R>): Transition<BilevelState<V, R>> => ({
  state,
  commands: [],
  info: describe(state),
})
