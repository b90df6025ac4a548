/** The laws of a constraint form. */
import * as fc from 'fast-check'
import type { ConstraintForm } from '../../bilevel/parts/ConstraintForm.js'
import type { Minimised, Multipliers, Setting } from '../../bilevel/parts/Dual.js'
import { examine, type Options } from '../examine.js'
import { each, every, type Law, silent, tested, unless } from '../Law.js'
import { isGradient, magnitudes, near, thousandths } from '../Numbers.js'
import type { Report } from '../Report.js'
import { settings } from './configs.js'

/** Smooth F, φ̂ and f > φ̂ of λ at fixed w. */
interface Terms {
  /** F = Σ s_k·λ_k + c_k·λ_k²/2. */
  readonly upper: { readonly slope: number; readonly curvature: number }
  /** φ̂ = exp of a sum of r_k·λ_k. */
  readonly phi: number
  /** f = φ̂ + gap·exp of a sum of r_k·λ_k. */
  readonly gap: number
  readonly rate: number
  readonly lambda: number
}

interface Case {
  readonly setting: Setting
  /** As a share of the cap; of either sign, where the form has multipliers of either sign. */
  readonly multiplier: number
  /** ρ·ε/μ₀. */
  readonly penalty: number
  /** As a multiple of the scale of f. */
  readonly epsilon: number
  /** f − φ̂ in multiples of ε. */
  readonly excess: number
  readonly kappa: number
  readonly terms: ReadonlyArray<Terms>
}

export interface ConstraintEvidence {
  readonly form: ConstraintForm
  readonly setting: Setting
  /** multiplier.max · scale of F / scale of f. */
  readonly cap: number
  readonly initial: number
  readonly before: Multipliers
  readonly measured: Minimised
  readonly next: number
  readonly one: Case
}

type ConstraintLaw = Law<ConstraintEvidence>

const birgin = 'Birgin & Martínez 2008, algorithm 3.1'
const described = ({ before, measured, next, cap }: ConstraintEvidence): string =>
  `μ goes from ${before.multiplier} to ${next} at g = ${measured.constraint} (v = ${measured.violation}, ` +
  `ε = ${measured.epsilon}, ρ = ${before.penalty}, cap ${cap})`

export const multiplierInRange: ConstraintLaw = {
  name: 'multiplier within its range',
  meaning:
    'μ₀ and every μ after it are finite, such as the form’s codec takes, and at most the cap multiplier.max in size.',
  source: `${birgin}: multipliers are safeguarded, lest they diverge`,
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
  meaning: 'μ ≥ 0: the constraint is an inequality, so its force pulls one way only.',
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
    'μ does not fall where the constraint is violated (g > 0), nor rise where it is not (g < 0); at g = 0 it stays.',
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
  meaning: 'μ changes where g is not zero, unless it is at the bound that it would be driven over.',
  source: birgin,
  check: evidence => {
    const { constraint } = evidence.measured
    const { multiplier, penalty } = evidence.before
    const visible = penalty * Math.abs(constraint) > 1e-9 * Math.abs(multiplier)
    const bounded = constraint > 0 ? multiplier >= evidence.cap : multiplier <= 0
    return visible && !bounded ? unless(evidence.next !== multiplier, () => described(evidence)) : silent
  },
}

export const forceNotNegative: ConstraintLaw = {
  name: 'force is not negative',
  meaning: 'κ ≥ 0 and finite for every multiplier the form may have: descending on F + κ·f never climbs f.',
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
  meaning: 'Of two multipliers the larger one never has the smaller κ.',
  source: 'the multiplier is the price of the constraint (Nocedal & Wright 2006, §12.3)',
  check: ({ form, before, next }) => {
    const [less, more] = [Math.min(before.multiplier, next), Math.max(before.multiplier, next)]
    const [small, large] = [less, more].map(multiplier => form.coefficient({ ...before, multiplier }))
    return less === more
      ? silent
      : unless(small! <= large!, () => `κ = ${small!} at μ = ${less}, but ${large!} at μ = ${more}`)
  },
}

export const violationNotNegative: ConstraintLaw = {
  name: 'violation not negative',
  meaning: 'v ≥ 0: any w bounds φ from above, so where f(λ, w) is below φ̂(λ) it is φ̂ that errs.',
  source: 'φ(λ) = min over w of f(λ, w) (arXiv 2208.12118, §2)',
  check: ({ form, one, setting }) =>
    each([-2, -1e-3, 0, 1e-3, 2], off => {
      const phi = one.terms[0]!.phi * setting.scales.lower
      const lower = phi + off * setting.scales.lower
      const violation = form.violation(phi)(lower)
      return unless(violation >= 0, () => `v = ${violation} at f = ${lower}, φ̂ = ${phi}`)
    }),
}

export const violationIsDistance: ConstraintLaw = {
  name: 'violation is f − φ̂',
  meaning: 'Where f(λ, w) is at or above φ̂(λ), v is their difference.',
  source: 'arXiv 2208.12118, §2: the constraint is f(λ, w) ≤ φ(λ)',
  check: ({ form, one, measured, setting }) => {
    const phi = one.terms[0]!.phi * setting.scales.lower
    const above = Math.abs(measured.violation)
    return every(
      [0, above].map(off => near('v', off, form.violation(phi)(phi + off), 1e-14 * (Math.abs(phi) + off))),
    )
  },
}

export const relaxedByEpsilon: ConstraintLaw = {
  name: 'relaxed by epsilon',
  meaning: 'The constraint is met, g ≤ 0, exactly where v ≤ ε, and g grows with v.',
  source:
    'docs/method.md: f − φ ≤ ε, for at ε = 0 constraint qualifications fail; the paper has no tolerance',
  check: ({ form, measured: { epsilon } }) => {
    const g = form.constraint(epsilon)
    return every([
      ...[0, 0.5, 0.999].map(share =>
        unless(g(share * epsilon) <= 0, () => `g = ${g(share * epsilon)} at v = ${share}·ε, ε = ${epsilon}`),
      ),
      ...[1.001, 2, 1000].map(share =>
        unless(g(share * epsilon) > 0, () => `g = ${g(share * epsilon)} at v = ${share}·ε, ε = ${epsilon}`),
      ),
      unless(g(3 * epsilon) > g(2 * epsilon), () => `g does not grow from v = 2ε to 3ε, ε = ${epsilon}`),
    ])
  },
}

/** L = F + κ·g and its parts, as functions of λ. */
const lagrangian = ({ form, measured, one }: ConstraintEvidence) => {
  const { terms, kappa } = one
  const sum = (of: (term: Terms, k: number) => number): number =>
    terms.reduce((total, term, k) => total + of(term, k), 0)
  const phi = (lambda: ReadonlyArray<number>): number =>
    sum((term, k) => term.phi * Math.exp(term.rate * lambda[k]!))
  const gap = (lambda: ReadonlyArray<number>): number =>
    sum((term, k) => term.gap * Math.exp(-term.rate * lambda[k]!))
  const upper = (lambda: ReadonlyArray<number>): number =>
    sum(({ upper: { slope, curvature } }, k) => slope * lambda[k]! + (curvature * lambda[k]! ** 2) / 2)
  return {
    value: (lambda: ReadonlyArray<number>): number =>
      upper(lambda) +
      kappa * form.constraint(measured.epsilon)(form.violation(phi(lambda))(phi(lambda) + gap(lambda))),
    partials: (lambda: ReadonlyArray<number>) => {
      const phiSlopes = terms.map((term, k) => term.rate * term.phi * Math.exp(term.rate * lambda[k]!))
      return {
        upper: terms.map(({ upper: { slope, curvature } }, k) => slope + curvature * lambda[k]!),
        phi: phiSlopes,
        lower: terms.map(
          (term, k) => phiSlopes[k]! - term.rate * term.gap * Math.exp(-term.rate * lambda[k]!),
        ),
      }
    },
  }
}

export const gradientIsDerivative: ConstraintLaw = {
  name: 'gradient is the derivative',
  meaning: 'The gradient by λ is the derivative of F + κ·g at fixed w: ∂F/∂λ + κ·(∂f/∂λ − ∇φ̂).',
  source: 'Nocedal & Wright 2006, §17.4; differences over 1e-5, to 1e-6 of the terms’ size',
  check: evidence => {
    const { value, partials } = lagrangian(evidence)
    const lambda = evidence.one.terms.map(term => term.lambda)
    const given = partials(lambda)
    const size =
      1 +
      evidence.one.kappa *
        evidence.one.terms.reduce((sum, term) => sum + (term.phi + term.gap) * Math.exp(2 * term.rate), 1)
    return isGradient('∂L/∂λ', value, lambda, evidence.form.gradient(evidence.one.kappa)(given), {
      steps: lambda.map(() => 1e-5),
      tolerance: lambda.map(() => 1e-6 * size),
    })
  },
}

export const complementary: ConstraintLaw = {
  name: 'complementary',
  meaning:
    'Infeasibility is ≥ 0, at least g, and zero exactly where the constraint holds with equality or with μ = 0; μ stays 0 there.',
  source:
    'Birgin & Martínez 2008: |max(g, −μ/ρ)|; complementarity of KKT (Nocedal & Wright 2006, theorem 12.1)',
  check: evidence => {
    const { form, before, measured, setting } = evidence
    const { epsilon } = measured
    const at = (multiplier: number, constraint: number): number =>
      form.infeasibility({ ...before, multiplier })(constraint)
    const next = (constraint: number): number =>
      form.next(setting)({ ...measured, violation: constraint + epsilon, constraint })({
        ...before,
        multiplier: 0,
      })
    const { multiplier } = before
    return every([
      unless(
        at(multiplier, measured.constraint) >= measured.constraint,
        () => `infeasibility is ${at(multiplier, measured.constraint)} at g = ${measured.constraint}`,
      ),
      unless(
        at(multiplier, epsilon) > 0,
        () => `infeasibility is ${at(multiplier, epsilon)} at g = ${epsilon}`,
      ),
      near('infeasibility at g = 0', 0, at(multiplier, 0), 0),
      near('infeasibility at g < 0, μ = 0', 0, at(0, -epsilon), 0),
      multiplier > 0
        ? unless(
            at(multiplier, -epsilon) > 0,
            () => `infeasibility is zero at g = ${-epsilon} though μ = ${multiplier}`,
          )
        : tested,
      near('μ after g < 0, μ = 0', 0, next(-epsilon), 0),
    ])
  },
}

export const balancedAtSolution: ConstraintLaw = {
  name: 'balanced at a solution only',
  meaning: 'Nothing is left to do where v = ε, and something is where v is ten times ε.',
  source: 'core/bilevel/parts/ConstraintForm.ts',
  check: ({ form, setting, before, measured }) => {
    const { epsilon } = measured
    const balanced = (violation: number): boolean =>
      form.balanced(setting)({ ...measured, violation, constraint: form.constraint(epsilon)(violation) })(
        before,
      )
    return every([
      unless(balanced(epsilon), () => `not balanced at v = ε = ${epsilon}, μ = ${before.multiplier}`),
      unless(!balanced(10 * epsilon), () => `balanced at v = 10·ε, ε = ${epsilon}, μ = ${before.multiplier}`),
    ])
  },
}

/** Every law of a constraint form. */
export const constraintLaws = [
  multiplierInRange,
  multiplierNotNegative,
  multiplierFollows,
  multiplierAnswers,
  forceNotNegative,
  forceGrows,
  violationNotNegative,
  violationIsDistance,
  relaxedByEpsilon,
  gradientIsDerivative,
  complementary,
  balancedAtSolution,
] as const

const evidenceOf =
  (form: ConstraintForm) =>
  (one: Case): ConstraintEvidence => {
    const { setting } = one
    const { config, scales } = setting
    const unit = scales.upper / scales.lower
    const cap = config.multiplier.max * unit
    const initial = form.initial(setting)
    const epsilon = one.epsilon * scales.lower
    const multiplier =
      [one.multiplier * cap, Math.abs(one.multiplier) * cap].find(candidate =>
        form.multiplier.is(candidate),
      ) ?? initial
    const before: Multipliers = {
      multiplier,
      penalty: (one.penalty * config.multiplier.initial * unit) / epsilon,
      infeasibility: null,
    }
    const phi = one.terms[0]!.phi * scales.lower
    const violation = form.violation(phi)(phi + one.excess * epsilon)
    const measured: Minimised = {
      violation,
      epsilon,
      constraint: form.constraint(epsilon)(violation),
      noise: 0,
      outerIteration: 0,
    }
    return { form, setting, cap, initial, before, measured, next: form.next(setting)(measured)(before), one }
  }

const terms: fc.Arbitrary<Terms> = fc.record({
  upper: fc.record({ slope: thousandths(-3, 3), curvature: thousandths(-3, 3) }),
  phi: thousandths(0.1, 3),
  gap: thousandths(0.1, 3),
  rate: thousandths(-1, 1),
  lambda: thousandths(-1, 1),
})

/** Examines a constraint form. */
export const constraintForm =
  (form: ConstraintForm) =>
  (options: Options = {}): Report =>
    examine<Case, ConstraintEvidence>(
      {
        subject: 'constraint form',
        cases: fc.record({
          setting: settings,
          multiplier: fc.oneof(
            fc.constantFrom(0, 1, -1),
            fc.tuple(magnitudes(-6, -1), fc.constantFrom(1, -1)).map(([size, sign]) => size * sign),
          ),
          penalty: magnitudes(-3, 3),
          epsilon: magnitudes(-6, -1),
          excess: fc.oneof(fc.constant(1), thousandths(-1, 4), magnitudes(0, 4)),
          kappa: fc.oneof(thousandths(0, 3), magnitudes(0, 3)),
          terms: fc.array(terms, { minLength: 1, maxLength: 3 }),
        }),
        evidence: evidenceOf(form),
        laws: constraintLaws,
      },
      options,
    )
