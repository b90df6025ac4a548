/**
 * A world that answers a method's questions without training anything, as a value: answering and releasing give the
 * world after, so that one world can be asked in several orders.
 *
 * An answer depends on its question and on the weights that the question names, and on nothing else: not on when it
 * is asked.
 */
import type { Question, WeightsRef } from '../../protocol/Command.js'
import type { Observation } from '../../protocol/Observation.js'
import type { SearchSpace } from '../../protocol/SearchSpace.js'

/** Answers questions, and is another world afterwards. */
export interface World {
  readonly answer: (question: Question) => readonly [Observation, World]
  readonly release: (weights: ReadonlyArray<WeightsRef>) => World
  /** The weights it keeps. */
  readonly held: ReadonlyArray<WeightsRef>
}

/** A bilevel problem, its world at the start of a run, and its solution where that is known. */
export interface Simulated {
  /** Plain data that says which problem it is. */
  readonly description: unknown
  readonly space: SearchSpace
  readonly world: World
  /** The optimal λ, if it lies within the space. */
  readonly optimum: ReadonlyArray<number> | null
}
