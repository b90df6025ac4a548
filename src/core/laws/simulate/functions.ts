/** A world for a problem given as functions. It answers as `solveBilevel` does: y takes the place of the weights. */
import { type BilevelProblem, complete } from '../../inMemory/BilevelProblem.js'
import * as FunctionWorld from '../../inMemory/FunctionWorld.js'
import type { Simulated, World } from './World.js'

const wrapped = (world: FunctionWorld.FunctionWorld): World => ({
  answer: question => {
    const [observation, after] = FunctionWorld.answer(question)(world)
    return [observation, wrapped(after)]
  },
  release: refs => wrapped(FunctionWorld.release(refs)(world)),
  held: [...world.store.keys()],
})

/**
 * The world of a problem whose x has finite bounds. Questions for reports (`EvaluateLosses`, `Refit`) fail, since such
 * a problem has no data sets.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const world: Simulate.World = Simulate.functionWorld(Simulate.randomQuadratic(1, 2, 7).problem)
 * const [solved] = world.answer({ _tag: 'SolveLowerLevel', id: 0, lambda: [1], from: 'initial', tolerance: 1e-6, maxEpochs: 100 })
 * solved._tag // => 'LowerLevelSolved'
 * ```
 */
export const functionWorld = (problem: BilevelProblem): World =>
  wrapped(
    FunctionWorld.make(complete(problem), {
      starts: 1,
      seed: 0,
      maxIterations: 200,
      outsets: [],
      remembers: false,
      known: [],
    }),
  )

/**
 * The problem with its space (λ is x itself) and its solution.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { problem, x } = Simulate.randomQuadratic(1, 2, 7)
 * const simulated = Simulate.functions('a quadratic', problem, x)
 * simulated.space // => [{ name: 'x0', lower: -10, upper: 10, scale: 'linear' }]
 * ```
 */
export const functions = (
  description: unknown,
  problem: BilevelProblem,
  optimum: ReadonlyArray<number> | null,
): Simulated => {
  const { lower, upper } = complete(problem).x
  return {
    description,
    space: lower.map((bound, k) => ({ name: `x${k}`, lower: bound, upper: upper[k]!, scale: 'linear' })),
    world: functionWorld(problem),
    optimum: optimum?.every((value, k) => value >= lower[k]! && value <= upper[k]!) === true ? optimum : null,
  }
}
