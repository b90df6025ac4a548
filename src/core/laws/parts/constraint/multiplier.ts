/** Laws of the multiplier μ, which responds to the constraint, and of the coefficient κ that results from it. */
import { each, every, silent, unless } from '../../Law.js'
import type { ConstraintEvidence, ConstraintLaw } from './evidence.js'

const birgin = 'Birgin & Martínez 2008, algorithm 3.1'
const described = ({ before, measured, next, cap }: ConstraintEvidence): string =>
  `μ goes from ${before.multiplier} to ${next} at g = ${measured.constraint} (v = ${measured.violation}, ` +
  `ε = ${measured.epsilon}, ρ = ${before.penalty}, cap ${cap})`

export const multiplierInRange: ConstraintLaw = {
  name: 'multiplier within its range',
  meaning:
    'μ₀ and every later μ are finite, accepted by the form’s codec, and at most the cap multiplier.max in size.',
  source: `${birgin}: multipliers are safeguarded against divergence`,
  check: evidence =>
    every(
      [evidence.initial, evidence.next].map(multiplier =>
        unless(
          Number.isFinite(multiplier) &&
            evidence.form.multiplier.is(multiplier) &&
            Math.abs(multiplier) <= evidence.cap * (1 + 1e-12),
          () => `μ = ${multiplier} is out of range (μ₀ is ${evidence.initial}); ${described(evidence)}`,
        ),
      ),
    ),
}

export const multiplierNotNegative: ConstraintLaw = {
  name: 'multiplier not negative',
  meaning: 'μ ≥ 0: the constraint is an inequality, so its force acts in one direction only.',
  source: 'Nocedal & Wright 2006, theorem 12.1 (KKT); the paper has an equality and a signed multiplier',
  check: evidence =>
    unless(
      evidence.initial >= 0 && evidence.next >= 0,
      () => `μ₀ is ${evidence.initial}; ${described(evidence)}`,
    ),
}

export const multiplierFollows: ConstraintLaw = {
  name: 'multiplier follows the constraint',
  meaning:
    'μ does not decrease if the constraint is violated (g > 0), nor increase if it is slack (g < 0); at g = 0 it stays.',
  source: `${birgin}: μ⁺ = max(0, μ + ρ·g)`,
  check: evidence => {
    const { constraint } = evidence.measured
    const change = evidence.next - evidence.before.multiplier
    const slack = 1e-12 * Math.abs(evidence.before.multiplier)
    return unless(
      constraint > 0 ? change >= -slack : constraint < 0 ? change <= slack : Math.abs(change) <= slack,
      () => described(evidence),
    )
  },
}

export const multiplierAnswers: ConstraintLaw = {
  name: 'multiplier answers the constraint',
  meaning:
    'μ changes if g differs from zero by more than rounding of v − ε, unless it already is at the bound in that direction.',
  source: birgin,
  check: evidence => {
    const { constraint, epsilon } = evidence.measured
    const { multiplier, penalty } = evidence.before
    // A form may respond with a smaller factor than ρ. A g below a billionth of ε need not have an effect.
    const visible =
      penalty * Math.abs(constraint) > 1e-9 * Math.abs(multiplier) && Math.abs(constraint) > 1e-9 * epsilon
    const bounded = constraint > 0 ? multiplier >= evidence.cap : multiplier <= 0
    return visible && !bounded ? unless(evidence.next !== multiplier, () => described(evidence)) : silent
  },
}

export const forceNotNegative: ConstraintLaw = {
  name: 'force is not negative',
  meaning: 'κ is ≥ 0 and finite for every multiplier of the form: a descent on F + κ·f never climbs f.',
  source: 'κ = max(0, μ + ρ·g) (Nocedal & Wright 2006, §17.4)',
  check: ({ form, before, next, initial }) =>
    each([before.multiplier, next, initial], multiplier => {
      const kappa = form.coefficient({ ...before, multiplier })
      return unless(
        kappa >= 0 && Number.isFinite(kappa),
        () => `κ = ${kappa} at μ = ${multiplier}, ρ = ${before.penalty}`,
      )
    }),
}

export const forceGrows: ConstraintLaw = {
  name: 'force grows with the multiplier',
  meaning: 'A larger multiplier never gives a smaller κ.',
  source: 'the multiplier is the price of the constraint (Nocedal & Wright 2006, §12.3)',
  check: ({ form, before, next }) => {
    const [less, more] = [Math.min(before.multiplier, next), Math.max(before.multiplier, next)]
    const [small, large] = [less, more].map(multiplier => form.coefficient({ ...before, multiplier }))
    return less === more
      ? silent
      : unless(small! <= large!, () => `κ = ${small!} at μ = ${less}, but ${large!} at μ = ${more}`)
  },
}
