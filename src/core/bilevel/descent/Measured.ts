/**
 * What a descent rule is told of a point (`Measured`), and what it answers (`Moved`).
 *
 * Used in minimising, once a step of λ. Both are in the unit cube: coordinates are shares of each hyperparameter's range.
 */

/**
 * The augmented Lagrangian at a point of the unit cube, minimised over the weights.
 *
 * - `unit`: u, length d, shares of each hyperparameter's range
 * - `gradient`: ∂L/∂u, length d, in the unit of F
 * - `merit`: F + κ·g, in the unit of F
 * - `noise`: an error that rounding may have put into the merit, in the unit of F
 */
export interface Measured {
  readonly unit: ReadonlyArray<number>
  /** Its gradient by the unit coordinates. */
  readonly gradient: ReadonlyArray<number>
  /** Its value, F + κ·g. Noisy where the weights are; a rule may leave it aside. */
  readonly merit: number
  /** How far rounding may have put the value off. */
  readonly noise: number
}

/** A step of a descent rule in the unit cube, and the rule's state S after it; `unit` is of length d. */
export interface Moved<S> {
  /** The point to measure next. */
  readonly unit: ReadonlyArray<number>
  readonly after: S
  /** The longest component of the step, or of the steps that are still being taken. */
  readonly longest: number
  /** The step goes back from a point that was worse than predicted: short steps are then no sign of convergence. */
  readonly backtracking: boolean
}
