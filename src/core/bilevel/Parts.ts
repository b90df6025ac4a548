/**
 * The seven replaceable parts of the bilevel method, as one record.
 *
 * Every phase receives this record and calls the parts it needs. Each part is pure, and knows neither the other parts
 * nor the phases. A part of your own keeps its options in a closure; the default parts read theirs from the
 * configuration.
 *
 * Three methods are instances of this record: the method of this package ({@link defaults}); the paper's, with an
 * equality constraint and an ever-growing penalty; and that of `solveBilevel`, which takes the default parts with
 * `pair.reference: "solved"` and `descent.rule: "quasiNewton"`. docs/research-variants.md has the code.
 *
 * @module
 */
import type { Rule } from './descent/Rule.js'
import { averaged, type Choice } from './parts/Choice.js'
import { type ConstraintForm, inequality } from './parts/ConstraintForm.js'
import { configured as configuredRule, type DescentRule } from './parts/DescentRule.js'
import { configured as configuredDesign, type InitialDesign } from './parts/InitialDesign.js'
import { type PenaltySchedule, whereStalled } from './parts/PenaltySchedule.js'
import { gaussianProcess, type GaussianProcessState, type Surrogate } from './parts/Surrogate.js'
import { type ToleranceSchedule, whereReached } from './parts/ToleranceSchedule.js'

export type { LagrangianPoint, Moved } from './descent/LagrangianPoint.js'
export type { Rule } from './descent/Rule.js'
export type { Relaxed, Scales, Solved } from './iterates.js'
export type { Candidate, Choice, Visited } from './parts/Choice.js'
export type { ConstraintForm, Partials } from './parts/ConstraintForm.js'
export type { DescentRule } from './parts/DescentRule.js'
export type { First, Minimised, Multipliers, Setting } from './parts/Multipliers.js'
export type { InitialDesign } from './parts/InitialDesign.js'
export type { PenaltySchedule } from './parts/PenaltySchedule.js'
export { structuredProcess } from './parts/Surrogate.js'
export type { Estimate, GaussianProcessState, Prediction, Surrogate } from './parts/Surrogate.js'
export type { ToleranceSchedule } from './parts/ToleranceSchedule.js'

/** All parts, with the states V of the surrogate and R of the descent rule. */
export interface Parts<V = GaussianProcessState, R = Rule> {
  readonly surrogate: Surrogate<V>
  readonly design: InitialDesign
  readonly constraint: ConstraintForm
  readonly penalty: PenaltySchedule
  readonly tolerance: ToleranceSchedule
  readonly descent: DescentRule<R>
  readonly choice: Choice
}

/**
 * The parts of the method `bilevel`.
 *
 * @example
 * ```ts
 * import { Bilevel, Parts } from 'bilevel-hpo'
 *
 * const parts: Parts.Parts = Parts.defaults
 * Object.keys(parts).sort() // => ['choice', 'constraint', 'descent', 'design', 'penalty', 'surrogate', 'tolerance']
 * // `bilevel` consists of these parts.
 * Bilevel.make(parts).state.name // => Bilevel.bilevel.state.name
 * ```
 */
export const defaults: Parts = {
  surrogate: gaussianProcess,
  design: configuredDesign,
  constraint: inequality,
  penalty: whereStalled,
  tolerance: whereReached,
  descent: configuredRule,
  choice: averaged,
}
