import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Measured } from '../../../src/core/tracking/Measured.js'
import { bendOf, biasOf, nextMultiplier, onsetOf, skewLength } from '../../../src/core/tracking/multiplier.js'
import { cases } from '../../support/cases.js'

const options = { min: 1, max: 1e4, trust: 2, noise: 0.3, bias: 0.1 }
const size = fc.double({ min: 1e-6, max: 1e3, noNaN: true })
const kappa = fc.double({ min: 1, max: 1e4, noNaN: true })

describe('the multiplier', () => {
  it('stays within its limits, and changes by its trusted factor at most', () => {
    fc.assert(
      fc.property(
        fc.oneof(size, fc.constant(0)),
        fc.oneof(size, fc.constant(0)),
        fc.oneof(size, fc.constant(0)),
        kappa,
        (signal, noise, bias, before) => {
          const after = nextMultiplier(options)({ signal, noise }, bias, 0)(before)
          expect(after).toBeGreaterThanOrEqual(options.min)
          expect(after).toBeLessThanOrEqual(options.max)
          expect(after / before).toBeGreaterThan(1 / 2 - 1e-12)
          expect(after / before).toBeLessThan(2 + 1e-12)
        },
      ),
      cases(1000, 'quick'),
    )
  })

  it('falls where noise alone exceeds its share, rises where bias alone does, and else stays', () => {
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 10, max: 1000, noNaN: true }),
        (signal, n, b, before) => {
          const after = nextMultiplier(options)({ signal, noise: n * 0.3 * signal }, b * 0.1 * signal, 0)(
            before,
          )
          if (n > 1.001 && b < 0.999) expect(after).toBeLessThan(before)
          if (n < 0.999 && b > 1.001) expect(after).toBeGreaterThan(before)
          if (n < 0.999 && b < 0.999) expect(after).toBeCloseTo(before, 9)
        },
      ),
      cases(1000, 'quick'),
    )
  })

  it('brings the noise within its share, if it grows with κ and no faster', () => {
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 1.01, max: 1.99, noNaN: true }),
        fc.double({ min: 10, max: 1000, noNaN: true }),
        (signal, excess, before) => {
          const noise = excess * 0.3 * signal
          const after = nextMultiplier(options)({ signal, noise }, 0, 0)(before)
          expect((noise * after) / before).toBeLessThanOrEqual(0.3 * signal * (1 + 1e-12))
        },
      ),
      cases(500, 'quick'),
    )
  })

  it('does not depend on the signal where no κ satisfies both', () => {
    const wanted = (signal: number): number => nextMultiplier(options)({ signal, noise: 1 }, 0.5, 0)(100)
    // 100·∛(0.5·0.3/(1·0.1)) = 114.5
    expect(wanted(0.1)).toBeCloseTo(100 * Math.cbrt(1.5), 9)
    expect(wanted(0)).toBe(wanted(0.1))
  })
})

/** Pairs of F(z±) = F ∓ d·t + e·t² with t = 1/κ, each with its noise. */
const bentBy = (d: number, e: number, kappas: ReadonlyArray<number>, noise = 0): ReadonlyArray<Measured> =>
  kappas.map((coefficient, i) => ({
    unit: [0.5],
    gradient: [1],
    skew: [0],
    moved: {
      along: (2 * d) / coefficient,
      bent: (2 * e) / coefficient ** 2 + noise * (i % 2 === 0 ? 1 : -1),
    },
    coefficient,
  }))

describe('the bend of a pair', () => {
  it('is e·t/d at any κ, from pairs with other ones', () => {
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.array(fc.double({ min: 10, max: 1000, noNaN: true }), { minLength: 3, maxLength: 6 }),
        (d, onset, kappas) => {
          const bend = bendOf(bentBy(d, onset * d, kappas))(50)
          expect(Math.abs(bend / (onset / 50) - 1)).toBeLessThan(1e-6)
        },
      ),
      cases(500, 'quick'),
    )
  })

  it('above a half raises κ, whatever the noise, to where it is a half', () => {
    fc.assert(
      fc.property(
        size,
        size,
        fc.double({ min: 0.501, max: 0.999, noNaN: true }),
        fc.double({ min: 10, max: 1000, noNaN: true }),
        (signal, noise, bend, before) => {
          const after = nextMultiplier(options)({ signal, noise }, 0, bend)(before)
          expect((bend * before) / after).toBeLessThanOrEqual(0.5 + 1e-9)
        },
      ),
      cases(500, 'quick'),
    )
  })

  it('is none where it may be noise, and where F is bent downwards', () => {
    expect(bendOf(bentBy(1, 0, [20, 20, 20, 20], 1))(20)).toBe(0)
    expect(bendOf(bentBy(1, -30, [20, 20, 20]))(20)).toBe(0)
    expect(bendOf([])(20)).toBe(0)
    // Of a single pair only what exceeds all of F₁ counts.
    expect(bendOf(bentBy(1, 15, [20]))(20)).toBe(0)
    expect(bendOf(bentBy(1, 30, [20]))(20)).toBeCloseTo(1.5, 12)
  })

  it('has no limit where both paths end above y', () => {
    expect(bendOf(bentBy(-1, 30, [20, 20, 20]))(20)).toBe(Infinity)
    expect(nextMultiplier(options)({ signal: 0, noise: 1 }, 0, Infinity)(20)).toBe(40)
  })
})

describe('the bias', () => {
  it('is b·onset/κ, where the onset is the κ at which b would be as long as the gradient', () => {
    const onset = onsetOf(40, 0.25)({ signal: 1, noise: 0 })(null)
    expect(onset).toBe(10)
    expect(biasOf(40, 0.25, onset)).toBeCloseTo(0.25 * (10 / 40), 12)
  })

  it('keeps its onset where the gradient is lost in noise', () => {
    expect(onsetOf(40, 0.25)({ signal: 0.1, noise: 1 })(7)).toBe(7)
    expect(onsetOf(40, 0.25)({ signal: 0, noise: 0 })(null)).toBe(null)
  })

  it('is that of a geometric series', () => {
    // g(t) = 1/(1 + r·t), whose one-sided pairs are g(t) and g(−t).
    fc.assert(
      fc.property(
        fc.double({ min: 0.5, max: 5, noNaN: true }),
        fc.double({ min: 10, max: 100, noNaN: true }),
        (r, kappa) => {
          const [plus, minus] = [1 / (1 + r / kappa), 1 / (1 - r / kappa)]
          const [gradient, skew] = [(plus + minus) / 2, (minus - plus) / 2]
          const bias = biasOf(kappa, skew, onsetOf(kappa, skew)({ signal: gradient, noise: 0 })(null))
          expect(bias).toBeCloseTo(gradient - 1, 9)
        },
      ),
      cases(500, 'quick'),
    )
  })

  it('counts no noise as skew, and no repeat', () => {
    const options = { fading: 1, reach: 0.1 }
    const at = (skew: number | null): Measured => ({
      unit: [0.5],
      gradient: [9],
      skew: skew === null ? null : [skew],
      moved: null,
      coefficient: 10,
    })
    expect(skewLength(options)([at(null), at(2), at(2)])).toBeCloseTo(2, 12)
    expect(skewLength(options)([1, -1, 1, -1].map(at))).toBe(0)
  })
})
