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
 *
 * None of this holds where the pull of F carries a path too far: then noise grows as κ falls, since a path that leaves the valley of y
 * ends anywhere. The losses show it. F moves from z₊ to z₋ by F₁, of order t, and is bent by F₂, of order t². Where F₂ exceeds half of
 * F₁, κ rises to where it would not, whatever the noise.
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

/** The bend F₂/F₁ that a pair may have at most. */
const mostBent = 0.5
/** Pairs that the bend is averaged over. */
const recent = 6
/** With so many pairs, F₂ counts where its mean is `evident` times its standard error; with fewer, where it exceeds all of F₁. */
const fewest = 3
const evident = 2

const meanOf = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * F₂/F₁ at κ, from the last pairs: both grow with powers of 1/κ. 0 where F₂ may be noise; Infinity where F₁ is not positive.
 */
export const bendOf =
  (measured: ReadonlyArray<Measured>) =>
  (kappa: number): number => {
    const last = measured
      .flatMap(({ moved, coefficient }) => (moved === null ? [] : [{ ...moved, t: kappa / coefficient }]))
      .slice(-recent)
    if (last.length === 0) return 0
    const bents = last.map(({ bent, t }) => bent / t ** 2)
    const bent = meanOf(bents)
    const variance = meanOf(bents.map(value => (value - bent) ** 2)) / Math.max(1, last.length - 1)
    const along = meanOf(last.map(one => one.along / one.t))
    const least = last.length < fewest ? along : evident * Math.sqrt(variance)
    if (!(bent > Math.max(0, least))) return 0
    return along > 0 ? bent / along : Infinity
  }

/** κ of the next pair. `bend`: F₂/F₁ of the last ones. */
export const nextMultiplier =
  ({ min, max, trust, noise: mostNoise, bias: mostBias }: MultiplierOptions) =>
  ({ signal, noise }: Pick<GradientModel, 'signal' | 'noise'>, bias: number, bend: number) =>
  (kappa: number): number => {
    const highest = noise > 0 ? (kappa * mostNoise * signal) / noise : Infinity
    const lowest = bias > 0 ? kappa * Math.sqrt(bias / (mostBias * signal)) : 0
    const wanted =
      lowest <= highest
        ? Math.min(highest, Math.max(lowest, kappa))
        : kappa * Math.cbrt((bias * mostNoise) / (noise * mostBias))
    const within = Math.max(wanted, (kappa * bend) / mostBent)
    return Math.min(max, Math.max(min, Math.min(kappa * trust, Math.max(kappa / trust, within))))
  }
