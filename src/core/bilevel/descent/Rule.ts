/**
 * The two descent rules in one: a tagged union of their options and states, and `start`, `step` and `retreat` by tag.
 *
 * Used by the part `descent` (parts/DescentRule.ts). `signs` (Signs.ts) is for networks, whose gradients are noisy; `quasiNewton`
 * (QuasiNewton.ts) for problems in memory, whose gradients are exact. To add a rule, add a member here.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { oneOf } from '../../codec/options.js'
import type { LagrangianPoint, Moved } from './LagrangianPoint.js'
import * as QuasiNewton from './QuasiNewton.js'
import * as Signs from './Signs.js'

export const RuleOptions = oneOf('RuleOptions', [Signs.SignsOptions, QuasiNewton.QuasiNewtonOptions])
export type RuleOptions = t.TypeOf<typeof RuleOptions>

export const Rule = t.union([Signs.Signs, QuasiNewton.QuasiNewton], 'Rule')
/**
 * The state of a rule.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 *
 * // The default rule's state for one hyperparameter: its step length, and the last derivative.
 * const rule: Parts.Rule = { rule: 'signs', steps: [0.07], gradient: [0] }
 * Parts.defaults.descent.state.is(rule) // => true
 * ```
 */
export type Rule = t.TypeOf<typeof Rule>

/** The state before the first step. */
export const start = (options: RuleOptions, dimension: number): Rule => {
  switch (options.rule) {
    case 'signs':
      return Signs.start(options, dimension)
    case 'quasiNewton':
      return QuasiNewton.start(options)
  }
}

/** One step. If the state belongs to another rule than the options, it is replaced by a new one. */
export const step =
  (options: RuleOptions) =>
  (point: LagrangianPoint) =>
  (before: Rule): Moved<Rule> => {
    const dimension = point.unit.length
    switch (options.rule) {
      case 'signs':
        return pipe(
          before.rule === 'signs' ? before : Signs.start(options, dimension),
          Signs.step(options)(point),
        )
      case 'quasiNewton':
        return pipe(
          before.rule === 'quasiNewton' ? before : QuasiNewton.start(options),
          QuasiNewton.step(options)(point),
        )
    }
  }

/** The state after a step that could not be evaluated. */
export const retreat =
  (options: RuleOptions) =>
  (before: Rule): Rule => {
    switch (before.rule) {
      case 'signs':
        return options.rule === 'signs' ? Signs.retreat(options)(before) : before
      case 'quasiNewton':
        return QuasiNewton.retreat(before)
    }
  }
