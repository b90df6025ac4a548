/**
 * The story of a recorded run, for any method: each step with the question it answers, and the lower-level solves whose
 * weights were trained on the training set alone. Reports and comparisons are built from it.
 *
 * Notation
 *
 * | name       | meaning                                                                                     |
 * | ---------- | ------------------------------------------------------------------------------------------- |
 * | `effort`   | training examples whose gradient was taken from the start of the run to the end of the step |
 * | `upper`    | F, the loss on the whole validation set, of the weights that the step created               |
 * | `complete` | the training began at the initial weights, not at weights of an earlier λ                   |
 */
import * as t from 'io-ts'
import { Finite, Natural, NonNegative, Vector } from '../codec/Codec.js'
import { isQuestion, type Question, type WeightsRef, weightsOf } from '../protocol/Command.js'
import type { Observation } from '../protocol/Observation.js'
import type { LogRecord } from './LogRecord.js'

/** A record with the question that it answers and what had been spent when it ended. */
export interface Step extends LogRecord {
  readonly question: Question | null
  readonly effort: number
  /** Lower-level solves answered so far. */
  readonly lowerLevelSolves: number
}

const effortOf = (observation: Observation | null): number =>
  observation === null || observation._tag === 'LossesEvaluated' ? 0 : observation.effort

/** The steps of a run, from its records in order. */
export const steps = (records: ReadonlyArray<LogRecord>): ReadonlyArray<Step> => {
  const open = new Map<number, Question>()
  let effort = 0
  let lowerLevelSolves = 0
  return records.map(record => {
    const { observation, commands } = record
    const question = (observation === null ? undefined : open.get(observation.id)) ?? null
    if (observation !== null) open.delete(observation.id)
    effort += effortOf(observation)
    if (observation?._tag === 'LowerLevelSolved') lowerLevelSolves++
    for (const command of commands) if (isQuestion(command)) open.set(command.id, command)
    return { ...record, question, effort, lowerLevelSolves }
  })
}

export const Solve = t.readonly(
  t.strict({
    step: Natural,
    lambda: Vector,
    upper: Finite,
    lower: Finite,
    /** ∂f/∂λ, which is ∇φ(λ) if the weights minimise f. */
    lowerGradient: Vector,
    complete: t.boolean,
    converged: t.boolean,
    effort: NonNegative,
    lowerLevelSolves: Natural,
  }),
  'Solve',
)
/** An answered lower-level solve. */
export type Solve = t.TypeOf<typeof Solve>

/**
 * Weights that depend on validation data: they descended on F, were refitted, or started from such weights.
 */
const sawValidation = (run: ReadonlyArray<Step>): ReadonlySet<WeightsRef> => {
  const saw = new Set<WeightsRef>()
  for (const { question } of run) {
    if (question === null) continue
    switch (question._tag) {
      case 'DescendWeights':
        if ((question.upperCoefficient !== 0 && question.steps > 0) || saw.has(question.from))
          saw.add(weightsOf(question.id))
        break
      case 'SolveLowerLevel':
        if (saw.has(question.from)) saw.add(weightsOf(question.id))
        break
      case 'Refit':
        saw.add(weightsOf(question.id))
        break
      case 'EvaluateLosses':
        break
    }
  }
  return saw
}

/** The answered solves whose weights depend on training data only. Their F is an honest measure of their λ. */
export const solves = (run: ReadonlyArray<Step>): ReadonlyArray<Solve> => {
  const saw = sawValidation(run)
  return run.flatMap(({ step, question, observation, effort, lowerLevelSolves }): ReadonlyArray<Solve> => {
    if (question?._tag !== 'SolveLowerLevel' || observation?._tag !== 'LowerLevelSolved') return []
    if (saw.has(observation.weights)) return []
    const { upper, lower, lowerGradient, converged } = observation
    const { lambda, from } = question
    const complete = from === 'initial'
    return [{ step, lambda, upper, lower, lowerGradient, complete, converged, effort, lowerLevelSolves }]
  })
}
