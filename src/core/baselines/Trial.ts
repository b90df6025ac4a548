/**
 * Trials: a λ that was trained at, for some epochs, and how its weights validate.
 */
import * as t from 'io-ts'
import type { Batch } from '../protocol/Batch.js'
import { Finite, nullable, Positive, Vector } from '../codec/Codec.js'
import { initialWeights, WeightsRef } from '../protocol/Command.js'

export const Trial = t.readonly(
  t.strict({
    lambda: Vector,
    /** The epochs that its training was allowed in all, those of the training that it went on from included. */
    epochs: Positive,
    /** Trained from the initial weights in one go. */
    cold: t.boolean,
    /** F of the trained weights; `null` where training failed. */
    upper: nullable(Finite),
    /** Those weights; they may have been let go of since. */
    weights: nullable(WeightsRef),
  }),
  'Trial',
)
/** A λ that was tried. */
export type Trial = t.TypeOf<typeof Trial>

/** A trial that was trained, with what is known of it then. */
export type Trained = Trial & { readonly upper: number; readonly weights: WeightsRef }

/** Whether training succeeded. */
export const isTrained = (trial: Trial): trial is Trained => trial.upper !== null && trial.weights !== null

/** The trials of a batch that have been answered, in the order of its questions. */
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

/** What two numbers of epochs, sums of the same shares, may differ by. */
const rounding = 1e-9

/** Whether it was allowed as many epochs as a complete training has. */
export const isComplete = (trial: Trial, coldEpochs: number): boolean =>
  trial.epochs >= coldEpochs * (1 - rounding)

/**
 * The best trained trial: of those with the most epochs, for only what was trained alike can be compared, the one whose
 * weights validate best; the first of equals. `null` where none was trained.
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

/** The weights of the best trial, if there is one. */
export const bestWeights = (trials: ReadonlyArray<Trial>): ReadonlyArray<WeightsRef> => {
  const leader = best(trials)
  return leader === null ? [] : [leader.weights]
}
