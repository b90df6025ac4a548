import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  coefficient,
  gradient,
  infeasibility,
  matchedPenalty,
  type Multipliers,
  type Safeguards,
  secularMultiplier,
  update,
  value,
} from '../../../src/core/bilevel/AugmentedLagrangian.js'
import { cases } from '../../support/cases.js'

const runs = cases(1000, 'quick')
const finite = (min: number, max: number) => fc.double({ min, max, noNaN: true })

const multipliers: fc.Arbitrary<Multipliers> = fc.record({
  multiplier: finite(0, 1e4),
  penalty: finite(1e-3, 1e6),
  infeasibility: fc.option(finite(0, 10), { nil: null }),
})
const safeguards: Safeguards = {
  multiplierMax: 1e4,
  multiplierTrust: 4,
  penaltyMax: 1e8,
  penaltyGrowth: 10,
  sufficientDecrease: 0.5,
}

describe('the coefficient κ', () => {
  it('is never negative, and does not fall as the constraint grows', () => {
    fc.assert(
      fc.property(multipliers, finite(-10, 10), finite(0, 10), (before, g, more) => {
        const kappa = coefficient(before)
        expect(kappa(g)).toBeGreaterThanOrEqual(0)
        expect(kappa(g + more)).toBeGreaterThanOrEqual(kappa(g))
      }),
      runs,
    )
  })

  it('is the derivative of L by the constraint (central differences, 1e-5 of the scale)', () => {
    fc.assert(
      fc.property(finite(0, 100), finite(0.1, 100), finite(-3, 3), (multiplier, penalty, g) => {
        const L = value({ multiplier, penalty })
        const h = 1e-5
        const slope = (L(1, g + h) - L(1, g - h)) / (2 * h)
        // At the kink of max(0, ·) the difference quotient lies between the one-sided slopes, ρ·h apart.
        const scale = 1 + multiplier + penalty * Math.abs(g)
        expect(Math.abs(slope - coefficient({ multiplier, penalty })(g))).toBeLessThan(
          1e-5 * scale + penalty * h,
        )
      }),
      runs,
    )
  })
})

describe('the augmented Lagrangian', () => {
  it('is F if the multiplier is zero and the constraint slack', () => {
    fc.assert(
      fc.property(finite(1e-3, 1e6), finite(-5, 5), finite(-5, 0), (penalty, upper, g) => {
        expect(value({ multiplier: 0, penalty })(upper, g) - upper).toBe(0)
      }),
      runs,
    )
  })

  it('is at most F plus the linear and quadratic penalty, and equals it if g ≥ −μ/ρ', () => {
    fc.assert(
      fc.property(
        finite(0, 100),
        finite(0.1, 100),
        finite(-5, 5),
        finite(-3, 3),
        (multiplier, penalty, F, g) => {
          const quadratic = F + multiplier * g + (penalty / 2) * g * g
          const L = value({ multiplier, penalty })(F, g)
          const tolerance =
            1e-9 * (1 + Math.abs(F) + multiplier * 3 + penalty * 9 + (multiplier * multiplier) / penalty)
          expect(L).toBeLessThanOrEqual(quadratic + tolerance)
          if (g >= -multiplier / penalty) expect(Math.abs(L - quadratic)).toBeLessThan(tolerance)
        },
      ),
      runs,
    )
  })

  it('has ∂L/∂λ = ∂F/∂λ + κ(∂f/∂λ − ∇φ̂): finite differences on a quadratic in λ', () => {
    fc.assert(
      fc.property(finite(0, 10), finite(0.1, 10), finite(-1, 1), (multiplier, penalty, lambda) => {
        const F = (l: number): number => l * l
        const g = (l: number): number => Math.exp(l) - 1 - l * l - 0.1
        const L = (l: number): number => value({ multiplier, penalty })(F(l), g(l))
        const h = 1e-5
        const slope = (L(lambda + h) - L(lambda - h)) / (2 * h)
        const kappa = coefficient({ multiplier, penalty })(g(lambda))
        const [stated] = gradient([2 * lambda], [Math.exp(lambda)], [2 * lambda], kappa)
        expect(Math.abs(slope - stated!)).toBeLessThan(1e-4 * (1 + multiplier + penalty))
      }),
      runs,
    )
  })
})

describe('the secular update', () => {
  const limits = { multiplierMax: 1e12, multiplierTrust: 1e4 }
  const power = (least: number, most: number) =>
    fc.double({ min: least, max: most, noNaN: true }).map(exponent => 10 ** exponent)

  it('finds μ at once where √v = c/(μ + h), to 1e-6', () => {
    fc.assert(
      fc.property(power(-3, 3), power(-2, 2), power(-2, 2), power(-2, 2), (c, h, truth, share) => {
        const at = (multiplier: number) => ({ multiplier, violation: (c / (multiplier + h)) ** 2 })
        fc.pre(Math.abs(share - 1) > 1e-3 && Math.abs(2 * share - 1) > 1e-3)
        const next = secularMultiplier(limits)(at(truth).violation)(at(truth * share))(at(2 * truth * share))
        expect(Math.abs(next / truth - 1)).toBeLessThanOrEqual(1e-6)
      }),
      cases(1000, 'quick'),
    )
  })

  it('changes μ by at most its trust, whatever was measured', () => {
    const one = fc.record({ multiplier: power(-9, 9), violation: power(-30, 9) })
    fc.assert(
      fc.property(fc.option(one), one, power(-30, 9), (earlier, now, epsilon) => {
        const next = secularMultiplier(limits)(epsilon)(earlier)(now)
        expect(next).toBeGreaterThanOrEqual(now.multiplier / limits.multiplierTrust)
        expect(next).toBeLessThanOrEqual(
          Math.min(limits.multiplierMax, now.multiplier * limits.multiplierTrust),
        )
      }),
      cases(1000, 'quick'),
    )
  })
})

describe('the outer update', () => {
  it('keeps 0 ≤ μ ≤ cap, never lowers ρ, and keeps ρ under its cap', () => {
    fc.assert(
      fc.property(multipliers, finite(-10, 10), finite(0, 1), (before, g, slack) => {
        const after = update(safeguards)({ slack, matched: Infinity })(g)(before)
        expect(after.multiplier).toBeGreaterThanOrEqual(0)
        expect(after.multiplier).toBeLessThanOrEqual(safeguards.multiplierMax)
        expect(after.penalty).toBeGreaterThanOrEqual(before.penalty)
        expect(after.penalty).toBeLessThanOrEqual(Math.max(before.penalty, safeguards.penaltyMax))
      }),
      runs,
    )
  })

  it('keeps ρ if infeasibility shrank enough, or is within its slack', () => {
    fc.assert(
      fc.property(multipliers, finite(-10, 10), finite(0, 1), (before, g, slack) => {
        const after = update(safeguards)({ slack, matched: Infinity })(g)(before)
        const shrank =
          before.infeasibility === null ||
          infeasibility(before)(g) <= safeguards.sufficientDecrease * before.infeasibility
        if (shrank || infeasibility(before)(g) <= slack) expect(after.penalty).toBe(before.penalty)
        else
          expect(after.penalty).toBe(
            Math.min(safeguards.penaltyMax, before.penalty * safeguards.penaltyGrowth),
          )
      }),
      runs,
    )
  })

  it('never raises ρ beyond the penalty that matches the multiplier', () => {
    fc.assert(
      fc.property(multipliers, finite(0, 10), finite(1e-3, 1e6), (before, g, matched) => {
        const after = update(safeguards)({ slack: 0, matched })(g)(before)
        expect(after.penalty).toBeLessThanOrEqual(Math.max(before.penalty, matched))
      }),
      runs,
    )
  })

  it('finds the multiplier of the closed-form example: F = x²+y², f = (x+y−1)², f − φ ≤ ε', () => {
    // x = y = (1−√ε)/2 and μ = (1−√ε)/(2√ε); φ = 0. For a fixed κ, F + κ·f is minimal at x = y = κ/(1 + 2κ).
    for (const epsilon of [1e-2, 1e-4, 1e-6, 1e-10]) {
      let state: Multipliers = { multiplier: 1, penalty: 0.1 / epsilon, infeasibility: null }
      for (let k = 0; k < 100; k++) {
        const at = state.multiplier / (1 + 2 * state.multiplier)
        const matched = matchedPenalty(state.multiplier, epsilon)
        state = update({ ...safeguards, multiplierMax: 1e9, penaltyMax: Infinity })({
          slack: 1e-3 * epsilon,
          matched,
        })((2 * at - 1) ** 2 - epsilon)(state)
      }
      const root = Math.sqrt(epsilon)
      expect(Math.abs(state.multiplier / ((1 - root) / (2 * root)) - 1)).toBeLessThan(1e-6)
    }
  })
})
