import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Signs from '../../../src/core/bilevel/descent/Signs.js'
import { nextEpsilon } from '../../../src/core/bilevel/tolerance.js'
import { cases } from '../../support/cases.js'

const runs = cases(1000, 'quick')
const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true })

const options: Signs.SignsOptions = {
  rule: 'signs',
  initialStep: 0.07,
  maxStep: 0.15,
  minStep: 1e-4,
  growth: 1.2,
  shrinkage: 0.5,
}

describe('the tolerance schedule', () => {
  it('is positive, never grows, never falls below its final value, and waits for the violation', () => {
    fc.assert(
      fc.property(
        finite(1e-9, 1),
        finite(0.01, 1),
        finite(1e-3, 1e3),
        finite(0.01, 1),
        finite(0, 3),
        (initial, factor, scale, share, violations) => {
          const epsilon = initial * scale * share
          const violation = violations * epsilon
          const after = nextEpsilon({ factor })(epsilon / 100)(violation)(epsilon)
          expect(after).toBeGreaterThan(0)
          expect(after).toBeLessThanOrEqual(epsilon)
          expect(after).toBeGreaterThanOrEqual(0.009999 * epsilon)
          if (violation > 2 * epsilon) expect(after).toBe(epsilon)
        },
      ),
      runs,
    )
  })
})

describe('the descent of λ', () => {
  const point = fc.array(finite(0, 1), { minLength: 3, maxLength: 3 })
  // Large enough that scaling does not turn a slope into zero.
  const slope = fc.oneof(fc.constant(0), finite(1e-3, 1e3), finite(-1e3, -1e-3))
  const slopes = fc.array(slope, { minLength: 3, maxLength: 3 })

  it('stays in the unit cube and within its step lengths, and never climbs', () => {
    fc.assert(
      fc.property(point, fc.array(slopes, { minLength: 1, maxLength: 20 }), (from, gradients) => {
        let unit: ReadonlyArray<number> = from
        let descent: Signs.Signs = Signs.start(options, 3)
        for (const gradient of gradients) {
          const moved = Signs.step(options)({ unit, gradient, merit: 0, noise: 0 })(descent)
          moved.unit.forEach((u, k) => {
            expect(u).toBeGreaterThanOrEqual(0)
            expect(u).toBeLessThanOrEqual(1)
            expect((u - unit[k]!) * gradient[k]!).toBeLessThanOrEqual(0)
            expect(Math.abs(u - unit[k]!)).toBeLessThanOrEqual(options.maxStep + 1e-15)
          })
          ;({ unit, after: descent } = moved)
        }
        for (const length of descent.steps) {
          expect(length).toBeGreaterThanOrEqual(options.minStep)
          expect(length).toBeLessThanOrEqual(options.maxStep)
        }
      }),
      runs,
    )
  })

  it('does not depend on the scale of the derivatives', () => {
    fc.assert(
      fc.property(
        point,
        slopes,
        fc.array(finite(1e-6, 1e6), { minLength: 3, maxLength: 3 }),
        (unit, gradient, s) => {
          const descent = Signs.start(options, 3)
          const scaled = gradient.map((slope, k) => slope * s[k]!)
          expect(Signs.step(options)({ unit, gradient: scaled, merit: 0, noise: 0 })(descent).unit).toEqual(
            Signs.step(options)({ unit, gradient, merit: 0, noise: 0 })(descent).unit,
          )
        },
      ),
      runs,
    )
  })

  it('finds the minimum of a separable function to 1e-3 of the range in 40 steps', () => {
    fc.assert(
      fc.property(point, point, (from, least) => {
        let unit: ReadonlyArray<number> = from
        let descent: Signs.Signs = Signs.start(options, 3)
        for (let i = 0; i < 40; i++) {
          const gradient = unit.map((u, k) => Math.expm1(5 * (u - least[k]!)))
          ;({ unit, after: descent } = Signs.step(options)({ unit, gradient, merit: 0, noise: 0 })(descent))
        }
        unit.forEach((u, k) => expect(Math.abs(u - least[k]!)).toBeLessThan(2e-3))
      }),
      runs,
    )
  })
})
