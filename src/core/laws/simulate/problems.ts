/** Arbitrary bilevel problems with known solutions, and arbitrary hostility. */
import * as fc from 'fast-check'
import { functions } from './functions.js'
import type { Hostility } from './Hostility.js'
import { thousandths } from '../numbers.js'
import { randomQuadratic } from './Quadratic.js'
import { randomRidge, ridge, type Ridge } from './Ridge.js'
import type { Simulated } from './World.js'

/** The problem, shown by its description in counterexamples. */
const named = (simulated: Simulated): Simulated =>
  Object.assign({ [fc.toStringMethod]: () => JSON.stringify(simulated.description) }, simulated)

/**
 * Diagonal ridge problems with up to this many hyperparameters; the optimum is within the space.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const [one]: ReadonlyArray<Simulate.Ridge> = fc.sample(Simulate.ridges(3), { seed: 1, numRuns: 1 })
 * // Validation always prefers smaller weights than training.
 * one?.a.every((value, k) => value > (one.b[k] ?? 0)) // => true
 * ```
 */
export const ridges = (maxDimension = 3): fc.Arbitrary<Ridge> =>
  fc
    .array(fc.record({ b: thousandths(0.2, 2), shrinkage: thousandths(1.1, 8) }), {
      minLength: 1,
      maxLength: maxDimension,
    })
    .map(parts => ({ a: parts.map(({ b, shrinkage }) => b * shrinkage), b: parts.map(({ b }) => b) }))

/**
 * Ridge problems with up to this many hyperparameters, each with its world.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const some = fc.sample(Simulate.ridgeProblems(2), { seed: 1, numRuns: 20 })
 * some.every(({ optimum, space }) => optimum?.length === space.length) // => true
 * ```
 */
export const ridgeProblems = (maxDimension = 3): fc.Arbitrary<Simulated> =>
  ridges(maxDimension).map(problem => named(ridge(problem)))

/**
 * Ridge problems with exactly this many hyperparameters. A case is a seed from which everything is drawn, so that a
 * counterexample stays readable in any dimension.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const [one] = fc.sample(Simulate.ridgeProblemsOf(5000), { seed: 1, numRuns: 1 })
 * one?.space.length // => 5000
 * ```
 */
export const ridgeProblemsOf = (dimension: number): fc.Arbitrary<Simulated> =>
  fc
    .nat(1_000_000)
    .map(seed =>
      named({ ...ridge(randomRidge(dimension, seed)), description: { problem: 'ridge', dimension, seed } }),
    )

/**
 * Random strongly convex quadratics F and f; λ is x, on the linear scale.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const some = fc.sample(Simulate.quadraticProblems(2), { seed: 1, numRuns: 10 })
 * some.every(({ space }) => space.every(({ scale }) => scale === 'linear')) // => true
 * ```
 */
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

/**
 * Both kinds. Ridge problems come four times as often, since they are answered faster.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const scales = fc.sample(Simulate.problems(1), { seed: 1, numRuns: 40 }).map(({ space }) => space[0]?.scale)
 * // Ridge problems are on the log scale, quadratics on the linear one.
 * Array.from(new Set(scales)).sort() // => ['linear', 'log']
 * ```
 */
export const problems = (maxDimension = 2): fc.Arbitrary<Simulated> =>
  fc.oneof(
    { weight: 4, arbitrary: ridgeProblems(maxDimension) },
    { weight: 1, arbitrary: quadraticProblems(maxDimension) },
  )

/**
 * Half of the cases have neither failures nor noise; the others have one or both. Efforts are whole or fractional.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const some = fc.sample(Simulate.hostilities, { seed: 1, numRuns: 100 })
 * const kinds = [some.some(({ noise }) => noise > 0), some.some(({ failing }) => failing.includes(true))] // => [true, true]
 * ```
 */
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
