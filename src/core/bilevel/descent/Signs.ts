/**
 * The rule that moves λ for networks: Rprop (Riedmiller & Braun 1993) in the unit cube. Used in minimising.
 *
 * Each hyperparameter k has a step length Δ_k, a share of its range. In: the gradient g by the unit coordinates u. Out:
 * the next u.
 *
 *     Δ_k⁺ = min(maxStep, growth·Δ_k)      if g_k has the same sign as before
 *     Δ_k⁺ = max(minStep, shrinkage·Δ_k)   if its sign flipped
 *     u_k⁺ = u_k − Δ_k⁺·sign(g_k), clamped to [0, 1]
 *
 * Only the signs of derivatives matter. So the rule does not depend on the scales of F, f and λ, nor on the orders of
 * magnitude that the derivative by a log coefficient spans. Differs from the paper, which takes Nesterov gradient
 * descent steps of a fixed size on λ and w together.
 */
import * as t from 'io-ts'
import { Positive, Vector } from '../../codec/Codec.js'
import type { LagrangianPoint, Moved } from './LagrangianPoint.js'

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
/** Step lengths in the unit cube, and the last derivatives. */
export type Signs = t.TypeOf<typeof Signs>

/** The state before the first step: no derivative is known, and every step has its initial length. */
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
 * One step: the next point in the unit cube, and the rule's next state. `gradient` is by the unit coordinates; only its
 * signs matter.
 */
export const step =
  (options: SignsOptions) =>
  ({ unit, gradient }: LagrangianPoint) =>
  (before: Signs): Moved<Signs> => {
    const steps = before.steps.map((length, k) =>
      nextLength(options, length, Math.sign(gradient[k]!) * Math.sign(before.gradient[k]!)),
    )
    return {
      unit: unit.map((u, k) => Math.min(1, Math.max(0, u - steps[k]! * Math.sign(gradient[k]!)))),
      // Adding 0 turns −0 into 0: −0 does not survive JSON.
      after: { ...before, steps, gradient: gradient.map(slope => slope + 0) },
      longest: steps.reduce((most, length) => Math.max(most, length), -Infinity),
      backtracking: false,
    }
  }

/** The state after a step that could not be evaluated: shorter steps in the same directions. */
export const retreat =
  (options: SignsOptions) =>
  (before: Signs): Signs => ({
    ...before,
    steps: before.steps.map(length => Math.max(options.minStep, length * options.shrinkage)),
  })
