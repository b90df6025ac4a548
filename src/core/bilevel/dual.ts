/**
 * The dual side of an iteration: multiplier, penalty and tolerance after a violation was measured.
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

/** μ, ρ and ε at the start. */
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
  outerIteration: number,
): Minimised => ({
  violation,
  epsilon,
  constraint: constraint.constraint(epsilon)(violation),
  noise,
  outerIteration,
})

/**
 * The search after its dual step. `noise` (unit of f) is the violation that cannot be told from zero: it is no reason
 * to raise the penalty.
 */
export const dualStep =
  (parts: DualParts) =>
  (config: BilevelConfig, noise: number) =>
  <R>(search: Search<R>): Search<R> => {
    const { relaxed, multipliers: before, scales, base } = search
    if (relaxed === null) return search
    const setting: Setting = { config, scales }
    const minimised = minimisedOf(parts, relaxed, noise, search.outerIteration)
    const infeasibility = parts.constraint.infeasibility(before)(minimised.constraint)
    const first = firstOf(parts, setting)
    return {
      ...search,
      multipliers: {
        multiplier: parts.constraint.next(setting)(minimised)(before),
        penalty: parts.penalty.next(setting)(first)({ ...minimised, infeasibility })(before),
        infeasibility,
      },
      epsilon: parts.tolerance.next(setting)({ violation: relaxed.violation, lower: base.lower })(
        search.epsilon,
      ),
    }
  }

/** What float64 leaves uncertain of f(z) − f(y), relative to the size of f: a few units in the last place. */
const precision = 1e-15

/** The violation that cannot be told from zero, as a difference of two values of f. */
const roundingOf = ({ lower }: Relaxed, scales: Scales): number =>
  precision * Math.max(Math.abs(lower), scales.lower)

/** Whether there is nothing more to gain from dual steps at this λ: ε is final, and the constraint form is content. */
export const balanced =
  (parts: DualParts) =>
  (config: BilevelConfig) =>
  <R>({ relaxed, multipliers, scales, base, outerIteration }: Search<R>): boolean => {
    const setting: Setting = { config, scales }
    // The least ε depends on the size of f, which differs a little from one λ to the next.
    if (relaxed === null || relaxed.epsilon > 2 * parts.tolerance.final(setting)(base.lower)) return false
    const minimised = minimisedOf(parts, relaxed, roundingOf(relaxed, scales), outerIteration)
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
