/**
 * The steps of a method of trials: tries the λ that the strategy proposes while the budget lasts, then finishes as the
 * bilevel method does.
 *
 * It reads only complete batches, in the order of their questions, so answers may come in any order. A failed training
 * is a trial without a loss.
 */
import * as E from 'fp-ts/lib/Either.js'
import {
  completeTraining,
  type Finalist,
  questionsAbout,
  rowsOf,
  unmeasured,
  weightsOfRows,
} from '../finishing/finishing.js'
import { issue, type Unnumbered } from '../protocol/Asking.js'
import { answered } from '../protocol/answered.js'
import { inOrder } from '../protocol/Batch.js'
import { roomOf, type Spent } from '../protocol/Budget.js'
import type { WeightsRef } from '../protocol/Command.js'
import type { Outcome } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import { halted, type MethodError } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import type { TrialConfig } from './TrialConfig.js'
import type { Stop, Strategy } from './Strategy.js'
import { isComplete as isCompleteTraining } from './Trial.js'
import { describe } from './trialInfo.js'
import { type Chosen, knownOf, trialsSoFar, type TrialState } from './TrialState.js'

type Step<C, P> = Transition<TrialState<C, P>>

const needed = <C extends TrialConfig, P>(
  { keep }: Strategy<C, P>,
  state: TrialState<C, P>,
): ReadonlyArray<WeightsRef> => {
  const { phase } = state
  switch (phase._tag) {
    case 'Searching':
      return keep(knownOf(state))
    case 'Retraining':
    case 'Reporting':
      return [phase.chosen.weights]
    case 'Halted':
      return weightsOfRows(phase.outcome.rows)
  }
}

const proceed = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  after: TrialState<C, P>,
  questions: ReadonlyArray<Unnumbered>,
  message: string | null,
): Step<C, P> => {
  const { state, commands } = issue(after, questions, needed(strategy, after))
  return { state, commands, info: { ...describe(state), message } }
}

const halt = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  state: TrialState<C, P>,
  outcome: Outcome,
  chosen: Chosen | null,
): Step<C, P> =>
  proceed(strategy, { ...state, phase: { _tag: 'Halted', outcome, chosen } }, [], outcome.message)

const finalistOf = (name: string, { lambda, weights }: Chosen, spent: Spent): Finalist => ({
  name,
  lambda,
  trained: weights,
  bilevel: null,
  ...spent,
  violation: null,
  epsilon: null,
})

/** Asks for everything that the report needs. */
const report = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  state: TrialState<C, P>,
  chosen: Chosen,
  stop: Stop,
  spent: Spent,
  message: string,
): Step<C, P> =>
  proceed(
    strategy,
    { ...state, phase: { _tag: 'Reporting', stop, spent, chosen } },
    questionsAbout(state.config, [finalistOf(strategy.name, chosen, spent)]),
    message,
  )

/** Ends the search: has the chosen λ trained completely, unless it already is, and asks for its measurements. */
const finish = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  state: TrialState<C, P>,
  { stopReason, message }: Stop,
): Step<C, P> => {
  const { config, lowerLevelSolves, effort } = state
  const found = strategy.choose(knownOf(state))
  if (found === null)
    return halt(
      strategy,
      state,
      {
        stopReason: 'noSample',
        message: `Every one of ${state.trials.length} trainings failed, so there is nothing to return.`,
        rows: [],
      },
      null,
    )
  const stop = { stopReason, message }
  const chosen = { lambda: found.lambda, weights: found.weights, upper: found.upper }
  const spent = { lowerLevelSolves, effort }
  if (!config.retrain)
    return halt(
      strategy,
      state,
      { ...stop, rows: [unmeasured(finalistOf(strategy.name, chosen, spent))] },
      chosen,
    )
  if (found.cold && isCompleteTraining(found, config.solve.coldEpochs))
    return report(strategy, state, chosen, stop, spent, message)
  const next: TrialState<C, P> = {
    ...state,
    phase: { _tag: 'Retraining', stop, spent, chosen },
    lowerLevelSolves: lowerLevelSolves + 1,
  }
  return proceed(strategy, next, [completeTraining(config)(chosen.lambda)], message)
}

/** Asks for the next trials, or ends the search. */
export const search = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  state: TrialState<C, P>,
): Step<C, P> => {
  const proposal = strategy.propose(knownOf(state), roomOf(state.config, state))
  if (proposal._tag === 'Stop') return finish(strategy, state, proposal)
  const { trials, plan, epochs, maxEpochs, message } = proposal
  const { tolerance } = state.config.solve
  return proceed(
    strategy,
    {
      ...state,
      plan,
      phase: { _tag: 'Searching', epochs },
      lowerLevelSolves: state.lowerLevelSolves + trials.length,
      rounds: state.rounds + 1,
    },
    trials.map(({ lambda, from }): Unnumbered => ({
      _tag: 'SolveLowerLevel',
      lambda,
      from,
      tolerance,
      maxEpochs,
    })),
    message,
  )
}

/** Handles the answered batch of a phase. */
const conclude = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  state: TrialState<C, P>,
): E.Either<MethodError, Step<C, P>> => {
  const { phase } = state
  switch (phase._tag) {
    case 'Searching':
      return E.right(search(strategy, { ...state, trials: trialsSoFar(state) }))
    case 'Retraining': {
      const { stop, spent, chosen } = phase
      const [retrained] = inOrder(state.batch)
      return E.right(
        retrained?._tag === 'LowerLevelSolved'
          ? report(
              strategy,
              state,
              { ...chosen, weights: retrained.weights, upper: retrained.upper },
              stop,
              spent,
              'Trained once more at the λ to return, from the initial weights.',
            )
          : report(
              strategy,
              state,
              chosen,
              stop,
              spent,
              'Training once more at the λ to return failed; the weights of the search stand for it.',
            ),
      )
    }
    case 'Reporting': {
      const { stop, spent, chosen } = phase
      const finalist = finalistOf(strategy.name, chosen, spent)
      const rows = rowsOf(state.config, [finalist], inOrder(state.batch))
      return E.right(halt(strategy, state, { ...stop, rows }, chosen))
    }
    case 'Halted':
      return E.left(halted)
  }
}

/** One step: adds an observation to the open batch. */
export const step =
  <C extends TrialConfig, P>(strategy: Strategy<C, P>) =>
  (observation: Observation): ((state: TrialState<C, P>) => E.Either<MethodError, Step<C, P>>) =>
    answered<TrialState<C, P>>({
      wait: state => ({ state, commands: [], info: describe(state) }),
      conclude: state => conclude(strategy, state),
    })(observation)
