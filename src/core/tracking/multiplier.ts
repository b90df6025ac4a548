/**
 * The multiplier κ: chosen by measurement, between noise and bias.
 *
 * Used in following, after every pair. In: the model of the gradient, the last measurements. Out: κ of the next pair.
 *
 * The noise of a pair grows with κ, its bias falls with 1/κ². So with n and β the shares of both in the signal, and N and B the
 * shares that are allowed,
 *
 *     κ ≤ κ·N/n           keeps the noise within its share
 *     κ ≥ κ·√(β/B)        keeps the bias within its share
 *
 * κ moves only where one of the two is exceeded. Where no κ satisfies both, as near an optimum, where the signal vanishes, it
 * moves to where both are exceeded by the same factor: κ·(βN/nB)^⅓, which does not depend on the signal.
 *
 * The bias is not measured but estimated: with g(t) at t = 1/κ expanded as g₀ + b₁t + b₂t² …, a pair's g has the error b₂t², and
 * its skew is b = b₁t. If the terms fall as those of a geometric series, the error is b·r with r = b₁t/g₀ = onset/κ, where the onset is
 * the κ at which the skew is as long as the gradient. The onset is measured where the gradient is clear of its noise.
 */
import { type GradientModel, gradientModel, type ModelOptions } from './GradientModel.js'
import type { Measured } from './Measured.js'

/** The options of κ. */
export interface MultiplierOptions {
  readonly min: number
  readonly max: number
  readonly trust: number
  readonly noise: number
  readonly bias: number
}

/** ‖b‖: the length of the skew at the latest measurement, without its noise. */
export const skewLength =
  (options: ModelOptions) =>
  (measured: ReadonlyArray<Measured>): number =>
    gradientModel(options)(
      measured.flatMap(one => (one.skew === null ? [] : [{ ...one, gradient: one.skew }])),
    ).signal

/** A gradient longer than this many times its noise says where the expansion in 1/κ ends. */
const clear = 2
/** One pair raises the onset by this factor at most: it changes slowly, and a pair that went astray says nothing of it. */
const rise = 1.2

/**
 * The onset after a pair with κ: the mean of κ·‖b‖/‖g‖ and the onset before, where the gradient is clear of its noise; else the onset
 * before.
 */
export const onsetOf =
  (kappa: number, skew: number) =>
  ({ signal, noise }: Pick<GradientModel, 'signal' | 'noise'>) =>
  (before: number | null): number | null => {
    if (!(signal > clear * noise)) return before
    const onset = (kappa * skew) / signal
    return before === null ? onset : Math.min((before + onset) / 2, rise * before)
  }

/** The estimated length of the bias of a pair with κ: ‖b‖·onset/κ, and ‖b‖ at most. */
export const biasOf = (kappa: number, skew: number, onset: number | null): number =>
  skew * Math.min(1, (onset ?? 0) / kappa)

/** κ of the next pair. */
export const nextMultiplier =
  ({ min, max, trust, noise: mostNoise, bias: mostBias }: MultiplierOptions) =>
  ({ signal, noise }: Pick<GradientModel, 'signal' | 'noise'>, bias: number) =>
  (kappa: number): number => {
    const highest = noise > 0 ? (kappa * mostNoise * signal) / noise : Infinity
    const lowest = bias > 0 ? kappa * Math.sqrt(bias / (mostBias * signal)) : 0
    const wanted =
      lowest <= highest
        ? Math.min(highest, Math.max(lowest, kappa))
        : kappa * Math.cbrt((bias * mostNoise) / (noise * mostBias))
    return Math.min(max, Math.max(min, Math.min(kappa * trust, Math.max(kappa / trust, wanted))))
  }
