/** The `Info` of a method of trials. */
import { effortOf, inOrder } from '../protocol/Batch.js'
import { roomOf } from '../protocol/Budget.js'
import { blank, type Info } from '../protocol/Info.js'
import type { TrialConfig } from './TrialConfig.js'
import { best, isComplete as isCompleteTraining } from './Trial.js'
import { trialsSoFar, type Phase, type TrialState } from './TrialState.js'

const phaseNames: Readonly<Record<Phase['_tag'], string>> = {
  Searching: 'searching',
  Retraining: 'finishing',
  Reporting: 'finishing',
  Halted: 'halted',
}

/** The share of finishing in the progress; its first half is the retraining. */
const finishing = 0.05

/** The share of the run that is done, measured by the budget that is closer to its end. */
const progressOf = <C extends TrialConfig, P>(state: TrialState<C, P>, effort: number): number => {
  const { phase, batch, config } = state
  const open = batch.questions.length - batch.answers.length
  switch (phase._tag) {
    case 'Searching': {
      const room = roomOf(config, { lowerLevelSolves: state.lowerLevelSolves - open, effort })
      const { lowerLevelSolves, effortEpochs } = config.budget
      const left = Math.min(
        room.solves / lowerLevelSolves,
        effortEpochs === null ? 1 : Math.max(0, room.epochs / effortEpochs),
      )
      return (1 - finishing) * (1 - left)
    }
    case 'Retraining':
      return 1 - finishing
    case 'Reporting':
      return 1 - (finishing / 2) * (batch.questions.length === 0 ? 1 : open / batch.questions.length)
    case 'Halted':
      return 1
  }
}

/** The `Info` of a state: λ of the best trial so far, and its F if it was trained completely. */
export const describe = <C extends TrialConfig, P>(state: TrialState<C, P>): Info => {
  const { config, phase, batch, lowerLevelSolves, rounds } = state
  const leader = best(trialsSoFar(state))
  const shown = phase._tag === 'Searching' ? leader : phase.chosen
  const complete = leader !== null && isCompleteTraining(leader, config.solve.coldEpochs)
  const effort = effortOf(inOrder(batch), state.effort)
  return {
    ...blank,
    phase: phaseNames[phase._tag],
    outerIteration: rounds,
    progress: progressOf(state, effort),
    lambda: shown?.lambda ?? null,
    upperLoss: complete ? leader.upper : null,
    lowerLevelSolves,
    effort,
    outcome: phase._tag === 'Halted' ? phase.outcome : null,
  }
}
