/**
 * How λ moves: one step length a hyperparameter, which grows while the sign of its derivative stays and is halved
 * where it flips, in the unit cube (Riedmiller & Braun 1993, "Rprop").
 *
 * Only signs of derivatives are used. That makes the rule independent of the scale of F, of f and of each
 * hyperparameter, and indifferent to the orders of magnitude that the derivative by a log coefficient spans.
 *
 * Differs from the paper, which takes gradient descent steps of a fixed size on λ and w together.
 */
import * as t from 'io-ts'
import { Positive, Vector } from '../../codec/Codec.js'
import type { Measured, Moved } from './Measured.js'

export const SignsOptions = t.readonly(
  t.strict({
    rule: t.literal('signs'),
    /** First step length, as a share of a hyperparameter's range. */
    initialStep: Positive,
    /** Longest and shortest step, as shares of the range. */
    maxStep: Positive,
    minStep: Positive,
    /** Growth of a step whose derivative keeps its sign (Riedmiller & Braun: 1.2). */
    growth: Positive,
    /** Shrinkage of a step whose derivative flips its sign (Riedmiller & Braun: 0.5). */
    shrinkage: Positive,
  }),
  'SignsOptions',
)
export type SignsOptions = t.TypeOf<typeof SignsOptions>

export const Signs = t.readonly(
  t.strict({ rule: t.literal('signs'), steps: Vector, gradient: Vector }),
  'Signs',
)
/** Step lengths in the unit cube, and the derivatives they came from. */
export type Signs = t.TypeOf<typeof Signs>

/** Before the first step: no derivative is known, every step has its first length. */
export const start = (options: SignsOptions, dimension: number): Signs => ({
  rule: 'signs',
  steps: Array.from({ length: dimension }, () => options.initialStep),
  gradient: Array.from({ length: dimension }, () => 0),
})

const nextLength = (options: SignsOptions, length: number, agreement: number): number => {
  if (agreement > 0) return Math.min(options.maxStep, length * options.growth)
  if (agreement < 0) return Math.max(options.minStep, length * options.shrinkage)
  return length
}

/**
 * One step: the point in the unit cube after it, and the rule's next state. `gradient` is by the unit coordinates;
 * of it only the signs count.
 */
export const step =
  (options: SignsOptions) =>
  ({ unit, gradient }: Measured) =>
  (before: Signs): Moved<Signs> => {
    const steps = before.steps.map((length, k) =>
      nextLength(options, length, Math.sign(gradient[k]!) * Math.sign(before.gradient[k]!)),
    )
    return {
      unit: unit.map((u, k) => Math.min(1, Math.max(0, u - steps[k]! * Math.sign(gradient[k]!)))),
      // −0 would not survive JSON.
      after: { ...before, steps, gradient: gradient.map(slope => slope + 0) },
      longest: steps.reduce((most, length) => Math.max(most, length), -Infinity),
      backtracking: false,
    }
  }

/** The rule after a step that could not be evaluated: the same direction, half as far. */
export const retreat =
  (options: SignsOptions) =>
  (before: Signs): Signs => ({
    ...before,
    steps: before.steps.map(length => Math.max(options.minStep, length * options.shrinkage)),
  })
