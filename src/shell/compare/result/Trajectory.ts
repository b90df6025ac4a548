/**
 * What a run knew when: the validation losses of weights that never saw validation data, against effort, out of the log.
 *
 * Every answer to `SolveLowerLevel` is looked at. It counts
 *
 * - as **retrained** where its weights were trained on f(λ, ·) alone, at this one λ, from the initial weights, and the
 *   training is complete. A training that stopped early and was continued at the same λ (as Hyperband's are) counts by the
 *   sum of its parts;
 * - as **continued** where the training is complete, and no step of it ever descended on validation data, but it began
 *   with weights of another λ (as the bilevel method's are between its outer iterations).
 *
 * A training is complete once its gradient met the tolerance, or once it had as many epochs as the solver's own stochastic
 * part has (`solver.epochs`), or where it continues a complete one. Losses of shorter trainings are left out: stopping
 * early is a regularizer of its own, and what it validates to says nothing of λ.
 *
 * The effort of a point is all that the run had spent when the answer came: solves, descents, failed commands, refits,
 * this solve included.
 *
 * @module
 */
import type { Command, Question, WeightsRef } from '../../../core/protocol/Command.js'
import { initialWeights, isQuestion, weightsOf } from '../../../core/protocol/Command.js'
import type { Observation } from '../../../core/protocol/Observation.js'

/** What a record of the log says: the answer, and what was asked next. */
export interface Step {
  readonly observation: Observation | null
  readonly commands: ReadonlyArray<Command>
}

/** A validation loss, and the effort by which it was known. */
export interface Point {
  readonly effortEpochs: number
  readonly loss: number
}

/** The validation losses of a run that were lower than all before them. */
export interface Trajectory {
  /** Of retrained weights alone. */
  readonly retrained: ReadonlyArray<Point>
  /** Of retrained and continued weights. */
  readonly trained: ReadonlyArray<Point>
}

/** Where weights come from. */
interface Lineage {
  /** Whether they are the initial ones. */
  readonly initial: boolean
  /** Trained on f alone. */
  readonly pure: boolean
  /** At which single λ, from the initial weights on; `null` where there were several, or descents. */
  readonly lambda: ReadonlyArray<number> | null
  /** Examples whose gradient was taken at that λ. */
  readonly spent: number
  readonly complete: boolean
}

const untouched: Lineage = { initial: true, pure: true, lambda: null, spent: 0, complete: false }

/** Weights that the log does not explain are good for nothing. */
const unknown: Lineage = { initial: false, pure: false, lambda: null, spent: 0, complete: false }

const equal = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((value, k) => value === b[k])

/** The points that are lower than all before them, of equal efforts the last. */
const bestSoFar = (points: ReadonlyArray<Point>): ReadonlyArray<Point> => {
  const kept: Array<Point> = []
  for (const point of points) {
    const last = kept.at(-1)
    if (last !== undefined && point.loss >= last.loss) continue
    if (last?.effortEpochs === point.effortEpochs) kept.pop()
    kept.push(point)
  }
  return kept
}

/** How a log is to be read. */
export interface Scale {
  /** Examples of the training set: one epoch. */
  readonly train: number
  /** Epochs after which a training counts as complete, converged or not. */
  readonly completeEpochs: number
}

/** The trajectory of a run from its records, in their order. */
export const trajectory =
  ({ train, completeEpochs }: Scale) =>
  (steps: Iterable<Step>): Trajectory => {
    const questions = new Map<number, Question>()
    const lineages = new Map<WeightsRef, Lineage>([[initialWeights, untouched]])
    const retrained: Array<Point> = []
    const trained: Array<Point> = []
    let effort = 0

    const from = (ref: WeightsRef): Lineage => lineages.get(ref) ?? unknown

    const take = (question: Question, observation: Observation): void => {
      if (question._tag === 'SolveLowerLevel' && observation._tag === 'LowerLevelSolved') {
        const parent = from(question.from)
        const here = parent.initial || (parent.lambda !== null && equal(parent.lambda, question.lambda))
        const spent = (here ? parent.spent : 0) + observation.effort
        const complete = observation.converged || parent.complete || spent >= completeEpochs * train
        lineages.set(weightsOf(question.id), {
          initial: false,
          pure: parent.pure,
          lambda: here ? question.lambda : null,
          spent,
          complete,
        })
        if (!parent.pure || !complete) return
        const point = { effortEpochs: effort / train, loss: observation.upper }
        trained.push(point)
        if (here) retrained.push(point)
      } else if (question._tag === 'DescendWeights' && observation._tag === 'WeightsDescended') {
        const parent = from(question.from)
        const pure = parent.pure && question.upperCoefficient === 0
        lineages.set(weightsOf(question.id), { ...unknown, pure, complete: parent.complete })
      }
    }

    for (const { observation, commands } of steps) {
      if (observation !== null) {
        if ('effort' in observation) effort += observation.effort
        const question = questions.get(observation.id)
        questions.delete(observation.id)
        if (question !== undefined) take(question, observation)
      }
      for (const command of commands) if (isQuestion(command)) questions.set(command.id, command)
    }
    return { retrained: bestSoFar(retrained), trained: bestSoFar(trained) }
  }

/** The lowest loss; `null` where there is none. */
export const best = (points: ReadonlyArray<Point>): number | null => points.at(-1)?.loss ?? null

/** The effort by which a loss was at most `target`; `null` where it never was. */
export const effortToReach =
  (target: number) =>
  (points: ReadonlyArray<Point>): number | null =>
    points.find(({ loss }) => loss <= target)?.effortEpochs ?? null
