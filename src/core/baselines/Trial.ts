/**
 * Trials: a λ with the epochs of its training and the validation loss of its weights.
 */
import * as t from 'io-ts'
import type { Batch } from '../protocol/Batch.js'
import { Finite, nullable, Positive, Vector } from '../codec/Codec.js'
import { initialWeights, WeightsRef } from '../protocol/Command.js'

export const Trial = t.readonly(
  t.strict({
    lambda: Vector,
    /** Epochs allowed in total, including those of the training that it continued. */
    epochs: Positive,
    /** Trained from the initial weights in one go. */
    cold: t.boolean,
    /** F of the trained weights; `null` if training failed. */
    upper: nullable(Finite),
    /** The trained weights; they may have been released since. */
    weights: nullable(WeightsRef),
  }),
  'Trial',
)
/**
 * A λ that was tried.
 *
 * @example
 * ```ts
 * import { type Trial } from 'bilevel-hpo'
 *
 * const trials: ReadonlyArray<Trial> = [
 *   { lambda: [-5], epochs: 100, cold: true, upper: 0.42, weights: 'w0' },
 *   { lambda: [-2], epochs: 100, cold: true, upper: null, weights: null },
 * ]
 * // The second training failed.
 * trials.filter(({ upper }) => upper !== null).length // => 1
 * ```
 */
export type Trial = t.TypeOf<typeof Trial>

/** A trial whose training succeeded. */
export type Trained = Trial & { readonly upper: number; readonly weights: WeightsRef }

/** Whether training succeeded. */
export const isTrained = (trial: Trial): trial is Trained => trial.upper !== null && trial.weights !== null

/** The answered trials of a batch, in the order of its questions. */
export const trialsOf = (batch: Batch, epochs: number): ReadonlyArray<Trial> =>
  batch.questions.flatMap((question): ReadonlyArray<Trial> => {
    const answer = batch.answers.find(({ id }) => id === question.id)
    if (question._tag !== 'SolveLowerLevel' || answer === undefined) return []
    const solved = answer._tag === 'LowerLevelSolved' ? answer : null
    return [
      {
        lambda: question.lambda,
        epochs,
        cold: question.from === initialWeights,
        upper: solved?.upper ?? null,
        weights: solved?.weights ?? null,
      },
    ]
  })

/** Relative rounding error between two sums of epochs. */
const rounding = 1e-9

/** Whether the trial was allowed as many epochs as a complete training. */
export const isComplete = (trial: Trial, coldEpochs: number): boolean =>
  trial.epochs >= coldEpochs * (1 - rounding)

/**
 * The best trained trial: among those with the most epochs, the one with the lowest F; the first of equals. Trials with
 * different epochs cannot be compared. `null` if no trial was trained.
 */
export const best = (trials: ReadonlyArray<Trial>): Trained | null =>
  trials
    .filter(isTrained)
    .reduce<Trained | null>(
      (leader, trial) =>
        leader === null ||
        trial.epochs > leader.epochs * (1 + rounding) ||
        (trial.epochs >= leader.epochs * (1 - rounding) && trial.upper < leader.upper)
          ? trial
          : leader,
      null,
    )

/** The weights of the best trial, or an empty list. */
export const bestWeights = (trials: ReadonlyArray<Trial>): ReadonlyArray<WeightsRef> => {
  const leader = best(trials)
  return leader === null ? [] : [leader.weights]
}
