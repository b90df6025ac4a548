/**
 * The remaining budget of the search: whether it covers another minimisation, or another solve followed by one.
 *
 * Used in minimising before it asks, and in refining before it repeats a failed solve. In: the state. Out: yes or no. Sampling uses `descentEpochs` to
 * check that the budget covers the initial design and a minimisation after it. A solve is asked for only if the budget
 * also covers the descents after it, since it is useless without them.
 */
import { fits, roomOf } from '../protocol/Budget.js'
import type { BilevelConfig } from './BilevelConfig.js'
import type { BilevelState } from './BilevelState.js'

/** Data sets that one step of all descents reads: the training set once per path, the validation set once. */
const sets = { paired: 3, surrogate: 2, solved: 2 } as const

/** Number of paths. At the end of each, f's gradient is measured on the whole training set. */
const paths = { paired: 2, surrogate: 1, solved: 1 } as const

/**
 * The most epochs that one minimisation may take, if the validation set is no larger than the training set or batches
 * have a size.
 */
export const descentEpochs = ({ pair, trainingExamples }: BilevelConfig): number =>
  paths[pair.reference] +
  (pair.batchSize === null || trainingExamples === null
    ? sets[pair.reference] * pair.steps
    : (sets[pair.reference] * pair.steps * pair.batchSize) / trainingExamples)

/** Whether the budget covers another minimisation. */
export const descentsLeft = <V, R>(state: BilevelState<V, R>): boolean =>
  fits(roomOf(state.config, state), -Infinity, descentEpochs(state.config))

/** Whether the budget covers another lower-level solve with a minimisation after it. */
export const solvesLeft = <V, R>(state: BilevelState<V, R>): boolean =>
  fits(roomOf(state.config, state), 1, state.config.solve.warmEpochs + descentEpochs(state.config))
