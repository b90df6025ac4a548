/**
 * What the dual parts (constraint form, penalty schedule, tolerance schedule) are told.
 *
 * | symbol | name          | unit                        |
 * | ------ | ------------- | --------------------------- |
 * | v      | violation     | unit of f                   |
 * | ε      | epsilon       | unit of f                   |
 * | g      | constraint    | unit of f                   |
 * | μ      | multiplier    | unit of F / unit of f       |
 * | ρ      | penalty       | unit of F / (unit of f)²    |
 */
import type { BilevelConfig } from '../BilevelConfig.js'
import type { Scales } from '../iterates.js'

/** What stays the same for a whole search. */
export interface Setting {
  readonly config: BilevelConfig
  /** Units of F and f, by which relative options are multiplied. */
  readonly scales: Scales
}

/** μ and ε before anything was measured, by which a penalty schedule may choose ρ₀ and its cap. */
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

/** What a minimisation at fixed μ, ρ and ε came to. */
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
