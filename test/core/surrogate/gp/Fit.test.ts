import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Fit from '../../../../src/core/surrogate/gp/Fit.js'
import type { GpObservation } from '../../../../src/core/surrogate/gp/Gp.js'
import { right } from '../support.js'
import { cases } from '../../../support/cases.js'

const options: Fit.FitOptions = { starts: 1, maxIterations: 60, maxRows: 300, noiseFloor: 1e-12 }

/** A wave sampled at n points of the unit square. */
const wave = (n: number, frequency: number, noise: number): ReadonlyArray<GpObservation> =>
  Array.from({ length: n }, (_, i) => {
    const x = [0.5 + 0.5 * Math.sin(7 * i + 1), 0.5 + 0.5 * Math.sin(11 * i)]
    const angle = frequency * (x[0]! + 0.5 * x[1]!)
    return {
      x,
      value: Math.sin(angle) + noise * Math.sin(1e4 * i),
      gradient: [frequency * Math.cos(angle), 0.5 * frequency * Math.cos(angle)],
      valueNoise: 1e-6,
      gradientNoise: [1e-4, 1e-4],
    }
  })

const waves = fc.record({
  n: fc.integer({ min: 2, max: 14 }),
  frequency: fc.double({ min: 0.5, max: 6, noNaN: true }),
  // With more noise, values contradict gradients, and a fit may stop at a saddle between two explanations.
  noise: fc.constantFrom(0, 1e-3),
  kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
})

describe('Fit', () => {
  it('raises the log posterior, and continuing from its result gains less than 0.1', () => {
    fc.assert(
      fc.property(waves, ({ n, frequency, noise, kernel }) => {
        const observations = wave(n, frequency, noise)
        const start = Fit.unfitted(kernel, 2)
        const nothing = right(Fit.fit({ ...options, maxIterations: 0 })(start, observations))
        const fitted = right(Fit.fit(options)(start, observations))
        const again = right(Fit.fit(options)(fitted.hyperparameters, observations))
        expect(fitted.logPosterior).toBeGreaterThan(nothing.logPosterior)
        // Continuing never loses anything. Hyperparameters that went through a logarithm and back are off in their last
        // bits, and without noise K's condition is 10¹³: the posterior at the start may differ by 1e-3 (n = 13, 1.944).
        const held = right(Fit.fit({ ...options, maxIterations: 0 })(fitted.hyperparameters, observations))
        expect(Math.abs(held.logPosterior - fitted.logPosterior)).toBeLessThan(0.01)
        expect(again.logPosterior).toBeGreaterThanOrEqual(held.logPosterior)
        expect(again.logPosterior - fitted.logPosterior).toBeLessThan(0.1)
      }),
      {
        ...cases(200, 'slow'),
        examples: [[{ n: 13, frequency: 1.9440773386762973, noise: 0, kernel: 'rbf' }]],
      },
    )
  })

  it('converges, and needs no more evaluations if started from its result', () => {
    const observations = wave(30, 3, 0)
    const first = right(Fit.fit(options)(Fit.unfitted('matern52', 2), observations))
    const again = right(Fit.fit(options)(first.hyperparameters, observations))
    expect(first.status).toBe('converged')
    expect(again.evaluations).toBeLessThanOrEqual(first.evaluations)
  })

  it('finds length scales that grow as the function slows down', () => {
    const lengthOf = (frequency: number): number =>
      right(Fit.fit(options)(Fit.unfitted('matern52', 2), wave(20, frequency, 0))).hyperparameters
        .lengthScales[0]!
    expect(lengthOf(1)).toBeGreaterThan(1.5 * lengthOf(4))
  })

  it('names an observation that cannot be used', () => {
    const [one] = wave(1, 1, 0)
    const outcome = Fit.fit(options)(Fit.unfitted('rbf', 2), [{ ...one!, x: [1] }])
    if (E.isRight(outcome)) expect.fail('was accepted')
    expect(outcome.left._tag).toBe('InvalidConfig')
  })
})
