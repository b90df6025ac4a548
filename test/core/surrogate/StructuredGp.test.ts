import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Laws } from '../../../src/core/laws/index.js'
import * as GaussianProcess from '../../../src/core/surrogate/GaussianProcess.js'
import type { GpObservation, Hyperparameters } from '../../../src/core/surrogate/Gp.js'
import * as StructuredGp from '../../../src/core/surrogate/StructuredGp.js'
import { near, right } from './support.js'

const seed = 7

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true })
const vector = (d: number, min: number, max: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(between(min, max), { minLength: d, maxLength: d })

interface Case {
  readonly hyperparameters: Hyperparameters
  readonly observations: ReadonlyArray<GpObservation>
  readonly at: ReadonlyArray<number>
}

/**
 * n ≤ 8 observations of values, gradients or both in d ≤ 20 dimensions. `blocks`: how many kinds of components there
 * are, each with a length scale and noise of its own.
 */
const cases = (blocks: number): fc.Arbitrary<Case> =>
  fc.integer({ min: 1, max: 20 }).chain(d =>
    fc
      .record({
        kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
        signalVariance: between(0.1, 10),
        lengths: vector(blocks, 0.3, 3),
        noiseVariance: between(0.1, 1),
        gradientNoiseVariance: between(0.1, 1),
        kinds: fc.array(fc.nat(blocks - 1), { minLength: d, maxLength: d }),
        at: vector(d, -1.5, 1.5),
        observations: fc.array(
          fc.record({
            x: vector(d, -1, 1),
            value: between(-3, 3),
            gradient: vector(d, -3, 3),
            valueNoise: between(1e-3, 1),
            noises: vector(blocks, 1e-3, 1),
            kind: fc.constantFrom('value', 'gradient', 'both', 'both'),
          }),
          { minLength: 1, maxLength: 8 },
        ),
      })
      .map(({ lengths, kinds, observations, at, ...rest }) => ({
        hyperparameters: { ...rest, lengthScales: kinds.map(kind => Math.sqrt(d) * lengths[kind]!) },
        at,
        observations: observations.map(({ x, value, gradient, valueNoise, noises, kind }) => ({
          x,
          value: kind === 'gradient' ? null : value,
          gradient: kind === 'value' ? null : gradient,
          valueNoise,
          gradientNoise: kind === 'value' ? [] : kinds.map(k => noises[k]!),
        })),
      })),
  )

const nearAll = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, tolerance: number): void => {
  expect(a.length).toBe(b.length)
  const size = b.reduce((max, entry) => Math.max(max, Math.abs(entry)), 1)
  a.forEach((entry, k) => expect(Math.abs(entry - b[k]!)).toBeLessThanOrEqual(tolerance * size))
}

/** Asserts that both processes say the same, at a point and of the data; `tolerance` relative to max(1, size). */
const agree = ({ hyperparameters, observations, at }: Case, tolerance: number): void => {
  const dense = right(GaussianProcess.conditionOn(hyperparameters)(observations))
  const structured = right(StructuredGp.conditionOn(hyperparameters)(observations))
  for (const place of [at, observations[0]!.x]) {
    const [expected, found] = [
      GaussianProcess.posterior(dense)(place),
      StructuredGp.posterior(structured)(place),
    ]
    near(found.mean, expected.mean, tolerance)
    near(found.variance, expected.variance, tolerance)
    nearAll(found.meanGradient, expected.meanGradient, tolerance)
    nearAll(found.varianceGradient, expected.varianceGradient, tolerance)
    expect(StructuredGp.marginal(structured)(place)).toEqual({ mean: found.mean, variance: found.variance })
  }
  near(StructuredGp.logDensity(structured), GaussianProcess.logDensity(dense), tolerance)
  const [expected, found] = [GaussianProcess.hyperGradient(dense), StructuredGp.hyperGradient(structured)]
  near(found.signalVariance, expected.signalVariance, tolerance)
  nearAll(found.lengthScales, [expected.lengthScales.reduce((sum, slope) => sum + slope, 0)], tolerance)
  near(found.noiseVariance, expected.noiseVariance, tolerance)
  near(found.gradientNoiseVariance, expected.gradientNoiseVariance, tolerance)
}

describe('the structured process is the dense one', () => {
  it.each([1, 2, 3])('to 1e-8 with %i kinds of components', blocks => {
    fc.assert(
      fc.property(cases(blocks), one => agree(one, 1e-8)),
      { seed, numRuns: 150 },
    )
  })

  it('to 1e-8 where every component has a noise and a length scale of its own', () => {
    fc.assert(
      fc.property(cases(20), one => agree(one, 1e-8)),
      { seed, numRuns: 40 },
    )
  })
})

it('keeps the laws of regression', () => {
  Laws.assert(Laws.regression(StructuredGp)({ runs: 300, seed }))
})
