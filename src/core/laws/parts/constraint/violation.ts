/** Laws of the violation, of its relaxation by ε, and of the test for a solution. */
import { each, every, tested, unless } from '../../Law.js'
import { near } from '../../numbers.js'
import type { ConstraintLaw } from './evidence.js'

export const violationNotNegative: ConstraintLaw = {
  name: 'violation not negative',
  meaning: 'v ≥ 0: f(λ, w) of any w bounds φ from above, so if f(λ, w) < φ̂(λ), φ̂ is wrong.',
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
  meaning: 'If f(λ, w) ≥ φ̂(λ), v is their difference.',
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
  meaning: 'The constraint holds (g ≤ 0) exactly if v ≤ ε, and g grows with v.',
  source:
    'docs/method.md: f − φ ≤ ε, since at ε = 0 constraint qualifications fail; the paper has no tolerance',
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

export const complementary: ConstraintLaw = {
  name: 'complementary',
  meaning:
    'Infeasibility is ≥ 0 and at least g. It is zero exactly if the constraint holds with equality, or holds with μ = 0; then μ stays 0.',
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
            () => `infeasibility is zero at g = ${-epsilon} although μ = ${multiplier}`,
          )
        : tested,
      near('μ after g < 0, μ = 0', 0, next(-epsilon), 0),
    ])
  },
}

export const balancedAtSolution: ConstraintLaw = {
  name: 'balanced at a solution only',
  meaning: 'The form counts v = ε as balanced, and v = 10ε as not balanced.',
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
