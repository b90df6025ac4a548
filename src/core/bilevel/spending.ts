/**
 * What the search may still spend. A solve is only asked for where the descents that are to follow it fit in the budget,
 * too, for without them it would be of no use.
 */
import { fits, roomOf } from '../protocol/Budget.js'
import type { BilevelConfig } from './BilevelConfig.js'
import type { BilevelState } from './BilevelState.js'

/** Sets that the descents of one minimisation go through: f's once for each of the two paths, F's for one of them. */
const sets = { paired: 3, surrogate: 2, solved: 2 } as const

/** The paths, at the end of each of which f's gradient is measured over the whole training set. */
const paths = { paired: 2, surrogate: 1, solved: 1 } as const

/** The most epochs that one minimisation may take, where no more examples validate than train or batches are given. */
export const descentEpochs = ({ pair, trainingExamples }: BilevelConfig): number =>
  paths[pair.reference] +
  (pair.batchSize === null || trainingExamples === null
    ? sets[pair.reference] * pair.steps
    : (sets[pair.reference] * pair.steps * pair.batchSize) / trainingExamples)

/** Whether the effort of another minimisation is left. */
export const descentsLeft = <V, R>(state: BilevelState<V, R>): boolean =>
  fits(roomOf(state.config, state), -Infinity, descentEpochs(state.config))

/** Whether another lower-level solve is left, with a minimisation after it. */
export const solvesLeft = <V, R>(state: BilevelState<V, R>): boolean =>
  fits(roomOf(state.config, state), 1, state.config.solve.warmEpochs + descentEpochs(state.config))
