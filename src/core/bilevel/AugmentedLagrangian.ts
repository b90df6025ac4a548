/**
 * The augmented Lagrangian of min F subject to g = f − φ̂ − ε ≤ 0, in the Powell–Hestenes–Rockafellar form.
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
/** What one outer iteration hands to the next. */
export type Multipliers = t.TypeOf<typeof Multipliers>

/** The safeguards of the update. */
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

/** κ = max(0, μ + ρ·g): the one number by which the shell needs to know the augmented Lagrangian. */
export const coefficient =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (constraint: number): number =>
    Math.max(0, multiplier + penalty * constraint)

/** L(λ, w; μ, ρ), from F and g at (λ, w). */
export const value =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (upper: number, constraint: number): number => {
    const shifted = Math.max(0, constraint + multiplier / penalty)
    return upper + (penalty / 2) * shifted * shifted - (multiplier * multiplier) / (2 * penalty)
  }

/** ∂L/∂λ from the partial derivatives at (λ, w), the gradient of φ̂ and κ. */
export const gradient = (
  upperGradient: ReadonlyArray<number>,
  lowerGradient: ReadonlyArray<number>,
  phiGradient: ReadonlyArray<number>,
  kappa: number,
): ReadonlyArray<number> => upperGradient.map((dF, k) => dF + kappa * (lowerGradient[k]! - phiGradient[k]!))

/**
 * |max(g, −μ/ρ)|: zero exactly where the constraint holds and is complementary to the multiplier.
 */
export const infeasibility =
  ({ multiplier, penalty }: Pick<Multipliers, 'multiplier' | 'penalty'>) =>
  (constraint: number): number =>
    Math.abs(Math.max(constraint, -multiplier / penalty))

/**
 * μ/(2ε), the penalty at which the multiplier's update is Newton's step. Minimising over w gives a violation that falls
 * as v ≈ C/μ² (F is a perturbation of κ·f of relative size 1/κ), so that μ + ρ(v − ε) with this ρ solves v = ε to
 * second order; twice as much would overshoot.
 */
export const matchedPenalty = (multiplier: number, epsilon: number): number => multiplier / (2 * epsilon)

/**
 * The next multiplier: max(0, μ + ρ·g) with no more than the matched penalty, and within a factor of μ: a penalty that
 * was right for a larger multiplier would make a smaller one swing.
 *
 * `matched` is the penalty beyond which the update would overshoot: see {@link matchedPenalty}.
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

/** The outer update: {@link nextMultiplier} and {@link nextPenalty}, both from what was before. */
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
