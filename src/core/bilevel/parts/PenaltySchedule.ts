/**
 * The part `penalty`: ρ, the factor between v − ε and the change of μ in a dual step.
 *
 * Used in the dual step: in refining, or in minimising with `pair.reference: "solved"`. The default:
 *
 *     ρ₀ = penalty.initial·μ₀/ε₀,  cap = penalty.max·ρ₀
 *     ρ⁺ = max(ρ, min(μ/(2ε), cap, growth·ρ))   if infeasibility |max(v − ε, −μ/ρ)| has stalled
 *     ρ⁺ = ρ                                    otherwise
 *
 * Infeasibility has stalled if it exceeds the slack max(0.1·ε, noise) and half of its previous value. The noise is two
 * deviations of φ̂, or 0 with `"solved"`. The factors 0.1 and ½ are `pair.balance` and `penalty.sufficientDecrease`.
 */
import * as AugmentedLagrangian from '../AugmentedLagrangian.js'
import type { First, Minimised, Multipliers, Setting } from './Multipliers.js'

/**
 * A schedule of ρ, which enters μ⁺ = max(0, μ + ρ·g), in the unit of μ per unit of f. Called once after every
 * minimisation. None of these functions fails; ρ must be finite.
 *
 * Source: Birgin & Martínez (2008), algorithm 3.1. In the paper ρ⁺ = 1.5ρ in every outer iteration.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 *
 * // The paper's schedule: ρ₀ = 2, multiplied by 1.5 in every outer iteration.
 * const growing: Parts.PenaltySchedule = {
 *   initial: () => () => 2,
 *   cap: () => () => Infinity,
 *   next: () => () => () => ({ penalty }: Parts.Multipliers) => 1.5 * penalty,
 * }
 * const first: Parts.First = { multiplier: 300, epsilon: 1e-4 }
 * growing.initial({} as never)(first) // => 2
 * ```
 */
export interface PenaltySchedule {
  /** ρ₀ > 0. */
  readonly initial: (setting: Setting) => (first: First) => number
  /** ρ at which a remaining violation counts as hopeless (the stop reason `penaltyCap`); may be infinite. */
  readonly cap: (setting: Setting) => (first: First) => number
  /**
   * ρ of the next minimisation, > 0, from the measurements and from `before`. `infeasibility` is the current one,
   * `before.infeasibility` that of the previous outer iteration.
   */
  readonly next: (
    setting: Setting,
  ) => (
    first: First,
  ) => (minimised: Minimised & { readonly infeasibility: number }) => (before: Multipliers) => number
}

const initial: PenaltySchedule['initial'] =
  ({ config }) =>
  ({ multiplier, epsilon }) =>
    (config.penalty.initial * multiplier) / epsilon

const cap: PenaltySchedule['cap'] = setting => first => setting.config.penalty.max * initial(setting)(first)

/**
 * ρ grows only if infeasibility has stalled, and never falls: the rule at the top of this file.
 *
 * The slack keeps noise from counting as a stall. Options: `penalty`, `pair.balance`. Source: Birgin & Martínez (2008).
 * Differs from the paper, where ρ⁺ = 1.5ρ in every outer iteration.
 */
export const whereStalled: PenaltySchedule = {
  initial,
  cap,
  next: setting => first => {
    const { penalty, pair } = setting.config
    const safeguards = {
      penaltyMax: cap(setting)(first),
      penaltyGrowth: penalty.growth,
      sufficientDecrease: penalty.sufficientDecrease,
    }
    return ({ epsilon, noise, infeasibility }) =>
      before =>
        AugmentedLagrangian.nextPenalty(safeguards)({
          slack: Math.max(pair.balance * epsilon, noise),
          matched: AugmentedLagrangian.matchedPenalty(before.multiplier, epsilon),
        })(infeasibility)(before)
  },
}
