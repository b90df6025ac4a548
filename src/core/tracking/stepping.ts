/**
 * The step of λ: by the size of the gradient as far as it is known better than its noise, within a trust region for each
 * coordinate.
 *
 * Used in following, after every pair. In: u, the model of the gradient, the step lengths Δ. Out: the next u and Δ.
 *
 *     c_k = a_k²/(a_k² + σ_k²)                        certainty of the derivative a_k with deviation σ_k
 *     z_k = c_k·a_k                                   the derivative, shrunk by its noise
 *     Δ_k⁺ = min(max, growth·Δ_k)                     if z_k has the sign that made the step before
 *     Δ_k⁺ = max(min, shrinkage·Δ_k)                  if it has the other sign
 *     step_k = c_k·min(Δ_k⁺, |a_k|/h_k)·|z_k|/max_j|z_j|  without |a_k|/h_k where the slope h_k ≤ 0
 *     u_k⁺ = u_k − sign(z_k)·step_k, in the cube
 *
 * |a_k|/h_k is Newton's step for the coordinate. So λ goes down the gradient, the steepest coordinate by Δ at most: no further than
 * weights can follow. A coordinate near its optimum moves less, and so does one whose derivative is lost in noise. Sources: Wiener's
 * filter for c; Riedmiller & Braun (1993) for Δ.
 */
import * as t from 'io-ts'
import { Vector } from '../codec/Codec.js'
import type { GradientModel } from './GradientModel.js'

/** The options of steps; lengths are shares of a hyperparameter's range. */
export interface StepOptions {
  readonly initial: number
  readonly max: number
  readonly min: number
  readonly growth: number
  readonly shrinkage: number
}

export const Steps = t.readonly(t.strict({ lengths: Vector, moves: Vector }), 'Steps')
/** Δ, and the last moves, in the unit cube. */
export type Steps = t.TypeOf<typeof Steps>

/** Before the first move. */
export const firstSteps = ({ initial }: Pick<StepOptions, 'initial'>, dimension: number): Steps => ({
  lengths: Array.from({ length: dimension }, () => initial),
  moves: Array.from({ length: dimension }, () => 0),
})

/** c. Division by the larger of the two keeps squares from overflow and underflow. */
const certainty = (a: number, deviation: number): number => {
  if (a === 0) return 0
  const ratio = deviation / Math.abs(a)
  return Number.isFinite(ratio) ? 1 / (1 + ratio * ratio) : 0
}

/** The next u, and the steps after it. */
export const stepped =
  ({ max, min, growth, shrinkage }: StepOptions) =>
  ({ gradient, deviation, slope }: Pick<GradientModel, 'gradient' | 'deviation' | 'slope'>) =>
  (
    unit: ReadonlyArray<number>,
    before: Steps,
  ): { readonly unit: ReadonlyArray<number>; readonly steps: Steps } => {
    const sure = gradient.map((a, k) => certainty(a, deviation[k]!))
    const z = gradient.map((a, k) => a * sure[k]!)
    const largest = z.reduce((most, each) => Math.max(most, Math.abs(each)), 0)
    const lengths = before.lengths.map((length, k) => {
      const agreement = -Math.sign(z[k]!) * Math.sign(before.moves[k]!)
      if (agreement > 0) return Math.min(max, length * growth)
      return agreement < 0 ? Math.max(min, length * shrinkage) : length
    })
    const next = unit.map((u, k) => {
      if (z[k] === 0) return u
      const newton = slope[k]! > 0 ? Math.abs(gradient[k]!) / slope[k]! : Infinity
      const step = sure[k]! * Math.min(lengths[k]!, newton) * (Math.abs(z[k]!) / largest)
      return Math.min(1, Math.max(0, u - Math.sign(z[k]!) * step))
    })
    // Adding 0 turns −0 into 0: −0 does not survive JSON.
    return { unit: next, steps: { lengths, moves: next.map((u, k) => u - unit[k]! + 0) } }
  }
