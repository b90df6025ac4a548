/** The evidence for the laws of a constraint form: μ before and after a minimisation, and smooth F, f and φ̂. */
import type { ConstraintForm } from '../../../bilevel/parts/ConstraintForm.js'
import type { Minimised, Multipliers, Setting } from '../../../bilevel/parts/Multipliers.js'
import type { Law } from '../../Law.js'

/** Smooth F, φ̂ and f > φ̂ as functions of λ at fixed w. */
export interface Terms {
  /** F = Σ s_k·λ_k + c_k·λ_k²/2. */
  readonly upper: { readonly slope: number; readonly curvature: number }
  /** φ̂ = Σ phi·exp(r_k·λ_k). */
  readonly phi: number
  /** f = φ̂ + Σ gap·exp(−r_k·λ_k). */
  readonly gap: number
  readonly rate: number
  readonly lambda: number
}

export interface ConstraintCase {
  readonly setting: Setting
  /** As a share of the cap; of either sign, if the form allows both. */
  readonly multiplier: number
  /** ρ·ε/μ₀. */
  readonly penalty: number
  /** As a multiple of the scale of f. */
  readonly epsilon: number
  /** f − φ̂, in multiples of ε. */
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
  readonly one: ConstraintCase
}

export type ConstraintLaw = Law<ConstraintEvidence>

export const evidenceOf =
  (form: ConstraintForm) =>
  (one: ConstraintCase): ConstraintEvidence => {
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
