/**
 * What the three dual parts (constraint form, penalty schedule, tolerance schedule) are told in a dual step.
 *
 * | symbol | name          | unit                        |
 * | ------ | ------------- | --------------------------- |
 * | v      | violation     | unit of f                   |
 * | ε      | epsilon       | unit of f                   |
 * | g      | constraint    | unit of f                   |
 * | μ      | multiplier    | unit of F / unit of f       |
 * | ρ      | penalty       | unit of F / (unit of f)²    |
 *
 * `Setting` stays the same for a whole search, `First` is before the first minimisation, `Minimised` is what one measured,
 * `Multipliers` goes from one outer iteration to the next. Types only.
 */
import type { BilevelConfig } from '../BilevelConfig.js'
import type { Scales } from '../iterates.js'

/** What stays the same for a whole search. */
export interface Setting {
  readonly config: BilevelConfig
  /** Units of F and f, by which relative options are multiplied. */
  readonly scales: Scales
}

/**
 * μ₀ (unit of F per unit of f) and ε₀ (unit of f), before anything was measured. A penalty schedule may choose ρ₀ and its cap by them.
 */
export interface First {
  readonly multiplier: number
  readonly epsilon: number
}

/** What one outer iteration hands to the next. */
export interface Multipliers {
  readonly multiplier: number
  readonly penalty: number
  /** The constraint form's infeasibility in the outer iteration before; `null` before the first. */
  readonly infeasibility: number | null
}

/**
 * What a minimisation at fixed μ, ρ and ε came to.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, decode, Parts } from 'bilevel-hpo'
 *
 * // Twice the tolerance: the multiplier grows, by no more than the matched penalty allows.
 * const minimised: Parts.Minimised = { violation: 2e-4, epsilon: 1e-4, constraint: 1e-4, noise: 0, outerIteration: 1 }
 * const before: Parts.Multipliers = { multiplier: 300, penalty: 1e9, infeasibility: null }
 * const config = decode(bilevel.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const scales = { upper: 2, lower: 2 }
 * E.isRight(config) ? Parts.defaults.constraint.next({ config: config.right, scales })(minimised)(before) : NaN // => 450
 * ```
 */
export interface Minimised {
  /** v, as the constraint form defines it, and the ε that was asked of it. */
  readonly violation: number
  readonly epsilon: number
  /** g, the constraint form's function of the two. */
  readonly constraint: number
  /**
   * A violation that cannot be told from zero. For the next μ and ρ: two deviations of φ̂, or 0 where solves are exact.
   * For whether they are balanced, which is asked where solves are exact: the rounding of f.
   */
  readonly noise: number
  /** Counted from 0. */
  readonly outerIteration: number
}
