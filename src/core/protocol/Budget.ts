/**
 * The budget of a method: how many lower-level solves and how much effort it may spend to find λ, finishing excluded.
 *
 * Effort is counted in training examples whose gradient was taken. It is budgeted in epochs; one epoch is N examples,
 * where N is the size of the training set. A solve is issued only if the budget covers all the epochs that it may take.
 * Epochs that it does not use stay available.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count, Natural, NonNegative, nullable, Positive } from '../codec/Codec.js'
import { invalidConfig, type MethodError } from './MethodError.js'

const spent = { lowerLevelSolves: Natural, effort: NonNegative } as const
export const Spent = t.readonly(t.strict(spent), 'Spent')
/**
 * What was spent up to some moment: lower-level solves, and training examples whose gradient was taken.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Budget, decode } from 'bilevel-hpo'
 *
 * decode(Budget.Spent)({ lowerLevelSolves: 2, effort: 9600 }) // => right({ lowerLevelSolves: 2, effort: 9600 })
 * ```
 */
export type Spent = t.TypeOf<typeof Spent>

/**
 * The fields that the section `budget` has in every method's configuration.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import * as t from 'io-ts'
 * import { Budget, decode } from 'bilevel-hpo'
 *
 * // The section `budget` of your own method.
 * const section = t.strict({ ...Budget.budgetFields, rounds: t.number })
 * const refused = decode(section)({ lowerLevelSolves: 0, effortEpochs: null, rounds: 3 })
 * refused // => left('`lowerLevelSolves` must be an integer ≥ 1, but is 0')
 * ```
 */
export const budgetFields = {
  /** Lower-level solves before finishing; complete and partial trainings count alike. */
  lowerLevelSolves: Count,
  /** Effort before finishing, in epochs of the training set; `null`: unlimited. */
  effortEpochs: nullable(Positive),
} as const

/**
 * Size of the training set, N, which is the effort of one epoch. The driver states it. Required if effort is budgeted.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Budget, decode } from 'bilevel-hpo'
 *
 * decode(Budget.TrainingExamples)(600) // => right(600)
 * decode(Budget.TrainingExamples)(null) // => right(null)
 * ```
 */
export const TrainingExamples = nullable(Positive)

/** A configuration with a budget. */
export interface Budgeted {
  readonly trainingExamples: number | null
  readonly budget: { readonly lowerLevelSolves: number; readonly effortEpochs: number | null }
}

/**
 * What is left to spend. Either field may be infinite. Either is negative if trainings took more than they were
 * allowed.
 */
export interface Room {
  readonly solves: number
  readonly epochs: number
}

/**
 * What is left of a budget after `used`, in solves and in epochs of N examples. The epochs are infinite if no effort is
 * budgeted.
 *
 * @example
 * ```ts
 * import { Budget } from 'bilevel-hpo'
 *
 * const config: Budget.Budgeted = { trainingExamples: 600, budget: { lowerLevelSolves: 15, effortEpochs: 200 } }
 * // 3,000 examples are 5 epochs of 600.
 * Budget.roomOf(config, { lowerLevelSolves: 2, effort: 3000 }) // => { solves: 13, epochs: 195 }
 * ```
 */
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

/**
 * Relative slack for rounding in sums and quotients of budgets. It decides only cases such as whether 3 · 0.1 fits in
 * 0.3.
 */
const rounding = 1e-9

/**
 * Whether this many solves, which take this many epochs in total, are left.
 *
 * @example
 * ```ts
 * import { Budget } from 'bilevel-hpo'
 *
 * const room: Budget.Room = { solves: 2, epochs: 150 }
 * Budget.fits(room, 2, 150) // => true
 * Budget.fits(room, 2, 200) // => false
 * ```
 */
export const fits = (room: Room, solves: number, epochs: number): boolean =>
  solves <= room.solves && epochs <= room.epochs * (1 + rounding)

/**
 * How many solves are left if each may take `epochs` epochs: min(solves left, ⌊epochs left / epochs⌋), at least 0.
 *
 * @example
 * ```ts
 * import { Budget } from 'bilevel-hpo'
 *
 * // Three solves are allowed, but there are epochs for two of 60.
 * Budget.affordable({ solves: 3, epochs: 150 }, 60) // => 2
 * ```
 */
export const affordable = ({ solves, epochs: left }: Room, epochs: number): number =>
  Math.max(0, Math.min(solves, Math.floor((left * (1 + rounding)) / epochs)))

/**
 * The configuration, if its budget covers the minimum that a method needs: `solves` solves that take at most `epochs`
 * epochs in total. `what` names the minimum in the message.
 *
 * Errors: `InvalidConfig` if the budget does not cover it, or if epochs are budgeted and `trainingExamples` is `null`.
 *
 * @example
 * ```ts
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { Budget } from 'bilevel-hpo'
 *
 * const config: Budget.Budgeted = { trainingExamples: 600, budget: { lowerLevelSolves: 5, effortEpochs: 300 } }
 * isRight(Budget.sufficient('the grid', 3, 300)(config)) // => true
 * isRight(Budget.sufficient('the grid', 9, 300)(config)) // => false
 * ```
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
