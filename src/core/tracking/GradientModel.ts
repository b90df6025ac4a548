/**
 * A local linear model of the gradient along λ's path: what the last measurements together say about the gradient at the
 * present λ, about its slope, and about the noise of one measurement.
 *
 * Used in following, after every pair. In: the last measurements, the latest last. Out: a `GradientModel` at the latest λ.
 *
 * For each coordinate k of the unit cube, with x_i = u_i − u the distance to the latest point,
 *
 *     g_i ≈ a + h·x_i + noise of variance (κ_i/κ)²·σ²
 *
 * a and h minimise Σ w_i (g_i − a − h·x_i)² + p·h², where w_i = fading^age·exp(−½(r_i/reach)²)·(κ/κ_i)², with r_i the largest
 * component of u_i − u. The noise of a pair grows with its κ: two paths part for other reasons than F, and κ multiplies this. The
 * term p·h² with p = (0.3·reach)² stands for the expectation that g changes by about its own size over a move of `reach`; without it,
 * points that are close together would leave h open.
 *
 * σ² is the weighted mean of squared residuals, corrected for the degrees of freedom that a and h take. Source: local linear
 * regression, Cleveland & Devlin (1988).
 */
import type { Measured } from './Measured.js'

/** The model at the latest λ; all vectors have length d, by unit coordinates, in units of F. */
export interface GradientModel {
  /** a: the gradient. */
  readonly gradient: ReadonlyArray<number>
  /** Standard deviation of a. */
  readonly deviation: ReadonlyArray<number>
  /** h: the slope of the gradient along its own coordinate. */
  readonly slope: ReadonlyArray<number>
  /** Standard deviation of h. */
  readonly slopeDeviation: ReadonlyArray<number>
  /** Length of the gradient, without the part that its deviation explains. */
  readonly signal: number
  /** σ of all coordinates together, for one measurement with the latest κ. */
  readonly noise: number
}

/** Expected noise of a measurement as a share of its signal; decides how strongly slopes are held back. */
const ratio = 0.3

/** Below this, in units of one measurement at the latest λ, degrees of freedom are rounding errors. */
const leastFreedom = 1e-6

/** The options of the model. */
export interface ModelOptions {
  readonly fading: number
  readonly reach: number
}

interface Coordinate {
  readonly gradient: number
  readonly variance: number
  readonly slope: number
  readonly slopeVariance: number
  readonly noise: number
}

/** The fit of one coordinate, from distances x, values g, weights w and relative variances v of the noise. */
const fitted = (
  x: ReadonlyArray<number>,
  g: ReadonlyArray<number>,
  w: ReadonlyArray<number>,
  v: ReadonlyArray<number>,
  p: number,
): Coordinate => {
  let [s, sx, sxx, sg, sxg] = [0, 0, p, 0, 0]
  for (let i = 0; i < x.length; i++) {
    s += w[i]!
    sx += w[i]! * x[i]!
    sxx += w[i]! * x[i]! * x[i]!
    sg += w[i]! * g[i]!
    sxg += w[i]! * x[i]! * g[i]!
  }
  const determinant = s * sxx - sx * sx
  const gradient = (sxx * sg - sx * sxg) / determinant
  const slope = (s * sxg - sx * sg) / determinant
  let [residuals, freedom, spread, slopeSpread] = [0, 0, 0, 0]
  for (let i = 0; i < x.length; i++) {
    const miss = g[i]! - gradient - slope * x[i]!
    // ∂a/∂g_i, and ∂(a + h·x_i)/∂g_i: the leverage of the measurement on its own prediction.
    const onGradient = (w[i]! * (sxx - sx * x[i]!)) / determinant
    const onSlope = (w[i]! * (s * x[i]! - sx)) / determinant
    residuals += w[i]! * miss * miss
    freedom += w[i]! * v[i]! * Math.max(0, 1 - onGradient - onSlope * x[i]!)
    spread += onGradient * onGradient * v[i]!
    slopeSpread += onSlope * onSlope * v[i]!
  }
  const noise = freedom > leastFreedom ? residuals / freedom : 0
  return { gradient, slope, variance: noise * spread, slopeVariance: noise * slopeSpread, noise }
}

/** The model from the last measurements, of which there is at least one. */
export const gradientModel =
  ({ fading, reach }: ModelOptions) =>
  (measured: ReadonlyArray<Measured>): GradientModel => {
    const latest = measured[measured.length - 1]
    if (latest === undefined)
      return { gradient: [], deviation: [], slope: [], slopeDeviation: [], signal: 0, noise: 0 }
    const v = measured.map(({ coefficient }) => (coefficient / latest.coefficient) ** 2)
    const w = measured.map(({ unit }, i) => {
      const away = unit.reduce((most, u, k) => Math.max(most, Math.abs(u - latest.unit[k]!)), 0) / reach
      return (fading ** (measured.length - 1 - i) * Math.exp((-away * away) / 2)) / v[i]!
    })
    const p = (ratio * reach) ** 2
    const fits = latest.unit.map((here, k) =>
      fitted(
        measured.map(({ unit }) => unit[k]! - here),
        measured.map(({ gradient }) => gradient[k]!),
        w,
        v,
        p,
      ),
    )
    const sum = (of: (fit: Coordinate) => number): number => fits.reduce((total, fit) => total + of(fit), 0)
    return {
      gradient: fits.map(({ gradient }) => gradient),
      deviation: fits.map(({ variance }) => Math.sqrt(variance)),
      slope: fits.map(({ slope }) => slope),
      slopeDeviation: fits.map(({ slopeVariance }) => Math.sqrt(slopeVariance)),
      signal: Math.sqrt(
        Math.max(
          0,
          sum(({ gradient, variance }) => gradient * gradient - variance),
        ),
      ),
      noise: Math.sqrt(sum(({ noise }) => noise)),
    }
  }
