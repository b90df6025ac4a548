/**
 * Finishing: weights retrained at the λ to return are compared with the best initial sample's, which were trained
 * alike; the better λ is refitted on training and validation set; then everything is measured once, and told.
 */
import { inOrder } from '../protocol/Batch.js'
import type { WeightsRef } from '../protocol/Command.js'
import type { Outcome, ResultRow } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { Observation, SetMetrics } from '../protocol/Observation.js'
import { proceed, type Unnumbered } from './Asking.js'
import type { BilevelConfig } from './Config.js'
import type { Solved } from './Iterates.js'
import type { Parts } from './Parts.js'
import type { BilevelState, Candidate, Reporting, Retraining, Spent } from './State.js'

const end = <V, R>(state: BilevelState<V, R>, outcome: Outcome): Transition<BilevelState<V, R>> =>
  proceed({ ...state, phase: { _tag: 'Halted', outcome } }, [], { message: outcome.message })

/** What a report is made of, in the order it is asked; absent parts are not asked for. */
const reportParts = <R>(
  { choice }: Pick<Parts, 'choice'>,
  config: BilevelConfig,
  best: Solved,
  { chosen, search }: Pick<Reporting<R>, 'chosen' | 'search'>,
): Readonly<
  Record<'bestTrained' | 'chosenTrained' | 'bilevelWeights' | 'bestRefit' | 'chosenRefit', Unnumbered | null>
> => {
  const evaluate = ({ lambda, weights }: Candidate): Unnumbered => ({
    _tag: 'EvaluateLosses',
    lambda,
    weights,
  })
  const refit = (lambda: ReadonlyArray<number>): Unnumbered | null =>
    config.refit
      ? { _tag: 'Refit', lambda, tolerance: config.solve.tolerance, maxEpochs: config.solve.coldEpochs }
      : null
  const same = chosen.weights === best.weights
  const iterate = choice.iterate(config)(search)
  return {
    bestTrained: evaluate(best),
    chosenTrained: same ? null : evaluate(chosen),
    bilevelWeights: iterate === null ? null : evaluate(iterate),
    bestRefit: refit(best.lambda),
    chosenRefit: same ? null : refit(chosen.lambda),
  }
}

const asked = (parts: ReturnType<typeof reportParts>): ReadonlyArray<Unnumbered> =>
  Object.values(parts).filter(part => part !== null)

/** The retraining at the λ to return is answered: choose, and ask for everything the report needs. */
export const finishRetraining = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  { search, stop, spent }: Retraining<R>,
  best: Solved,
): Transition<BilevelState<V, R>> => {
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
  return proceed(next, asked(reportParts(parts, state.config, best, phase)), {
    lambda: chosen.lambda,
    message,
  })
}

const metricsOf = (answer: Observation | undefined): SetMetrics | null =>
  answer?._tag === 'LossesEvaluated' || answer?._tag === 'Refitted' ? answer.metrics : null

const rowsOf = <V, R>(
  assembled: Parts<V, R>,
  state: BilevelState<V, R>,
  phase: Reporting<R>,
  best: Solved,
): ReadonlyArray<ResultRow> => {
  const parts = reportParts(assembled, state.config, best, phase)
  const answers = inOrder(state.batch)
  const present = Object.entries(parts).filter(([, part]) => part !== null)
  const answerTo = (name: keyof typeof parts): Observation | undefined =>
    answers[present.findIndex(([key]) => key === name)]
  const metrics = (name: keyof typeof parts): SetMetrics | null => metricsOf(answerTo(name))
  const created = (name: keyof typeof parts): WeightsRef | null => {
    const answer = answerTo(name)
    return answer?._tag === 'Refitted' ? answer.weights : null
  }
  const row = (name: string, lambda: ReadonlyArray<number>, spent: Spent) => ({ name, lambda, ...spent })
  const bestTrained = metrics('bestTrained')
  const bestRefit = metrics('bestRefit')
  const relaxed = assembled.choice.iterate(state.config)(phase.search)
  return [
    {
      ...row('best initial sample', best.lambda, state.sampling),
      trained: bestTrained,
      refit: bestRefit,
      bilevelWeights: null,
      bilevelLambda: null,
      weights: { trained: best.weights, refit: created('bestRefit'), bilevel: null },
      violation: null,
      epsilon: null,
    },
    {
      ...row('bilevel', phase.chosen.lambda, phase.spent),
      trained: parts.chosenTrained === null ? bestTrained : metrics('chosenTrained'),
      refit: parts.chosenRefit === null ? bestRefit : metrics('chosenRefit'),
      bilevelWeights: metrics('bilevelWeights'),
      bilevelLambda: relaxed?.lambda ?? null,
      weights: {
        trained: phase.chosen.weights,
        refit: created(parts.chosenRefit === null ? 'bestRefit' : 'chosenRefit'),
        bilevel: relaxed?.weights ?? null,
      },
      violation: relaxed?.violation ?? null,
      epsilon: relaxed?.epsilon ?? null,
    },
  ]
}

/** Every measurement is in. */
export const finishReporting = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  phase: Reporting<R>,
  best: Solved,
): Transition<BilevelState<V, R>> =>
  end(state, {
    stopReason: phase.stop.stopReason,
    message: phase.fellBack
      ? `${phase.stop.message} The best initial sample was not improved upon, and is returned.`
      : phase.stop.message,
    rows: rowsOf(parts, state, phase, best),
  })

/** There is nothing to start from. */
export const haltWithoutSample = <V, R>(
  state: BilevelState<V, R>,
  answers: ReadonlyArray<Observation>,
): Transition<BilevelState<V, R>> => {
  const reasons = answers.flatMap(answer => (answer._tag === 'CommandFailed' ? [answer.reason] : []))
  return end(state, {
    stopReason: 'noSample',
    message:
      'Every lower-level solve of the initial design failed, so there is nothing to start from. ' +
      `The last reason was: ${reasons[reasons.length - 1] ?? 'none was given'}`,
    rows: [],
  })
}
