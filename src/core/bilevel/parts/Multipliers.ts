/**
 * Types of the arguments that `dualStep` (dual.ts) passes to the three parts `constraint`, `penalty` and `tolerance`.
 *
 * | symbol | name          | unit                        |
 * | ------ | ------------- | --------------------------- |
 * | v      | violation     | unit of f                   |
 * | ε      | epsilon       | unit of f                   |
 * | g      | constraint    | unit of f                   |
 * | μ      | multiplier    | unit of F / unit of f       |
 * | ρ      | penalty       | unit of F / (unit of f)²    |
 *
 * - `Setting`: the configuration and the scales, constant during a search
 * - `First`: μ₀ and ε₀, from before the first minimisation
 * - `Minimised`: the measurements of one minimisation
 * - `Multipliers`: μ, ρ and the infeasibility, which one outer iteration passes to the next
 */
import type { MeasuredMultiplier } from '../AugmentedLagrangian.js'
import type { BilevelConfig } from '../BilevelConfig.js'
import type { Scales } from '../iterates.js'

/** Values that are constant during a search. */
export interface Setting {
  readonly config: BilevelConfig
  /** Units of F and f; relative options are multiples of them. */
  readonly scales: Scales
}

/**
 * μ₀ (unit of F per unit of f) and ε₀ (unit of f), before any measurement. A penalty schedule may derive ρ₀ and its cap
 * from them.
 */
export interface First {
  readonly multiplier: number
  readonly epsilon: number
}

/** The values that one outer iteration passes to the next. */
export interface Multipliers {
  readonly multiplier: number
  readonly penalty: number
  /** The constraint form's infeasibility in the previous outer iteration; `null` before the first. */
  readonly infeasibility: number | null
}

/**
 * The measurements of a minimisation at fixed μ, ρ and ε.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, decode, Parts } from 'bilevel-hpo'
 *
 * // The violation is twice the tolerance, so the multiplier grows, by no more than the matched penalty allows.
 * const minimised: Parts.Minimised = { violation: 2e-4, epsilon: 1e-4, constraint: 1e-4, noise: 0, outerIteration: 1 }
 * const before: Parts.Multipliers = { multiplier: 300, penalty: 1e9, infeasibility: null }
 * const config = decode(bilevel.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const scales = { upper: 2, lower: 2 }
 * E.isRight(config) ? Parts.defaults.constraint.next({ config: config.right, scales })(minimised)(before) : NaN // => 450
 * ```
 */
export interface Minimised {
  /** v, as the constraint form defines it, and the ε of this minimisation. */
  readonly violation: number
  readonly epsilon: number
  /** g, which the constraint form computes from v and ε. */
  readonly constraint: number
  /**
   * A violation up to this cannot be distinguished from zero. For the next μ and ρ it is two deviations of φ̂, or 0 if
   * solves are exact. For `balanced`, which is called if solves are exact, it is the rounding error of f.
   */
  readonly noise: number
  /** Counted from 0. */
  readonly outerIteration: number
  /** μ and v of the minimisation before this one, if it was at the same λ and exact. */
  readonly earlier?: MeasuredMultiplier | null
}
