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
 *     Δ_k⁺ = growth·|a_k|/h_k                         if that is less, and the slope h_k is known: after a short step of Newton's
 *     step_k = c_k·min(Δ_k⁺, |a_k|/h_k)               where the slope h_k is at least twice its deviation
 *     step_k = c_k·Δ_k⁺·|z_k|/max_j|z_j|              elsewhere
 *     u_k⁺ = u_k − sign(z_k)·step_k, in the cube
 *
 * |a_k|/h_k is Newton's step for the coordinate. Where slopes are not known, λ goes down the gradient, the steepest coordinate by Δ.
 * No coordinate moves by more than Δ: no further than weights can follow. One whose derivative is lost in noise hardly moves. Sources: Wiener's
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

/** A slope is known if it is this many times its deviation. */
const known = 2

/** c. Division by the larger of the two keeps squares from overflow and underflow. */
const certainty = (a: number, deviation: number): number => {
  if (a === 0) return 0
  const ratio = deviation / Math.abs(a)
  return Number.isFinite(ratio) ? 1 / (1 + ratio * ratio) : 0
}

/** The next u, and the steps after it. */
export const stepped =
  ({ max, min, growth, shrinkage }: StepOptions) =>
  ({
    gradient,
    deviation,
    slope,
    slopeDeviation,
  }: Pick<GradientModel, 'gradient' | 'deviation' | 'slope' | 'slopeDeviation'>) =>
  (
    unit: ReadonlyArray<number>,
    steps: Steps,
  ): { readonly unit: ReadonlyArray<number>; readonly steps: Steps } => {
    const sure = gradient.map((a, k) => certainty(a, deviation[k]!))
    const z = gradient.map((a, k) => a * sure[k]!)
    const largest = z.reduce((most, each) => Math.max(most, Math.abs(each)), 0)
    const moved = unit.map((u, k) => {
      const before = steps.lengths[k]!
      const agreement = -Math.sign(z[k]!) * Math.sign(steps.moves[k]!)
      const length =
        agreement > 0
          ? Math.min(max, before * growth)
          : agreement < 0
            ? Math.max(min, before * shrinkage)
            : before
      if (z[k] === 0) return { u, length }
      const newton =
        slope[k]! > 0 && slope[k]! >= known * slopeDeviation[k]! ? Math.abs(gradient[k]!) / slope[k]! : null
      const step = newton === null ? length * (Math.abs(z[k]!) / largest) : Math.min(length, newton)
      return {
        u: Math.min(1, Math.max(0, u - Math.sign(z[k]!) * sure[k]! * step)),
        length: newton === null ? length : Math.max(min, Math.min(length, growth * newton)),
      }
    })
    return {
      unit: moved.map(({ u }) => u),
      steps: {
        lengths: moved.map(({ length }) => length),
        // Adding 0 turns −0 into 0: −0 does not survive JSON.
        moves: moved.map(({ u }, k) => u - unit[k]! + 0),
      },
    }
  }
