import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Gp, GpObservation, Hyperparameters } from '../../../src/core/surrogate/gp/Gp.js'
import type { ValueFunction } from '../../../src/core/surrogate/ValueFunction.js'

export const right = <A>(either: E.Either<{ readonly message: string }, A>): A =>
  E.isRight(either) ? either.right : expect.fail(either.left.message)

/** The dense process of a φ̂ that has one. */
export const denseOf = ({ model }: ValueFunction): Gp =>
  model._tag === 'Dense' ? model.gp : expect.fail('φ̂ is not modelled by a dense process')

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true })

const vector = (d: number, min: number, max: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(between(min, max), { minLength: d, maxLength: d })

export interface Case {
  readonly hyperparameters: Hyperparameters
  readonly observations: ReadonlyArray<GpObservation>
  readonly at: ReadonlyArray<number>
}

/**
 * Hyperparameters, up to 6 observations of values, gradients or both in up to 3 dimensions, and a point to predict at.
 */
export const regressions: fc.Arbitrary<Case> = fc.integer({ min: 1, max: 3 }).chain(d =>
  fc.record({
    hyperparameters: fc.record({
      kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
      signalVariance: between(0.1, 10),
      lengthScales: vector(d, 0.2, 3),
      noiseVariance: between(1e-3, 1),
      gradientNoiseVariance: between(1e-3, 1),
    }),
    observations: fc.array(
      fc
        .record({
          x: vector(d, -2, 2),
          value: between(-3, 3),
          gradient: vector(d, -3, 3),
          valueNoise: between(0.1, 2),
          gradientNoise: vector(d, 0.1, 2),
          kind: fc.constantFrom('value', 'gradient', 'both'),
        })
        .map(({ x, value, gradient, valueNoise, gradientNoise, kind }) => ({
          x,
          value: kind === 'gradient' ? null : value,
          gradient: kind === 'value' ? null : gradient,
          valueNoise,
          gradientNoise: kind === 'value' ? [] : gradientNoise,
        })),
      { minLength: 1, maxLength: 6 },
    ),
    at: vector(d, -2.5, 2.5),
  }),
)

/** The derivative of f along component k by a central difference of fourth order. */
export const difference = (
  f: (x: ReadonlyArray<number>) => number,
  x: ReadonlyArray<number>,
  k: number,
  h = 1e-3,
): number => {
  const at = (by: number): number => f(x.map((xi, i) => (i === k ? xi + by : xi)))
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h)
}

/**
 * Asserts that g is the derivative of f along component k, by a difference of some step. Matérn kernels have four
 * derivatives: within a step of an observation a difference of fourth order is off, the more the longer the step.
 */
export const isSlope = (
  g: number,
  f: (x: ReadonlyArray<number>) => number,
  x: ReadonlyArray<number>,
  k: number,
  tolerance: number,
): void => {
  expect(slopeError(g, f, x, k) / Math.max(1, Math.abs(g))).toBeLessThanOrEqual(tolerance)
}

/** How far g is from the difference, of three steps, that is nearest to it. */
export const slopeError = (
  g: number,
  f: (x: ReadonlyArray<number>) => number,
  x: ReadonlyArray<number>,
  k: number,
): number => Math.min(...[1e-3, 1e-4, 1e-5].map(h => Math.abs(g - difference(f, x, k, h))))

/** Asserts |a − b| ≤ tolerance · max(1, |b|). */
export const near = (a: number, b: number, tolerance: number): void => {
  expect(Math.abs(a - b)).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(b)))
}
