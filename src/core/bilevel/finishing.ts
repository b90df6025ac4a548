/**
 * Finishing: from the end of the search to the rows of the result.
 *
 * 1. `finish` takes the λ to return from the part `choice`, and asks to train weights there from the initial ones, just
 *    as for the initial samples.
 * 2. `finishRetraining` returns that λ if its weights validate at least as well as those of the best initial sample,
 *    else that sample. Then it asks for every measurement of the report, and for the refits on training and validation
 *    set together.
 * 3. `finishReporting` puts the answers into rows, and the method halts.
 *
 * Without `retrain`, `finish` halts at once, and the result is the augmented Lagrangian's own weights. In: the search and
 * its stop reason. Out: the outcome.
 */
import {
  completeTraining,
  type Finalist,
  questionsAbout,
  rowsOf,
  unmeasured,
} from '../finishing/finishing.js'
import { inOrder } from '../protocol/Batch.js'
import type { Info, Outcome } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { Observation } from '../protocol/Observation.js'
import { proceed } from './transitions.js'
import type { Solved } from './iterates.js'
import type { Parts } from './Parts.js'
import type { BilevelState, Candidate, Reporting, Retraining, Search, Stop } from './BilevelState.js'

type Step<V, R> = Transition<BilevelState<V, R>>

const end = <V, R>(state: BilevelState<V, R>, outcome: Outcome, details?: Partial<Info>): Step<V, R> =>
  proceed({ ...state, phase: { _tag: 'Halted', outcome } }, [], { ...details, message: outcome.message })

/** The augmented Lagrangian's own result, as fields of a row. */
const ownOf = <R>(
  { choice }: Pick<Parts, 'choice'>,
  config: BilevelState['config'],
  search: Search<R>,
): Pick<Finalist, 'bilevel' | 'violation' | 'epsilon'> => {
  const relaxed = choice.iterate(config)(search)
  return {
    bilevel: relaxed === null ? null : { lambda: relaxed.lambda, weights: relaxed.weights },
    violation: relaxed?.violation ?? null,
    epsilon: relaxed?.epsilon ?? null,
  }
}

/** Ends the search without further training: the result is the augmented Lagrangian's own weights. */
const halt = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  search: Search<R>,
  stop: Stop,
  details?: Partial<Info>,
): Step<V, R> => {
  const { multipliers } = search
  const relaxed = parts.choice.iterate(state.config)(search)
  const { lowerLevelSolves, effort } = state
  const row =
    relaxed === null
      ? null
      : unmeasured({
          name: 'bilevel',
          lambda: relaxed.lambda,
          trained: null,
          ...ownOf(parts, state.config, search),
          lowerLevelSolves,
          effort,
        })
  return end(
    state,
    { ...stop, rows: row === null ? [] : [row] },
    {
      ...details,
      upperLoss: relaxed?.upper ?? null,
      lowerLoss: relaxed?.lower ?? null,
      violation: relaxed?.violation ?? null,
      lambda: relaxed?.lambda ?? search.lambda,
      epsilon: relaxed?.epsilon ?? search.epsilon,
      multiplier: multipliers.multiplier,
      penalty: multipliers.penalty,
    },
  )
}

/** Ends the search: asks to train at the λ to return, just as for the initial samples. */
const retrain = <V, R>(
  { choice }: Parts<V, R>,
  state: BilevelState<V, R>,
  search: Search<R>,
  stop: Stop,
  details?: Partial<Info>,
): Step<V, R> => {
  const chosen = { ...search, lambda: choice.lambda(state.config)(search) }
  const next: BilevelState<V, R> = {
    ...state,
    phase: {
      _tag: 'Retraining',
      search: chosen,
      stop,
      spent: { lowerLevelSolves: state.lowerLevelSolves, effort: state.effort },
    },
    lowerLevelSolves: state.lowerLevelSolves + 1,
  }
  return proceed(next, [completeTraining(state.config)(chosen.lambda)], { message: stop.message, ...details })
}

/** Ends the search. */
export const finish =
  <V, R>(parts: Parts<V, R>) =>
  (state: BilevelState<V, R>, search: Search<R>, stop: Stop, details?: Partial<Info>): Step<V, R> =>
    (state.config.retrain ? retrain : halt)(parts, state, search, stop, details)

const finalistsOf = <V, R>(
  parts: Pick<Parts, 'choice'>,
  { config, sampling }: BilevelState<V, R>,
  best: Solved,
  { chosen, search, spent }: Pick<Reporting<R>, 'chosen' | 'search' | 'spent'>,
): ReadonlyArray<Finalist> => [
  {
    name: 'best initial sample',
    lambda: best.lambda,
    trained: best.weights,
    bilevel: null,
    ...sampling,
    violation: null,
    epsilon: null,
  },
  {
    name: 'bilevel',
    lambda: chosen.lambda,
    trained: chosen.weights,
    ...spent,
    ...ownOf(parts, config, search),
  },
]

/** Handles the answer of the retraining: chooses the λ to return, and asks for everything that the report needs. */
export const finishRetraining = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  { search, stop, spent }: Retraining<R>,
  best: Solved,
): Step<V, R> => {
  const [retrained] = inOrder(state.batch)
  const better = retrained?._tag === 'LowerLevelSolved' && parts.choice.accepts(best)(retrained)
  const chosen: Candidate = better
    ? { lambda: search.lambda, weights: retrained.weights }
    : { lambda: best.lambda, weights: best.weights }
  const message = better
    ? null
    : retrained?._tag === 'LowerLevelSolved'
      ? 'The λ found is no better on validation than the best initial sample, which is returned instead.'
      : 'Retraining at the λ found failed; the best initial sample is returned instead.'
  const phase: Reporting<R> = { _tag: 'Reporting', search, stop, spent, chosen, fellBack: !better }
  const next: BilevelState<V, R> = { ...state, phase }
  return proceed(next, questionsAbout(state.config, finalistsOf(parts, state, best, phase)), {
    lambda: chosen.lambda,
    message,
  })
}

/** Handles the measurements: puts them into rows and halts. */
export const finishReporting = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  phase: Reporting<R>,
  best: Solved,
): Step<V, R> =>
  end(state, {
    stopReason: phase.stop.stopReason,
    message: phase.fellBack
      ? `${phase.stop.message} The best initial sample was not improved upon, and is returned.`
      : phase.stop.message,
    rows: rowsOf(state.config, finalistsOf(parts, state, best, phase), inOrder(state.batch)),
  })

/** Halts because no sample of the initial design succeeded. */
export const haltWithoutSample = <V, R>(
  state: BilevelState<V, R>,
  answers: ReadonlyArray<Observation>,
): Step<V, R> => {
  const reasons = answers.flatMap(answer => (answer._tag === 'CommandFailed' ? [answer.reason] : []))
  return end(state, {
    stopReason: 'noSample',
    message:
      'Every lower-level solve of the initial design failed, so there is nothing to start from. ' +
      `The last reason was: ${reasons[reasons.length - 1] ?? 'none was given'}`,
    rows: [],
  })
}
