/**
 * The augmented Lagrangian of min F subject to g = v − ε ≤ 0, in the Powell–Hestenes–Rockafellar form: its value, its
 * gradient by λ, and the updates of μ and ρ. Pure arithmetic.
 *
 * The parts `constraint` and `penalty` call this file. They do not use `value` and `update`, which are exported for
 * users; `coefficient` serves `nextMultiplier` and users.
 *
 * | symbol | name          | unit                        |
 * | ------ | ------------- | --------------------------- |
 * | v      | violation     | unit of f                   |
 * | ε      | epsilon       | unit of f                   |
 * | g      | constraint    | v − ε, unit of f            |
 * | μ      | multiplier    | unit of F / unit of f       |
 * | ρ      | penalty       | unit of F / (unit of f)²    |
 * | κ      | coefficient   | unit of F / unit of f       |
 *
 *     L(λ, w; μ, ρ) = F + (ρ/2)·max(0, g + μ/ρ)² − μ²/(2ρ)
 *     ∇_w L = ∇F + κ·∇_w f          ∂L/∂λ = ∂F/∂λ + κ·(∂f/∂λ − ∇φ)          κ = max(0, μ + ρ·g)
 *     μ⁺ = max(0, μ + min(ρ, μ/(2ε))·g), within a factor of 10 of μ, at most its maximum; if μ = 0: max(0, ρ·g)
 *     ρ⁺ = max(ρ, min(μ/(2ε), cap, growth·ρ))   if |max(g, −μ/ρ)| has stalled, else ρ
 *
 * v = f − min(φ, f) and ∇φ come from the reference that stands for φ (descentEnds.ts): by default f(y) and ∂f/∂λ(y) at
 * the reference end y of the pair. In a minimisation the method descends with a fixed κ = μ, not with this κ.
 *
 * Sources: Birgin & Martínez, Improving ultimate convergence of an augmented Lagrangian method (2008); Nocedal &
 * Wright, Numerical Optimization, ch. 17. Differs from the paper, which uses the equality form with a signed
 * multiplier: φ bounds f from below, so the constraint is an inequality.
 *
 * @module
 */
import * as t from 'io-ts'
import { Finite, NonNegative, nullable, Positive } from '../codec/Codec.js'

export const Multipliers = t.readonly(
  t.strict({
    multiplier: NonNegative,
    penalty: Positive,
    /** |max(g, −μ/ρ)| of the previous outer iteration; `null` before the first. */
    infeasibility: nullable(NonNegative),
  }),
  'Multipliers',
)
/**
 * The dual variables that one outer iteration passes to the next: μ ≥ 0 in units of F per unit of f, ρ > 0 in units of
 * F per squared unit of f, and the infeasibility, in the unit of f.
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

export const MeasuredMultiplier = t.readonly(
  t.strict({ multiplier: Finite, violation: Finite }),
  'MeasuredMultiplier',
)
/**
 * A multiplier μ, in units of F per unit of f, and the violation v of the minimisation with κ = μ, in the unit of f.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { AugmentedLagrangian, decode } from 'bilevel-hpo'
 *
 * const measured: AugmentedLagrangian.MeasuredMultiplier = { multiplier: 300, violation: 1e-4 }
 * decode(AugmentedLagrangian.MeasuredMultiplier)(measured) // => right(measured)
 * ```
 */
export type MeasuredMultiplier = t.TypeOf<typeof MeasuredMultiplier>

/**
 * Limits of the updates of μ and ρ. Source: Birgin & Martínez 2008, algorithm 3.1.
 */
export interface Safeguards {
  /** μ is clamped to [0, multiplierMax]: Birgin & Martínez's safeguard against diverging multipliers. */
  readonly multiplierMax: number
  /** One update changes μ by at most this factor; > 1. From μ = 0 the change is not limited. */
  readonly multiplierTrust: number
  readonly penaltyMax: number
  /** Factor on ρ if infeasibility has stalled; > 1. */
  readonly penaltyGrowth: number
  /** Infeasibility has stalled if it exceeds this share of its earlier value; in (0, 1). */
  readonly sufficientDecrease: number
}

/**
 * κ = max(0, μ + ρ·g), from g in the unit of f: the coefficient of ∇f in ∇_w L. The method's own descents use κ = μ
 * instead; `nextMultiplier` uses this function. Source: Nocedal & Wright 2006, §17.4.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const kappa = AugmentedLagrangian.coefficient({ multiplier: 300, penalty: 1e6 })
 * kappa(1e-4) // => 400
 * // The constraint holds with so much slack that it has no effect.
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
 * // F + μ·g + (ρ/2)·g² if g + μ/ρ > 0.
 * lagrangian(1, 0.5) // => 2.5
 * // F − μ²/(2ρ) otherwise.
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
 * ∂L/∂λ = ∂F/∂λ + κ·(∂f/∂λ − ∇φ), from the partial derivatives at (λ, w), the gradient of φ and κ. All vectors have
 * length d. The method passes the gradient of its reference as ∇φ, by default ∂f/∂λ(y) at the pair's reference end.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * // ∂F/∂λ = 0, κ = 300, and f rises by 1e-3 more than φ.
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
 * |max(g, −μ/ρ)|, in the unit of f. It is zero exactly if g ≤ 0 and μ·g = 0: the constraint holds and is complementary to its multiplier. Source: Birgin & Martínez 2008, algorithm 3.1.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const infeasibility = AugmentedLagrangian.infeasibility({ multiplier: 2, penalty: 4 })
 * infeasibility(0.25) // => 0.25
 * // The constraint is slack, but its multiplier is not yet zero: the result is μ/ρ.
 * infeasibility(-3) // => 0.5
 * ```
 */
export const infeasibility =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (constraint: number): number =>
    Math.abs(Math.max(constraint, -multiplier / penalty))

/**
 * μ/(2ε), the penalty that makes the multiplier's update a Newton step. After minimising over w the violation falls as
 * v ≈ C/μ², since F perturbs κ·f by a relative size of 1/κ. So μ + ρ(v − ε) with this ρ solves v = ε to second order.
 * Twice this ρ would overshoot.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * AugmentedLagrangian.matchedPenalty(300, 1e-3) // => 150_000
 * ```
 */
export const matchedPenalty = (multiplier: number, epsilon: number): number => multiplier / (2 * epsilon)

/** A wanted μ, within the trusted factor of the present one and at most the maximum. */
const trusted =
  ({ multiplierMax, multiplierTrust }: Pick<Safeguards, 'multiplierMax' | 'multiplierTrust'>) =>
  (multiplier: number) =>
  (wanted: number): number =>
    Math.min(
      multiplierMax,
      Math.min(multiplier * multiplierTrust, Math.max(multiplier / multiplierTrust, wanted)),
    )

/**
 * The next multiplier: max(0, μ + min(ρ, matched)·g), limited to [μ/trust, trust·μ] and to `multiplierMax`. From μ = 0
 * it is max(0, ρ·g), limited to `multiplierMax` only. A penalty that suits a larger multiplier would make a smaller one
 * oscillate.
 *
 * `matched` is the penalty beyond which the update overshoots: see {@link matchedPenalty}.
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
  (safeguards: Pick<Safeguards, 'multiplierMax' | 'multiplierTrust'>) =>
  (matched: number) =>
  (constraint: number) =>
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>): number => {
    if (multiplier === 0)
      return Math.min(safeguards.multiplierMax, coefficient({ multiplier, penalty })(constraint))
    return trusted(safeguards)(multiplier)(
      coefficient({ multiplier, penalty: Math.min(penalty, matched) })(constraint),
    )
  }

/**
 * The multiplier at which the violation would be ε: μ·√(v/ε), since v ≈ C/μ² ({@link matchedPenalty} linearises this).
 * μ changes by at most the factor `multiplierTrust`, and is at most `multiplierMax`. For exact solves: noise in v would
 * enter μ.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * // A violation a hundred times too large: μ must be ten times as large.
 * const next = AugmentedLagrangian.balancedMultiplier({ multiplierMax: 1e6, multiplierTrust: 100 })(1e-4)(1e-2)
 * next(3) // => 30
 * ```
 */
export const balancedMultiplier =
  ({ multiplierMax, multiplierTrust }: Pick<Safeguards, 'multiplierMax' | 'multiplierTrust'>) =>
  (epsilon: number) =>
  (violation: number) =>
  (multiplier: number): number => {
    const factor = Math.min(multiplierTrust, Math.max(1 / multiplierTrust, Math.sqrt(violation / epsilon)))
    return Math.min(multiplierMax, multiplier * factor)
  }

/**
 * The multiplier at which the violation would be ε, from two minimisations at the same λ. 1/√v is nearly linear in μ, exactly
 * so where one direction of the weights matters: then √v = c/(μ + h), where h is the curvature of F relative to that of f.
 * So the line through both points gives μ, even where v hardly depends on μ because F alone bounds the weights.
 *
 * From one minimisation, or where the line does not rise, it is {@link balancedMultiplier}, whose line goes through zero.
 * Source: the secular equation of trust regions, Moré & Sorensen (1983), after Hebden (1973).
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * // √v = 2/(μ + 3): at μ = 1 it is 1/2, at μ = 5 it is 1/4, and at μ = 17 it is 1/10.
 * const next = AugmentedLagrangian.secularMultiplier({ multiplierMax: 1e6, multiplierTrust: 100 })(0.01)
 * next({ multiplier: 1, violation: 1 / 4 })({ multiplier: 5, violation: 1 / 16 }) // ≈ 17
 * ```
 */
export const secularMultiplier =
  (safeguards: Pick<Safeguards, 'multiplierMax' | 'multiplierTrust'>) =>
  (epsilon: number) =>
  (earlier: MeasuredMultiplier | null) =>
  ({ multiplier, violation }: MeasuredMultiplier): number => {
    const one = balancedMultiplier(safeguards)(epsilon)(violation)(multiplier)
    if (earlier === null || !(earlier.violation > 0)) return one
    const height = 1 / Math.sqrt(violation)
    const slope = (height - 1 / Math.sqrt(earlier.violation)) / (multiplier - earlier.multiplier)
    if (!(slope > 0)) return one
    return trusted(safeguards)(multiplier)(multiplier + (1 / Math.sqrt(epsilon) - height) / slope)
  }

/**
 * The next penalty: max(ρ, min(matched, cap, growth·ρ)) if infeasibility has stalled, else ρ. ρ never falls.
 * Infeasibility has stalled if `now` exceeds both `slack` and the share `sufficientDecrease` of its previous value. In
 * the first outer iteration there is no previous value, and ρ stays.
 *
 * Infeasibility up to `slack` (unit of f) counts as satisfied. Otherwise the noise of inexact lower-level solutions
 * would count as a stall and drive ρ to its cap. Beyond `matched` a larger ρ makes the multiplier oscillate instead of
 * converge: see {@link matchedPenalty}.
 *
 * @example
 * ```ts
 * import { AugmentedLagrangian } from 'bilevel-hpo'
 *
 * const next = AugmentedLagrangian.nextPenalty({ penaltyMax: 1e9, penaltyGrowth: 10, sufficientDecrease: 0.5 })
 * const after = next({ slack: 1e-6, matched: Infinity })
 * // Infeasibility fell to a fifth, so ρ stays. It hardly fell, so ρ grows.
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
 * The outer update of μ and ρ: {@link nextMultiplier} and {@link nextPenalty}, both computed from the values before the
 * update.
 *
 * - `slack`: infeasibility that counts as satisfied, in the unit of f
 * - `matched`: the penalty beyond which the update overshoots, {@link matchedPenalty}
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
