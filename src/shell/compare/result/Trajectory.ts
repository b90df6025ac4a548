/**
 * The trajectory of a run: the best validation loss so far against effort, read from the log. Only weights that never
 * used validation data count.
 *
 * Each answer to `SolveLowerLevel` counts
 *
 * - as **retrained** if its weights were trained completely on f(λ, ·) alone, at this one λ, from the initial weights. A
 *   training that stopped early and was continued at the same λ (as Hyperband does) counts with the sum of its parts;
 * - as **continued** if the training is complete and used no validation data, but started from weights of another λ (as
 *   the bilevel method does between its outer iterations).
 *
 * A training is complete if its gradient met the tolerance, if it had as many epochs as the solver's stochastic part
 * (`solver.epochs`), or if it continues a complete one. Losses of shorter trainings are left out: early stopping is itself
 * a regularizer, so their validation loss says nothing about λ.
 *
 * The effort of a point is everything that the run had spent when the answer came: solves (this one included), descents,
 * failed commands and refits.
 *
 * @module
 */
import type { Question, WeightsRef } from '../../../core/protocol/Command.js'
import { initialWeights, isQuestion, weightsOf } from '../../../core/protocol/Command.js'
import type { LogRecord } from '../../../core/log/LogRecord.js'
import type { Observation } from '../../../core/protocol/Observation.js'

/** A validation loss, and the effort spent when it was known. */
export interface Point {
  readonly effortEpochs: number
  readonly loss: number
}

/** The validation losses of a run that were lower than all before them. */
export interface Trajectory {
  /** Counts only retrained weights. */
  readonly retrained: ReadonlyArray<Point>
  /** Counts retrained and continued weights. */
  readonly trained: ReadonlyArray<Point>
}

/** How weights were trained. */
interface Lineage {
  /** Whether they are the initial weights. */
  readonly initial: boolean
  /** Whether they were trained on f alone. */
  readonly pure: boolean
  /** The only λ of their training since the initial weights; `null` if there were several, or descents. */
  readonly lambda: ReadonlyArray<number> | null
  /** The effort at that λ, in examples. */
  readonly spent: number
  readonly complete: boolean
}

const untouched: Lineage = { initial: true, pure: true, lambda: null, spent: 0, complete: false }

/** The lineage of weights whose training is not in the log; they never count. */
const unknown: Lineage = { initial: false, pure: false, lambda: null, spent: 0, complete: false }

const equal = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): boolean =>
  a.length === b.length && a.every((value, k) => value === b[k])

/** The points that are lower than all before them; at equal effort, only the last. */
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

/** The sizes that {@link trajectory} needs to read a log. */
export interface Scale {
  /** The number of training examples, which is the effort of one epoch. */
  readonly train: number
  /** The epochs after which a training counts as complete, converged or not. */
  readonly completeEpochs: number
}

/**
 * The trajectory of a run, from its records in their order.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import type { RunLog } from 'bilevel-hpo'
 * import { type Scale, trajectory, type Trajectory } from 'bilevel-hpo/shell'
 *
 * const [, ...lines] = readFileSync('run/run.jsonl', 'utf8').trim().split('\n')
 * const records = lines.map(line => JSON.parse(line) as RunLog.LogRecord)
 * const scale: Scale = { train: 600, completeEpochs: 99 }
 * const { retrained }: Trajectory = trajectory(scale)(records)
 * // Two initial samples, and what is retrained at the end: each validates better than all before.
 * retrained.map(({ loss }) => Number(loss.toFixed(2))) // => [0.6, 0.43, 0.42]
 * ```
 */
export const trajectory =
  ({ train, completeEpochs }: Scale) =>
  (records: Iterable<Pick<LogRecord, 'observation' | 'commands'>>): Trajectory => {
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

    for (const { observation, commands } of records) {
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

/**
 * The lowest loss; `null` if there are no points.
 *
 * @example
 * ```ts
 * import { bestLoss, type Point } from 'bilevel-hpo/shell'
 *
 * const points: ReadonlyArray<Point> = [{ effortEpochs: 100, loss: 0.6 }, { effortEpochs: 300, loss: 0.45 }]
 * bestLoss(points) // => 0.45
 * bestLoss([]) // => null
 * ```
 */
export const best = (points: ReadonlyArray<Point>): number | null => points.at(-1)?.loss ?? null

/**
 * The effort at which the loss was at most `target` for the first time; `null` if it never was.
 *
 * @example
 * ```ts
 * import { effortToReach } from 'bilevel-hpo/shell'
 *
 * const points = [{ effortEpochs: 100, loss: 0.6 }, { effortEpochs: 300, loss: 0.45 }]
 * effortToReach(0.5)(points) // => 300
 * effortToReach(0.4)(points) // => null
 * ```
 */
export const effortToReach =
  (target: number) =>
  (points: ReadonlyArray<Point>): number | null =>
    points.find(({ loss }) => loss <= target)?.effortEpochs ?? null
