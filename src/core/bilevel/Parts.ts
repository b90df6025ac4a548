/**
 * The parts of the bilevel method. Each is pure, knows nothing of the others, and may be replaced alone; the method
 * asks them, and does all that crosses to the shell itself.
 *
 * A part with options of its own closes over them; the default parts read theirs from the configuration.
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

export type { Measured, Moved } from './descent/Measured.js'
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

/** The parts of the method `bilevel`. */
export const defaults: Parts = {
  surrogate: gaussianProcess,
  design: configuredDesign,
  constraint: inequality,
  penalty: whereStalled,
  tolerance: whereReached,
  descent: configuredRule,
  choice: averaged,
}
