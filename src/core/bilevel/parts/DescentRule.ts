/**
 * The descent rule for λ: where to measure next, from the derivative where it was measured last.
 */
import type * as t from 'io-ts'
import type { BilevelConfig } from '../BilevelConfig.js'
import type { Measured, Moved } from '../descent/Measured.js'
import * as Rule from '../descent/Rule.js'

/** A rule with the state R, which is plain JSON and survives a round trip through `state` unchanged. */
export interface DescentRule<R> {
  readonly state: t.Type<R, unknown>
  /** Before the first step. */
  readonly start: (config: BilevelConfig) => R
  /** One step in the unit cube, on F + κ·g minimised over the weights. */
  readonly step: (config: BilevelConfig) => (measured: Measured) => (before: R) => Moved<R>
  /** After a step that could not be evaluated; the method has gone half of it back. */
  readonly retreat: (config: BilevelConfig) => (before: R) => R
}

/**
 * Rprop or L-BFGS, as `descent.rule` says: Signs.ts, QuasiNewton.ts. Options: `descent`. Differs from the paper, which
 * takes Nesterov's steps of a fixed size on λ and w together.
 */
export const configured: DescentRule<Rule.Rule> = {
  state: Rule.Rule,
  start: ({ descent, space }) => Rule.start(descent, space.length),
  step: ({ descent }) => Rule.step(descent),
  retreat: ({ descent }) => Rule.retreat(descent),
}
