/** A problem given as functions, answered as `solveBilevel` answers it: its y takes the place of the weights. */
import type { BilevelProblem } from '../../inMemory/BilevelProblem.js'
import * as InMemory from '../../inMemory/World.js'
import type { Simulated, World } from './World.js'

const wrapped = (world: InMemory.World): World => ({
  answer: question => {
    const [observation, after] = InMemory.answer(question)(world)
    return [observation, wrapped(after)]
  },
  release: refs => wrapped(InMemory.release(refs)(world)),
  held: [...world.store.keys()],
})

/**
 * The world of a problem whose x is bounded on all sides. Questions for reports (`EvaluateLosses`, `Refit`) fail: such
 * a problem has no data sets.
 */
export const functionWorld = (problem: BilevelProblem): World =>
  wrapped(InMemory.make(problem, { starts: 1, seed: 0, maxIterations: 200, outsets: [] }))

/** The problem with its space (λ is x itself) and its solution. */
export const functions = (
  description: unknown,
  problem: BilevelProblem,
  optimum: ReadonlyArray<number> | null,
): Simulated => ({
  description,
  space: problem.x.start.map((_, k) => ({
    name: `x${k}`,
    lower: problem.x.lower[k]!,
    upper: problem.x.upper[k]!,
    scale: 'linear',
  })),
  world: functionWorld(problem),
  optimum:
    optimum?.every((value, k) => value >= problem.x.lower[k]! && value <= problem.x.upper[k]!) === true
      ? optimum
      : null,
})
