/**
 * The part `penalty`: ρ, which turns a violation above ε into a change of the multiplier. Used in the dual step, in refining.
 *
 *     ρ₀ = penalty.initial·μ₀/ε₀
 *     ρ⁺ = growth·ρ, at most the cap and μ/(2ε)   where infeasibility has stalled (default below)
 *     ρ⁺ = ρ                                      elsewhere
 */
import * as AugmentedLagrangian from '../AugmentedLagrangian.js'
import type { First, Minimised, Multipliers, Setting } from './Multipliers.js'

/**
 * A schedule of ρ, by which μ⁺ = max(0, μ + ρ·g): in the unit of μ over that of f. Asked once after every minimisation.
 * None of these fails; ρ is to be finite.
 *
 * Source: Birgin & Martínez (2008), algorithm 3.1. In the paper ρ⁺ = 1.5ρ in every outer iteration.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 *
 * // The paper's: ρ₀ = 2, and half as much again in every outer iteration.
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
  /** ρ at which a violation that stays is called hopeless (the stop reason `penaltyCap`); may be infinite. */
  readonly cap: (setting: Setting) => (first: First) => number
  /**
   * ρ of the next minimisation, > 0, from what was measured and from `before`; `infeasibility` is that of now,
   * `before.infeasibility` that of the outer iteration before.
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
 * ρ⁺ = growth·ρ, up to the cap and to μ/(2ε), where infeasibility is more than the slack and exceeds a set share of
 * what it was; ρ elsewhere. ρ₀ = `penalty.initial`·μ₀/ε₀.
 *
 * The slack, `pair.balance`·ε or the noise if that is more, keeps noise from being read as a stall. Options: `penalty`.
 * Source: Birgin & Martínez (2008). Differs from the paper, where ρ⁺ = 1.5ρ in every outer iteration.
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
