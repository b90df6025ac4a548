/**
 * The tolerance schedule: the ε of the relaxed constraint, and when it is lowered.
 */
import { finalEpsilon, initialEpsilon, nextEpsilon } from '../tolerance.js'
import type { Setting } from './Multipliers.js'

/**
 * A schedule of ε in f(λ, w) ≤ φ(λ) + ε: in the unit of f. Asked once after every minimisation. None of these fails;
 * ε is to be finite.
 *
 * At ε = 0 constraint qualifications fail and μ diverges; the distance to the true optimum is of order √ε. The paper
 * has no tolerance.
 */
export interface ToleranceSchedule {
  /** ε₀ > 0, in the unit of f. */
  readonly initial: (setting: Setting) => number
  /** What ε is not lowered below, > 0, where the lower-level loss has the value `lower`. */
  readonly final: (setting: Setting) => (lower: number) => number
  /** ε of the next minimisation, > 0 and at most `epsilon`, after a violation was measured. */
  readonly next: (
    setting: Setting,
  ) => (measured: { readonly violation: number; readonly lower: number }) => (epsilon: number) => number
}

const final: ToleranceSchedule['final'] =
  ({ config, scales }) =>
  lower =>
    finalEpsilon(config.epsilon)(scales.lower, lower)

/** ε⁺ = max(factor·ε, final) where v ≤ 2ε, else ε: see tolerance.ts. Options: `epsilon`. The paper has no tolerance. */
export const whereReached: ToleranceSchedule = {
  initial: ({ config, scales }) => initialEpsilon(config.epsilon)(scales.lower),
  final,
  next: setting => {
    const least = final(setting)
    const lowered = nextEpsilon(setting.config.epsilon)
    return ({ violation, lower }) => lowered(least(lower))(violation)
  },
}
