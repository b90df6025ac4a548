import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Rng from '../../../src/core/numeric/Rng.js'
import * as Acquisition from '../../../src/core/surrogate/Acquisition.js'
import * as GaussianProcess from '../../../src/core/surrogate/gp/GaussianProcess.js'
import { cases } from '../../support/cases.js'

const number = (min: number, max: number) => fc.double({ min, max, noNaN: true })

/**
 * ∫ max(0, b − f) p(f) df by Simpson's rule, from b, where the integrand ends, down to 12 standard deviations below the
 * lesser of m and b.
 */
const integrated = (mean: number, s: number, best: number): number => {
  const intervals = 4000
  const lower = Math.min(mean, best) - 12 * s
  const h = (best - lower) / intervals
  const at = (i: number): number => {
    const f = lower + i * h
    return ((best - f) * Math.exp(-0.5 * ((f - mean) / s) ** 2)) / (s * Math.sqrt(2 * Math.PI))
  }
  let sum = at(0) + at(intervals)
  for (let i = 1; i < intervals; i++) sum += (i % 2 === 1 ? 4 : 2) * at(i)
  return (sum * h) / 3
}

describe('expected improvement', () => {
  it('equals the integral, to a relative 1e-9', () => {
    fc.assert(
      fc.property(number(-3, 3), number(0.01, 3), number(-4, 4), (mean, s, z) => {
        const best = mean + z * s
        const found = Acquisition.expectedImprovement(best)({ mean, variance: s * s })
        expect(Math.abs(found / integrated(mean, s, best) - 1)).toBeLessThan(1e-9)
      }),
      cases(300),
    )
  })

  it('agrees with its logarithm, to a relative 1e-12, and the two gradients agree, to 1e-9', () => {
    fc.assert(
      fc.property(
        number(-3, 3),
        number(0.01, 3),
        number(-8, 8),
        number(-1, 1),
        number(-1, 1),
        (mean, s, z, slope, spread) => {
          const posterior = { mean, variance: s * s, meanGradient: [slope], varianceGradient: [spread] }
          const best = mean + z * s
          const plain = Acquisition.expectedImprovementGradient(best)(posterior)
          const log = Acquisition.logExpectedImprovementGradient(best)(posterior)
          expect(log.value).toBe(Acquisition.logExpectedImprovement(best)(posterior))
          expect(Math.abs(Math.exp(log.value) / plain.value - 1)).toBeLessThan(1e-12)
          const size = Math.abs(slope) + Math.abs(spread) / s
          // Far out the plain gradient is a difference of two numbers that nearly cancel.
          const scale = (size * (1 + z * z) * Math.max(1, -z) ** 2) / s
          // Its rounding where it underflows is divided by the value, too.
          const underflow = (Number.MIN_VALUE * 1e6) / plain.value
          expect(Math.abs(plain.gradient[0]! / plain.value - log.gradient[0]!)).toBeLessThanOrEqual(
            1e-9 * scale + underflow,
          )
        },
      ),
      cases(500),
    )
  })

  it('has a finite logarithm, with an ascent gradient, even if it underflows to zero', () => {
    for (const z of [-20, -50, -1e3, -1e6]) {
      const posterior = { mean: -z, variance: 1, meanGradient: [1], varianceGradient: [-0.5] }
      const { value, gradient } = Acquisition.logExpectedImprovementGradient(0)(posterior)
      expect(value).toBeLessThan(-0.5 * z * z)
      expect(value).toBeGreaterThan(-0.5 * z * z - 4 * Math.log(-z) - 1)
      // Towards smaller x the mean falls and the variance grows, so improvement lies there.
      expect(gradient[0]).toBeLessThan(z)
    }
  })

  it('is the certain gain if the variance is zero', () => {
    const certain = { mean: 1, variance: 0, meanGradient: [1], varianceGradient: [0] }
    expect(Acquisition.expectedImprovementGradient(3)(certain)).toEqual({ value: 2, gradient: [0] })
    expect(Acquisition.expectedImprovement(0)(certain)).toBe(0)
    expect(Acquisition.logExpectedImprovementGradient(3)(certain)).toEqual({
      value: -Infinity,
      gradient: [0],
    })
  })

  it('has the gradient of central differences over a Gaussian process, to 1e-5', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 2, max: 12 }),
        fc.nat(10_000),
        fc.constantFrom('matern52', 'rbf'),
        (d, n, seed, kernel) => {
          const [numbers] = Rng.uniforms((n + 1) * d)(Rng.make(seed))
          const [values] = Rng.normals(n)(Rng.make(seed, 1))
          const points = Array.from({ length: n + 1 }, (_, i) => numbers.slice(i * d, (i + 1) * d))
          const gp = GaussianProcess.condition({
            kernel,
            signalVariance: 1.3,
            lengthScales: Array.from({ length: d }, (_, k) => 0.4 + 0.1 * k),
            noiseVariance: 1e-3,
          })(points.slice(0, n), values)
          if (E.isLeft(gp)) throw new Error(gp.left.message)
          const best = Math.min(...values)
          const x = points[n]!
          const at = (point: ReadonlyArray<number>) =>
            pipe(point, GaussianProcess.posterior(gp.right), Acquisition.logExpectedImprovementGradient(best))
          const { gradient } = at(x)
          for (let k = 0; k < d; k++) {
            const moved = (by: number) => at(x.map((value, j) => (j === k ? value + by : value))).value
            const central = (h: number) => (moved(h) - moved(-h)) / (2 * h)
            // Richardson's extrapolation: next to a sample the third derivative is large.
            const difference = (4 * central(1e-5) - central(2e-5)) / 3
            expect(Math.abs(gradient[k]! - difference)).toBeLessThan(1e-5 * (1 + Math.abs(difference)))
          }
        },
      ),
      cases(200),
    )
  })
})
