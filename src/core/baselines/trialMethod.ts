/**
 * A method from a strategy: tries what the strategy proposes while the budget lasts, and finishes as the bilevel method
 * does.
 *
 *     searching → retraining → reporting → halted
 *
 * Only whole batches are looked at, in the order of their questions, so that answers may come in any order. A training
 * that failed is a trial without a loss.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import {
  coldSolve,
  type Finalist,
  questionsAbout,
  rowsOf,
  unmeasured,
  weightsOfRows,
} from '../finishing/Finishing.js'
import { issue, type Unnumbered } from '../protocol/Asking.js'
import { Batch, effortOf, inOrder, isComplete, receive } from '../protocol/Batch.js'
import { roomOf, Spent } from '../protocol/Budget.js'
import { Finite, Natural, NonNegative, nullable, Positive, Vector } from '../protocol/Codec.js'
import { WeightsRef } from '../protocol/Command.js'
import { type Info, Outcome } from '../protocol/Info.js'
import type { Method, Transition } from '../protocol/Method.js'
import { halted, type MethodError } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import type { TrialConfig } from './Config.js'
import type { Known, Stop, Strategy } from './Strategy.js'
import { best, isComplete as isCompleteTraining, Trial, trialsOf } from './Trial.js'

const StopCodec = t.readonly(t.strict({ stopReason: t.string, message: t.string }), 'Stop')

/** The λ to return, and weights trained there. */
const Chosen = t.readonly(t.strict({ lambda: Vector, weights: WeightsRef, upper: Finite }), 'Chosen')

const ending = { stop: StopCodec, spent: Spent, chosen: Chosen } as const

const Phase = t.union(
  [
    t.readonly(t.strict({ _tag: t.literal('Searching'), epochs: Positive })),
    t.readonly(t.strict({ _tag: t.literal('Retraining'), ...ending })),
    t.readonly(t.strict({ _tag: t.literal('Reporting'), ...ending })),
    t.readonly(t.strict({ _tag: t.literal('Halted'), outcome: Outcome, chosen: nullable(Chosen) })),
  ],
  'Phase',
)
type Phase = t.TypeOf<typeof Phase>

/** All that the next step of such a method needs; plain JSON. */
export interface TrialState<C, P> {
  readonly config: C
  readonly phase: Phase
  readonly batch: Batch
  readonly nextId: number
  readonly held: ReadonlyArray<WeightsRef>
  /** So far, those that are not answered yet included. */
  readonly lowerLevelSolves: number
  /** By the end of the batch before. */
  readonly effort: number
  /** Batches of trials so far. */
  readonly rounds: number
  readonly trials: ReadonlyArray<Trial>
  readonly plan: P
}

const stateCodec = <C extends TrialConfig, P>({
  config,
  plan,
}: Strategy<C, P>): t.Type<TrialState<C, P>, unknown> =>
  t.readonly(
    t.strict({
      config,
      phase: Phase,
      batch: Batch,
      nextId: Natural,
      held: t.readonlyArray(WeightsRef),
      lowerLevelSolves: Natural,
      effort: NonNegative,
      rounds: Natural,
      trials: t.readonlyArray(Trial),
      plan,
    }),
    'TrialState',
  )

type Step<C, P> = Transition<TrialState<C, P>>

const knownOf = <C, P>({ config, plan, trials }: TrialState<C, P>): Known<C, P> => ({ config, plan, trials })

const phaseNames: Readonly<Record<Phase['_tag'], string>> = {
  Searching: 'searching',
  Retraining: 'finishing',
  Reporting: 'finishing',
  Halted: 'halted',
}

/** What finishing counts for in the progress, and what its first half does. */
const finishing = 0.05

/** The share of the run that is done: of that part of the budget that is nearer to its end. */
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

/** The trials so far, those of an incomplete batch included. */
const trialsSoFar = <C, P>({ trials, batch, phase }: TrialState<C, P>): ReadonlyArray<Trial> =>
  phase._tag === 'Searching' ? [...trials, ...trialsOf(batch, phase.epochs)] : trials

/** The best trial so far says λ, and F where it was trained completely. */
const describe = <C extends TrialConfig, P>(state: TrialState<C, P>): Info => {
  const { config, phase, batch, lowerLevelSolves, rounds } = state
  const leader = best(trialsSoFar(state))
  const shown = phase._tag === 'Searching' ? leader : phase.chosen
  const complete = leader !== null && isCompleteTraining(leader, config.solve.coldEpochs)
  const effort = effortOf(inOrder(batch), state.effort)
  return {
    phase: phaseNames[phase._tag],
    outerIteration: rounds,
    innerIteration: 0,
    progress: progressOf(state, effort),
    lambda: shown?.lambda ?? null,
    upperLoss: complete ? leader.upper : null,
    lowerLoss: null,
    phiHat: null,
    phiDeviation: null,
    violation: null,
    epsilon: null,
    multiplier: null,
    penalty: null,
    stationarity: null,
    coefficient: null,
    lowerLevelSolves,
    effort,
    message: null,
    outcome: phase._tag === 'Halted' ? phase.outcome : null,
  }
}

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

type Chosen = t.TypeOf<typeof Chosen>

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

/** Everything that a report needs is asked for. */
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

/** The search is over: what it found is trained completely, unless it was so already, and measured. */
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
  return proceed(strategy, next, [coldSolve(config)(chosen.lambda)], message)
}

/** Asks for the next trials, or ends the search. */
const search = <C extends TrialConfig, P>(strategy: Strategy<C, P>, state: TrialState<C, P>): Step<C, P> => {
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

/** What a phase makes of its answered batch. */
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

const step =
  <C extends TrialConfig, P>(strategy: Strategy<C, P>) =>
  (observation: Observation) =>
  (state: TrialState<C, P>): E.Either<MethodError, Step<C, P>> =>
    state.phase._tag === 'Halted'
      ? E.left(halted)
      : pipe(
          state.batch,
          receive(observation),
          E.flatMap(batch =>
            isComplete(batch)
              ? conclude(strategy, { ...state, batch, effort: effortOf(inOrder(batch), state.effort) })
              : E.right({
                  state: { ...state, batch },
                  commands: [],
                  info: describe({ ...state, batch }),
                }),
          ),
        )

/** The method of a strategy. */
export const trialMethod = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
): Method<C, TrialState<C, P>> => ({
  name: strategy.name,
  config: strategy.config,
  state: stateCodec(strategy),
  init: config =>
    pipe(
      strategy.start(config),
      E.map(plan =>
        search(strategy, {
          config,
          phase: { _tag: 'Searching', epochs: config.solve.coldEpochs },
          batch: { questions: [], answers: [] },
          nextId: 0,
          held: [],
          lowerLevelSolves: 0,
          effort: 0,
          rounds: 0,
          trials: [],
          plan,
        }),
      ),
    ),
  step: step(strategy),
})
