/**
 * The penalty schedule: how ρ, which turns a constraint's excess into a change of the multiplier, grows.
 */
import * as AugmentedLagrangian from '../AugmentedLagrangian.js'
import type { First, Minimised, Multipliers, Setting } from './Multipliers.js'

/**
 * A schedule of ρ, by which μ⁺ = max(0, μ + ρ·g): in the unit of μ over that of f. Asked once after every minimisation.
 * None of these fails; ρ is to be finite.
 *
 * Source: Birgin & Martínez (2008), algorithm 3.1. In the paper ρ⁺ = 1.5ρ in every outer iteration.
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
