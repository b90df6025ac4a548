/**
 * A world answers a method's questions without training anything. It is an immutable value: answering and releasing
 * return the next world, so one world can be asked in several orders.
 *
 * An answer depends on its question and on the weights that the question names only, never on when it is asked.
 */
import type { Question, WeightsRef } from '../../protocol/Command.js'
import type { Observation } from '../../protocol/Observation.js'
import type { SearchSpace } from '../../protocol/SearchSpace.js'

/** Answers questions; each answer comes with the next world. */
export interface World {
  readonly answer: (question: Question) => readonly [Observation, World]
  readonly release: (weights: ReadonlyArray<WeightsRef>) => World
  /** The weights that it keeps. */
  readonly held: ReadonlyArray<WeightsRef>
}

/** A bilevel problem, its world at the start of a run, and its solution if that is known. */
export interface Simulated {
  /** Plain data that identifies the problem. */
  readonly description: unknown
  readonly space: SearchSpace
  readonly world: World
  /** The optimal λ, if it lies within the space. */
  readonly optimum: ReadonlyArray<number> | null
}
