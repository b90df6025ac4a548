/** The law that the gradient by λ is the derivative of the augmented Lagrangian. */
import { isGradient } from '../../numbers.js'
import type { ConstraintEvidence, ConstraintLaw, Terms } from './evidence.js'

/** L = F + κ·g and the partial derivatives of its parts, as functions of λ. */
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
