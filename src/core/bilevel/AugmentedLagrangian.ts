/**
 * The augmented Lagrangian of min F subject to g = f − φ̂ − ε ≤ 0, in the Powell–Hestenes–Rockafellar form: its value, its
 * gradient by λ, and the updates of μ and ρ. Pure arithmetic; the parts `constraint` and `penalty` call it.
 *
 * | symbol | name          | unit                        |
 * | ------ | ------------- | --------------------------- |
 * | v      | violation     | f − φ̂, unit of f            |
 * | ε      | epsilon       | unit of f                   |
 * | g      | constraint    | v − ε, unit of f            |
 * | μ      | multiplier    | unit of F / unit of f       |
 * | ρ      | penalty       | unit of F / (unit of f)²    |
 * | κ      | coefficient   | unit of F / unit of f       |
 *
 *     L(λ, w; μ, ρ) = F + (ρ/2)·max(0, g + μ/ρ)² − μ²/(2ρ)
 *     ∇_w L = ∇F + κ·∇_w f          ∂L/∂λ = ∂F/∂λ + κ·(∂f/∂λ − ∇φ̂)          κ = max(0, μ + ρ·g)
 *     μ⁺ = max(0, μ + min(ρ, μ/(2ε))·g)     ρ⁺ = growth·ρ where |max(g, −μ/ρ)| has stalled
 *
 * Sources: Birgin & Martínez, Improving ultimate convergence of an augmented Lagrangian method (2008); Nocedal &
 * Wright, Numerical Optimization, ch. 17. Differs from the paper, which uses the equality form with a signed
 * multiplier: φ bounds f from below, so the constraint is an inequality.
 *
 * @module
 */
import * as t from 'io-ts'
import { NonNegative, nullable, Positive } from '../codec/Codec.js'

export const Multipliers = t.readonly(
  t.strict({
    multiplier: NonNegative,
    penalty: Positive,
    /** |max(g, −μ/ρ)| of the outer iteration before; `null` before the first. */
    infeasibility: nullable(NonNegative),
  }),
  'Multipliers',
)
/**
 * What one outer iteration hands to the next: μ ≥ 0 in units of F per unit of f, ρ > 0 in units of F per squared unit of f, and the
 * infeasibility, in the unit of f.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { AugmentedLagrangian, decode } from 'bilevel-hpo'
 *
 * const negative = { multiplier: -1, penalty: 10, infeasibility: null }
 * const refused = decode(AugmentedLagrangian.Multipliers)(negative)
 * refused // => left('`multiplier` must be a finite number ≥ 0, but is -1')
 * ```
 */
export type Multipliers = t.TypeOf<typeof Multipliers>

/**
 * Limits of the updates of μ and ρ. Source: Birgin & Martínez 2008, algorithm 3.1.
 */
export interface Safeguards {
  /** μ is kept in [0, multiplierMax]: Birgin & Martínez's safeguard against diverging multipliers. */
  readonly multiplierMax: number
  /** μ changes by at most this factor at a time (from zero, freely); > 1. */
  readonly multiplierTrust: number
  readonly penaltyMax: number
  /** ρ is multiplied by this when infeasibility has stalled; > 1. */
  readonly penaltyGrowth: number
  /** Infeasibility has stalled when it exceeds this share of what it was; in (0, 1). */
  readonly sufficientDecrease: number
}

/**
 * κ = max(0, μ + ρ·g), from g in the unit of f. It is the one number that the shell needs to know of the augmented Lagrangian: the
 * weights descend on ∇F + κ·∇f. Source: Nocedal & Wright 2006, §17.4.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const kappa = AugmentedLagrangian.coefficient({ multiplier: 300, penalty: 1e6 })
 * kappa(1e-4) // => 400
 * // So well satisfied that the constraint does not matter.
 * kappa(-1e-3) // => 0
 * ```
 */
export const coefficient =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (constraint: number): number =>
    Math.max(0, multiplier + penalty * constraint)

/**
 * L(λ, w; μ, ρ) = F + (ρ/2)·max(0, g + μ/ρ)² − μ²/(2ρ), in the unit of F, from F and g at (λ, w). Source: Nocedal & Wright 2006, §17.4.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const lagrangian = AugmentedLagrangian.value({ multiplier: 2, penalty: 4 })
 * // F + μ·g + (ρ/2)·g² where the constraint counts.
 * lagrangian(1, 0.5) // => 2.5
 * // F − μ²/(2ρ) where it does not.
 * lagrangian(1, -3) // => 0.5
 * ```
 */
export const value =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (upper: number, constraint: number): number => {
    const shifted = Math.max(0, constraint + multiplier / penalty)
    return upper + (penalty / 2) * shifted * shifted - (multiplier * multiplier) / (2 * penalty)
  }

/**
 * ∂L/∂λ = ∂F/∂λ + κ·(∂f/∂λ − ∇φ̂), from the partial derivatives at (λ, w), the gradient of φ̂ and κ. All vectors have length d.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * // ∂F/∂λ = 0, κ = 300, and f rises by 1e-3 more than φ̂.
 * AugmentedLagrangian.gradient([0], [0.051], [0.05], 300) // ≈ [0.3]
 * ```
 */
export const gradient = (
  upperGradient: ReadonlyArray<number>,
  lowerGradient: ReadonlyArray<number>,
  phiGradient: ReadonlyArray<number>,
  kappa: number,
): ReadonlyArray<number> => upperGradient.map((dF, k) => dF + kappa * (lowerGradient[k]! - phiGradient[k]!))

/**
 * |max(g, −μ/ρ)|, in the unit of f. It is zero exactly where g ≤ 0 and μ·g = 0: the constraint holds and is complementary to its
 * multiplier. Source: Birgin & Martínez 2008, algorithm 3.1.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const infeasibility = AugmentedLagrangian.infeasibility({ multiplier: 2, penalty: 4 })
 * infeasibility(0.25) // => 0.25
 * // The constraint holds with room to spare, but its multiplier is not zero yet: −μ/ρ.
 * infeasibility(-3) // => 0.5
 * ```
 */
export const infeasibility =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (constraint: number): number =>
    Math.abs(Math.max(constraint, -multiplier / penalty))

/**
 * μ/(2ε), the penalty at which the multiplier's update is Newton's step. Minimising over w gives a violation that falls
 * as v ≈ C/μ² (F is a perturbation of κ·f of relative size 1/κ), so that μ + ρ(v − ε) with this ρ solves v = ε to
 * second order; twice as much would overshoot.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * AugmentedLagrangian.matchedPenalty(300, 1e-3) // => 150_000
 * ```
 */
export const matchedPenalty = (multiplier: number, epsilon: number): number => multiplier / (2 * epsilon)

/**
 * The next multiplier: max(0, μ + ρ·g) with no more than the matched penalty, and within a factor of μ: a penalty that
 * was right for a larger multiplier would make a smaller one swing.
 *
 * `matched` is the penalty beyond which the update would overshoot: see {@link matchedPenalty}.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const next = AugmentedLagrangian.nextMultiplier({ multiplierMax: 1e6, multiplierTrust: 10 })(Infinity)
 * // μ + ρ·g, but no more than ten times μ.
 * next(1e-4)({ multiplier: 300, penalty: 1e6 }) // => 400
 * next(1)({ multiplier: 300, penalty: 1e6 }) // => 3000
 * ```
 */
export const nextMultiplier =
  ({ multiplierMax, multiplierTrust }: Pick<Safeguards, 'multiplierMax' | 'multiplierTrust'>) =>
  (matched: number) =>
  (constraint: number) =>
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>): number => {
    if (multiplier === 0) return Math.min(multiplierMax, coefficient({ multiplier, penalty })(constraint))
    const kappa = coefficient({ multiplier, penalty: Math.min(penalty, matched) })(constraint)
    const near = Math.min(multiplier * multiplierTrust, Math.max(multiplier / multiplierTrust, kappa))
    return Math.min(multiplierMax, near)
  }

/**
 * The next penalty: ρ grows only where infeasibility (of now) is more than `slack` and has not shrunk by the sufficient
 * factor since `before`, and not beyond `matched`.
 *
 * `slack` (unit of f) is what still counts as satisfied. It keeps the noise of inexact lower-level solutions from
 * being read as a stall, which would drive ρ to its cap. `matched` is the penalty beyond which growth would not help
 * the multiplier to converge but make it swing: see {@link matchedPenalty}.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const next = AugmentedLagrangian.nextPenalty({ penaltyMax: 1e9, penaltyGrowth: 10, sufficientDecrease: 0.5 })
 * const after = next({ slack: 1e-6, matched: Infinity })
 * // Infeasibility fell to a fifth: ρ stays. It hardly fell: ρ grows.
 * after(2e-4)({ penalty: 100, infeasibility: 1e-3 }) // => 100
 * after(9e-4)({ penalty: 100, infeasibility: 1e-3 }) // => 1000
 * ```
 */
export const nextPenalty =
  ({
    penaltyMax,
    penaltyGrowth,
    sufficientDecrease,
  }: Pick<Safeguards, 'penaltyMax' | 'penaltyGrowth' | 'sufficientDecrease'>) =>
  ({ slack, matched }: { readonly slack: number; readonly matched: number }) =>
  (now: number) =>
  (before: Pick<Multipliers, 'penalty' | 'infeasibility'>): number => {
    const stalled =
      now > slack && before.infeasibility !== null && now > sufficientDecrease * before.infeasibility
    const grown = Math.min(matched, penaltyMax, before.penalty * penaltyGrowth)
    return stalled ? Math.max(before.penalty, grown) : before.penalty
  }

/**
 * The outer update of μ and ρ: {@link nextMultiplier} and {@link nextPenalty}, both from the values before it.
 *
 * - `slack`: infeasibility that counts as none, in the unit of f
 * - `matched`: the penalty beyond which the update would overshoot, {@link matchedPenalty}
 * - `constraint`: g, in the unit of f
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const safeguards: AugmentedLagrangian.Safeguards =
 *   { multiplierMax: 1e6, multiplierTrust: 10, penaltyMax: 1e9, penaltyGrowth: 10, sufficientDecrease: 0.5 }
 * const update = AugmentedLagrangian.update(safeguards)({ slack: 1e-6, matched: Infinity })
 * const after = update(0.01)({ multiplier: 300, penalty: 1000, infeasibility: 0.011 })
 * after // => { multiplier: 310, penalty: 10_000, infeasibility: 0.01 }
 * ```
 */
export const update =
  (safeguards: Safeguards) =>
  (options: { readonly slack: number; readonly matched: number }) =>
  (constraint: number) =>
  (before: Multipliers): Multipliers => {
    const now = infeasibility(before)(constraint)
    return {
      multiplier: nextMultiplier(safeguards)(options.matched)(constraint)(before),
      penalty: nextPenalty(safeguards)(options)(now)(before),
      infeasibility: now,
    }
  }
