/** The law kit's ridge problem, with a mutable world. */
import type { Question, WeightsRef } from '../../src/core/protocol/Command.js'
import type { Observation } from '../../src/core/protocol/Observation.js'
import * as Kit from '../../src/core/laws/simulate/Ridge.js'

export { ridgeOptimum, ridgeSpace, type Ridge } from '../../src/core/laws/simulate/Ridge.js'

export interface RidgeWorld {
  readonly answer: (question: Question) => Observation
  readonly held: () => ReadonlyArray<WeightsRef>
  readonly release: (weights: ReadonlyArray<WeightsRef>) => void
}

/** Answers every question exactly; a descent returns its minimizer. */
export const ridgeWorld = (
  ridge: Kit.Ridge,
  fails: (question: Question) => boolean = () => false,
): RidgeWorld => {
  let world = Kit.ridgeWorld(ridge)
  return {
    answer: question => {
      if (fails(question))
        return { _tag: 'CommandFailed', id: question.id, reason: 'told to fail', effort: 1 }
      const [observation, after] = world.answer(question)
      world = after
      return observation
    },
    held: () => world.held,
    release: weights => {
      world = world.release(weights)
    },
  }
}
