import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Descent from '../../../src/core/bilevel/Descent.js'
import { epsilonAt } from '../../../src/core/bilevel/Tolerance.js'

const runs = { numRuns: 1000 }
const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true })

const options: Descent.DescentOptions = {
  initialStep: 0.07,
  maxStep: 0.15,
  minStep: 1e-4,
  growth: 1.2,
  shrinkage: 0.5,
}

describe('the tolerance schedule', () => {
  it('is positive, never grows, and never falls below its final value', () => {
    fc.assert(
      fc.property(
        finite(1e-9, 1),
        finite(0.01, 1),
        finite(1e-3, 1e3),
        fc.nat(200),
        (initial, factor, scale, k) => {
          const at = epsilonAt({ initial, factor, final: initial / 100 })(scale)
          expect(at(k)).toBeGreaterThan(0)
          expect(at(k + 1)).toBeLessThanOrEqual(at(k))
          expect(at(k)).toBeGreaterThanOrEqual((initial / 100) * scale)
        },
      ),
      runs,
    )
  })
})

describe('the descent of λ', () => {
  const point = fc.array(finite(0, 1), { minLength: 3, maxLength: 3 })
  // Not so small that scaling would turn a slope into zero.
  const slope = fc.oneof(fc.constant(0), finite(1e-3, 1e3), finite(-1e3, -1e-3))
  const slopes = fc.array(slope, { minLength: 3, maxLength: 3 })

  it('stays in the unit cube and within its step lengths, and never climbs', () => {
    fc.assert(
      fc.property(point, fc.array(slopes, { minLength: 1, maxLength: 20 }), (from, gradients) => {
        let unit: ReadonlyArray<number> = from
        let descent = Descent.start(options, 3)
        for (const gradient of gradients) {
          const moved = Descent.step(options)(unit, gradient)(descent)
          moved.unit.forEach((u, k) => {
            expect(u).toBeGreaterThanOrEqual(0)
            expect(u).toBeLessThanOrEqual(1)
            expect((u - unit[k]!) * gradient[k]!).toBeLessThanOrEqual(0)
            expect(Math.abs(u - unit[k]!)).toBeLessThanOrEqual(options.maxStep + 1e-15)
          })
          ;({ unit, descent } = moved)
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
          const descent = Descent.start(options, 3)
          const scaled = gradient.map((slope, k) => slope * s[k]!)
          expect(Descent.step(options)(unit, scaled)(descent).unit).toEqual(
            Descent.step(options)(unit, gradient)(descent).unit,
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
        let descent = Descent.start(options, 3)
        for (let i = 0; i < 40; i++) {
          const gradient = unit.map((u, k) => Math.expm1(5 * (u - least[k]!)))
          ;({ unit, descent } = Descent.step(options)(unit, gradient)(descent))
        }
        unit.forEach((u, k) => expect(Math.abs(u - least[k]!)).toBeLessThan(2e-3))
      }),
      runs,
    )
  })
})
