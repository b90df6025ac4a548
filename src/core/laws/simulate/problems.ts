/** Arbitrary bilevel problems with known solutions, and arbitrary hostility. */
import * as fc from 'fast-check'
import { functions } from './functions.js'
import type { Hostility } from './Hostility.js'
import { thousandths } from '../numbers.js'
import { randomQuadratic } from './Quadratic.js'
import { randomRidge, ridge, type Ridge } from './Ridge.js'
import type { Simulated } from './World.js'

/** Shown by its description in counterexamples. */
const named = (simulated: Simulated): Simulated =>
  Object.assign({ [fc.toStringMethod]: () => JSON.stringify(simulated.description) }, simulated)

/** Diagonal ridge problems with up to this many hyperparameters; the optimum is within the space. */
export const ridges = (maxDimension = 3): fc.Arbitrary<Ridge> =>
  fc
    .array(fc.record({ b: thousandths(0.2, 2), shrinkage: thousandths(1.1, 8) }), {
      minLength: 1,
      maxLength: maxDimension,
    })
    .map(parts => ({ a: parts.map(({ b, shrinkage }) => b * shrinkage), b: parts.map(({ b }) => b) }))

/** Ridge problems with up to this many hyperparameters, each with its world. */
export const ridgeProblems = (maxDimension = 3): fc.Arbitrary<Simulated> =>
  ridges(maxDimension).map(problem => named(ridge(problem)))

/**
 * Ridge problems with exactly this many hyperparameters, however many: a case is a seed, from which everything is drawn, so
 * that a counterexample can be read.
 */
export const ridgeProblemsOf = (dimension: number): fc.Arbitrary<Simulated> =>
  fc
    .nat(1_000_000)
    .map(seed =>
      named({ ...ridge(randomRidge(dimension, seed)), description: { problem: 'ridge', dimension, seed } }),
    )

/** Random strongly convex quadratics F and f; λ is x, on the linear scale. */
export const quadraticProblems = (maxDimension = 2): fc.Arbitrary<Simulated> =>
  fc
    .record({
      dimension: fc.integer({ min: 1, max: maxDimension }),
      weights: fc.integer({ min: 1, max: 3 }),
      seed: fc.nat(1_000_000),
    })
    .map(spec => {
      const { problem, x } = randomQuadratic(spec.dimension, spec.weights, spec.seed)
      return named(functions({ problem: 'quadratic', ...spec }, problem, x))
    })

/** Both kinds, ridge problems four times as often: they are answered faster. */
export const problems = (maxDimension = 2): fc.Arbitrary<Simulated> =>
  fc.oneof(
    { weight: 4, arbitrary: ridgeProblems(maxDimension) },
    { weight: 1, arbitrary: quadraticProblems(maxDimension) },
  )

/** Neither failures nor noise in half of the cases, one of them or both in the others; efforts of either kind. */
export const hostilities: fc.Arbitrary<Hostility> = fc.record({
  failing: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }) },
  ),
  noise: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: thousandths(0.001, 0.5) },
  ),
  fractionalEffort: fc.boolean(),
  seed: fc.nat(1000),
})
