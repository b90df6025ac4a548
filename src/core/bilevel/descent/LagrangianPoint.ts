/**
 * The input of a descent rule (`LagrangianPoint`), and its output (`Moved`).
 *
 * Used in minimising, once per step of λ. Both are in the unit cube: coordinates are shares of each hyperparameter's
 * range.
 */

/**
 * The augmented Lagrangian at a point of the unit cube, minimised over the weights.
 *
 * - `unit`: u, length d, shares of each hyperparameter's range
 * - `gradient`: ∂L/∂u, length d, in the unit of F
 * - `merit`: F + κ·g, in the unit of F
 * - `noise`: the rounding error of the merit, in the unit of F
 */
export interface LagrangianPoint {
  readonly unit: ReadonlyArray<number>
  /** Its gradient by the unit coordinates. */
  readonly gradient: ReadonlyArray<number>
  /** Its value, F + κ·g. It is as noisy as the weights; a rule may ignore it. */
  readonly merit: number
  /** Rounding error of the value. */
  readonly noise: number
}

/** A step of a descent rule in the unit cube, and the rule's state S after it; `unit` has length d. */
export interface Moved<S> {
  /** The point to measure next. */
  readonly unit: ReadonlyArray<number>
  readonly after: S
  /** The longest component of the step, or of the steps still in progress. */
  readonly longest: number
  /** The step returns from a point that was worse than predicted. Then a short step is no sign of convergence. */
  readonly backtracking: boolean
}
