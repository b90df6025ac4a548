/**
 * The part `descent`: the next λ, from the derivative at the last measured one.
 *
 * Used in minimising, after the pair is measured. In: u and ∂L/∂u in the unit cube, and the rule's state. Out: the next
 * u and state. The default is one of two rules (descent/Rule.ts); the option `descent.rule` selects it.
 */
import type * as t from 'io-ts'
import type { BilevelConfig } from '../BilevelConfig.js'
import type { LagrangianPoint, Moved } from '../descent/LagrangianPoint.js'
import * as Rule from '../descent/Rule.js'

/**
 * A descent rule with the state R. R is plain JSON and survives a round trip through `state` unchanged.
 *
 * @example
 * ```ts
 * import * as t from 'io-ts'
 * import { Bilevel, Parts } from 'bilevel-hpo'
 *
 * // Gradient descent with a fixed step size, clamped to the unit cube.
 * const fixed: Parts.DescentRule<null> = {
 *   state: t.null,
 *   start: () => null,
 *   step: () => ({ unit, gradient }: Parts.LagrangianPoint) => (): Parts.Moved<null> =>
 *     ({ unit: unit.map((u, k) => Math.min(1, Math.max(0, u - 0.1 * gradient[k]!))), after: null, longest: 0.1, backtracking: false }),
 *   retreat: () => () => null,
 * }
 * Bilevel.make({ descent: fixed }).name // => 'bilevel with another descent'
 * ```
 */
export interface DescentRule<R> {
  readonly state: t.Type<R, unknown>
  /** The state before the first step. */
  readonly start: (config: BilevelConfig) => R
  /** One step in the unit cube, on F + κ·g minimised over the weights. */
  readonly step: (config: BilevelConfig) => (point: LagrangianPoint) => (before: R) => Moved<R>
  /** The state after a step that could not be evaluated; the method has moved λ half of it back. */
  readonly retreat: (config: BilevelConfig) => (before: R) => R
}

/**
 * Rprop or L-BFGS, as `descent.rule` says: Signs.ts, QuasiNewton.ts. Options: `descent`. Differs from the paper, which
 * takes Nesterov gradient descent steps of a fixed size on λ and w together.
 */
export const configured: DescentRule<Rule.Rule> = {
  state: Rule.Rule,
  start: ({ descent, space }) => Rule.start(descent, space.length),
  step: ({ descent }) => Rule.step(descent),
  retreat: ({ descent }) => Rule.retreat(descent),
}
