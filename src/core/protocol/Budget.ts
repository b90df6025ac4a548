/**
 * What a method may spend to find λ, finishing excluded: lower-level solves, and effort.
 *
 * Effort is counted in training examples whose gradient was taken, and budgeted in epochs, of which each is as many
 * examples as train. A solve is issued only where the budget covers all the epochs that it may take; what it did not
 * take is there for others.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count, Natural, NonNegative, nullable, Positive } from '../codec/Codec.js'
import { invalidConfig, type MethodError } from './MethodError.js'

const spent = { lowerLevelSolves: Natural, effort: NonNegative } as const
export const Spent = t.readonly(t.strict(spent), 'Spent')
/** What had been spent at some moment: lower-level solves, and training examples whose gradient was taken. */
export type Spent = t.TypeOf<typeof Spent>

/** The fields of a method's section `budget` that all methods have. */
export const budgetFields = {
  /** Lower-level solves before finishing, whole or partial trainings. */
  lowerLevelSolves: Count,
  /** Effort before finishing, in epochs of the training set; `null`: any. */
  effortEpochs: nullable(Positive),
} as const

/** How many examples train, which is the effort of an epoch; whoever trains says so. Needed where effort is budgeted. */
export const TrainingExamples = nullable(Positive)

/** A configuration that has a budget. */
export interface Budgeted {
  readonly trainingExamples: number | null
  readonly budget: { readonly lowerLevelSolves: number; readonly effortEpochs: number | null }
}

/** What is left to spend; either may be infinite or, where trainings took more than they were allowed, negative. */
export interface Room {
  readonly solves: number
  readonly epochs: number
}

/** What is left once `used` was spent. */
export const roomOf = (
  { trainingExamples, budget: { lowerLevelSolves, effortEpochs } }: Budgeted,
  used: Spent,
): Room => ({
  solves: lowerLevelSolves - used.lowerLevelSolves,
  epochs:
    effortEpochs === null || trainingExamples === null
      ? Infinity
      : effortEpochs - used.effort / trainingExamples,
})

/** What the sums and quotients that budgets are made of may lose: a share that decides nothing but whether 3 · 0.1 fits in 0.3. */
const rounding = 1e-9

/** Whether this many solves, and this many epochs for all of them together, are left. */
export const fits = (room: Room, solves: number, epochs: number): boolean =>
  solves <= room.solves && epochs <= room.epochs * (1 + rounding)

/** How many solves are left that may take `epochs` each. */
export const affordable = ({ solves, epochs: left }: Room, epochs: number): number =>
  Math.max(0, Math.min(solves, Math.floor((left * (1 + rounding)) / epochs)))

/**
 * The configuration, where its budget can be counted, and covers what cannot be done without: `solves` solves that may
 * take `epochs` in all. Errors: `InvalidConfig`.
 */
export const sufficient =
  (what: string, solves: number, epochs: number) =>
  <C extends Budgeted>(config: C): E.Either<MethodError, C> => {
    const { trainingExamples, budget } = config
    if (budget.effortEpochs !== null && trainingExamples === null)
      return E.left(
        invalidConfig(
          'trainingExamples',
          'The budget is stated in epochs (`budget.effortEpochs`), but not how many examples an epoch has. ' +
            'Set `trainingExamples`, or leave `budget.effortEpochs` out.',
        ),
      )
    const room = roomOf(config, { lowerLevelSolves: 0, effort: 0 })
    if (solves > room.solves)
      return E.left(
        invalidConfig(
          'budget.lowerLevelSolves',
          `The budget of ${budget.lowerLevelSolves} lower-level solves does not cover ${what}, which needs ${solves}. ` +
            'Raise `budget.lowerLevelSolves`.',
        ),
      )
    return fits(room, solves, epochs)
      ? E.right(config)
      : E.left(
          invalidConfig(
            'budget.effortEpochs',
            `The budget of ${budget.effortEpochs ?? 0} epochs does not cover ${what}, which may take ${epochs}. ` +
              'Raise `budget.effortEpochs`, or let a training take fewer epochs.',
          ),
        )
  }
