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
import { Positive, Vector } from '../protocol/Codec.js'

export const DescentOptions = t.readonly(
  t.strict({
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
  'DescentOptions',
)
export type DescentOptions = t.TypeOf<typeof DescentOptions>

export const Descent = t.readonly(t.strict({ steps: Vector, gradient: Vector }), 'Descent')
/** Step lengths in the unit cube, and the derivatives they came from. */
export type Descent = t.TypeOf<typeof Descent>

/** Before the first step: no derivative is known, every step has its first length. */
export const start = (options: DescentOptions, dimension: number): Descent => ({
  steps: Array.from({ length: dimension }, () => options.initialStep),
  gradient: Array.from({ length: dimension }, () => 0),
})

const nextLength = (options: DescentOptions, length: number, agreement: number): number => {
  if (agreement > 0) return Math.min(options.maxStep, length * options.growth)
  if (agreement < 0) return Math.max(options.minStep, length * options.shrinkage)
  return length
}

/**
 * One step: the point in the unit cube after it, and the rule's next state. `gradient` is by the unit coordinates;
 * of it only the signs count.
 */
export const step =
  (options: DescentOptions) =>
  (unit: ReadonlyArray<number>, gradient: ReadonlyArray<number>) =>
  (descent: Descent): { readonly unit: ReadonlyArray<number>; readonly descent: Descent } => {
    const steps = descent.steps.map((length, k) =>
      nextLength(options, length, Math.sign(gradient[k]!) * Math.sign(descent.gradient[k]!)),
    )
    return {
      unit: unit.map((u, k) => Math.min(1, Math.max(0, u - steps[k]! * Math.sign(gradient[k]!)))),
      // −0 would not survive JSON.
      descent: { steps, gradient: gradient.map(slope => slope + 0) },
    }
  }

/** The rule after a step that could not be evaluated: the same direction, half as far. */
export const retreat =
  (options: DescentOptions) =>
  (descent: Descent): Descent => ({
    ...descent,
    steps: descent.steps.map(length => Math.max(options.minStep, length * options.shrinkage)),
  })
