/**
 * The dual step: the next multiplier μ, penalty ρ and tolerance ε, after a violation v was measured.
 *
 * Used at the end of refining, once per outer iteration. With `pair.reference: "solved"` (`solveBilevel`) minimising
 * calls it instead, several times at one λ, and refining skips it. In: the search with its last `Relaxed` point. Out:
 * the search with the next μ, ρ and ε. The three rules are parts. Each gets the values from before the step; this file
 * only combines them:
 *
 *     μ⁺ = constraint.next     default: max(0, μ + min(ρ, μ/(2ε))·(v − ε)), within limits   (parts/ConstraintForm.ts)
 *     ρ⁺ = penalty.next        default: growth·ρ, within limits, if infeasibility has stalled   (parts/PenaltySchedule.ts)
 *     ε⁺ = tolerance.next      default: 0.7·ε, down to the final ε, if v ≤ 2ε               (parts/ToleranceSchedule.ts)
 *
 * `dualStart` returns μ₀, ρ₀ and ε₀. The stopping test asks `balanced` (does v agree with the final ε?) and `capped`
 * (is ρ at its cap?).
 */
import type { BilevelConfig } from './BilevelConfig.js'
import type { Relaxed, Scales } from './iterates.js'
import type { Parts } from './Parts.js'
import type { First, Minimised, Multipliers, Setting } from './parts/Multipliers.js'
import type { Search } from './BilevelState.js'

type DualParts = Pick<Parts, 'constraint' | 'penalty' | 'tolerance'>

const firstOf = ({ constraint, tolerance }: DualParts, setting: Setting): First => ({
  multiplier: constraint.initial(setting),
  epsilon: tolerance.initial(setting),
})

/** The initial μ, ρ and ε. */
export const dualStart =
  (parts: DualParts) =>
  (
    config: BilevelConfig,
    scales: Scales,
  ): { readonly multipliers: Multipliers; readonly epsilon: number } => {
    const first = firstOf(parts, { config, scales })
    const penalty = parts.penalty.initial({ config, scales })(first)
    return {
      multipliers: { multiplier: first.multiplier, penalty, infeasibility: null },
      epsilon: first.epsilon,
    }
  }

const minimisedOf = (
  { constraint }: DualParts,
  { violation, epsilon }: Relaxed,
  noise: number,
  { outerIteration, earlier }: Pick<Search, 'outerIteration' | 'earlier'>,
): Minimised => ({
  violation,
  epsilon,
  constraint: constraint.constraint(epsilon)(violation),
  noise,
  outerIteration,
  earlier,
})

/**
 * The search after its dual step. A violation within `noise` (unit of f) cannot be distinguished from zero, so it does
 * not raise the penalty.
 */
export const dualStep =
  (parts: DualParts) =>
  (config: BilevelConfig, noise: number) =>
  <R>(search: Search<R>): Search<R> => {
    const { relaxed, multipliers: before, scales, base } = search
    if (relaxed === null) return search
    const setting: Setting = { config, scales }
    const minimised = minimisedOf(parts, relaxed, noise, search)
    const infeasibility = parts.constraint.infeasibility(before)(minimised.constraint)
    const first = firstOf(parts, setting)
    return {
      ...search,
      multipliers: {
        multiplier: parts.constraint.next(setting)(minimised)(before),
        penalty: parts.penalty.next(setting)(first)({ ...minimised, infeasibility })(before),
        infeasibility,
      },
      earlier:
        config.pair.reference === 'solved'
          ? { multiplier: before.multiplier, violation: relaxed.violation }
          : null,
      epsilon: parts.tolerance.next(setting)({ violation: relaxed.violation, lower: base.lower })(
        search.epsilon,
      ),
    }
  }

/** Rounding error of f(z) − f(y) in float64, relative to the size of f: a few units in the last place. */
const precision = 1e-15

/** The largest violation, as a difference of two values of f, that cannot be distinguished from zero. */
const roundingOf = ({ lower }: Relaxed, scales: Scales): number =>
  precision * Math.max(Math.abs(lower), scales.lower)

/** Whether further dual steps at this λ gain nothing: ε is final, and the constraint form is balanced. */
export const balanced =
  (parts: DualParts) =>
  (config: BilevelConfig) =>
  <R>(search: Search<R>): boolean => {
    const { relaxed, multipliers, scales, base } = search
    const setting: Setting = { config, scales }
    // The final ε depends on the size of f, which differs slightly between one λ and the next.
    if (relaxed === null || relaxed.epsilon > 2 * parts.tolerance.final(setting)(base.lower)) return false
    const minimised = minimisedOf(parts, relaxed, roundingOf(relaxed, scales), search)
    return parts.constraint.balanced(setting)(minimised)(multipliers)
  }

/** Whether ρ has reached its cap. */
export const capped =
  (parts: DualParts) =>
  (config: BilevelConfig) =>
  <R>({ multipliers, scales }: Search<R>): boolean => {
    const setting: Setting = { config, scales }
    return multipliers.penalty >= parts.penalty.cap(setting)(firstOf(parts, setting))
  }
