/**
 * Turns a method's decision into commands: it numbers the questions and releases the weights that are no longer needed.
 *
 * @module
 */
import { ask, type Batch, inOrder } from './Batch.js'
import type { Command, Question, WeightsRef } from './Command.js'
import { initialWeights } from './Command.js'

/** `Omit`, applied to each member of a union. */
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** A question without its id. */
export type Unnumbered = DistributiveOmit<Question, 'id'>

/** The part of a method's state that {@link issue} reads and updates. */
export interface Asks {
  readonly batch: Batch
  readonly nextId: number
  /** Weights that the shell keeps for this run. */
  readonly held: ReadonlyArray<WeightsRef>
}

/** The weights that a question names. */
const usedBy = (question: Question): ReadonlyArray<WeightsRef> => {
  switch (question._tag) {
    case 'SolveLowerLevel':
    case 'DescendWeights':
      return [question.from]
    case 'EvaluateLosses':
      return [question.weights]
    case 'Refit':
      return []
  }
}

/** The weights that the answers of a batch created. */
const createdBy = (batch: Batch): ReadonlyArray<WeightsRef> =>
  inOrder(batch).flatMap(answer => ('weights' in answer ? [answer.weights] : []))

/**
 * Asks `questions`: gives each question its id and releases the weights that are no longer needed.
 *
 * - `after`: the state of the method; its batch still is the answered one
 * - `needed`: weights to keep
 *
 * Weights that were held, or that the answered batch created, are released unless a question or `needed` names them.
 *
 * @example
 * ```ts
 * import { Asking, Batch, Command } from 'bilevel-hpo'
 *
 * const state: Asking.Asks = { batch: Batch.ask([]), nextId: 3, held: ['w1', 'w2'] }
 * const solve: Asking.Unnumbered = { _tag: 'SolveLowerLevel', lambda: [-4], from: 'w2', tolerance: 1e-3, maxEpochs: 30 }
 * const { commands } = Asking.issue(state, [solve], [])
 * // Nothing names `w1` any more; the solve starts at `w2`.
 * commands // => [{ _tag: 'ReleaseWeights', weights: ['w1'] }, { ...solve, id: 3 }]
 * commands.filter(Command.isQuestion).length // => 1
 * ```
 */
export const issue = <S extends Asks>(
  after: S,
  questions: ReadonlyArray<Unnumbered>,
  needed: ReadonlyArray<WeightsRef>,
): { readonly state: S; readonly commands: ReadonlyArray<Command> } => {
  const numbered = questions.map((question, i): Question => ({ ...question, id: after.nextId + i }))
  const keep = new Set<WeightsRef>([initialWeights, ...needed, ...numbered.flatMap(usedBy)])
  const held = [...after.held, ...createdBy(after.batch)]
  const released = held.filter(weights => !keep.has(weights))
  return {
    state: {
      ...after,
      batch: ask(numbered),
      nextId: after.nextId + numbered.length,
      held: held.filter(weights => keep.has(weights)),
    },
    commands: [
      ...(released.length === 0 ? [] : [{ _tag: 'ReleaseWeights', weights: released } as const]),
      ...numbered,
    ],
  }
}
