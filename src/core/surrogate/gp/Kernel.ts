/**
 * Stationary kernels with one length scale per dimension, for observations of values and of gradients.
 *
 * Notation
 *
 * | symbol  | name             | shape   | meaning                                                                |
 * | ------- | ---------------- | ------- | ---------------------------------------------------------------------- |
 * | x, x'   |                  | d       | two points                                                             |
 * | σ²      | `signalVariance` |         | prior variance of a value, in squared units of y                       |
 * | l       | `lengthScales`   | d       | length scales, in units of x                                           |
 * | u       | `scaled`         | d       | x_k/l_k; rounding moves a point by a unit in the last place, equally   |
 * |         |                  |         | in all its covariances, so they remain those of real points            |
 * | r_k     |                  | d       | u_k − u'_k                                                             |
 * | s       |                  |         | Σ r_k²                                                                 |
 * | h(s)    | `Profile`        |         | correlation as a function of s, with its derivatives h', h'', h'''     |
 * | v_k     | `slopes`         | d       | r_k/l_k, half of ∂s/∂x_k                                               |
 *
 *     k(x, x')      = σ² h(s)
 *     ∂k/∂x_a       = 2σ² h'(s) v_a                                  ∂k/∂x'_b = −∂k/∂x_b
 *     ∂²k/∂x_a∂x'_b = −σ² (4h''(s) v_a v_b + 2h'(s) δ_ab/l_a²)
 *
 * Squared exponential: h = exp(−s/2). Matérn 5/2 (Rasmussen & Williams 2006, eq. 4.17), with r = √s:
 * h = (1 + √5·r + 5s/3)·exp(−√5·r). Its sample paths are twice differentiable, so gradients are well defined.
 */
import * as t from 'io-ts'
import { exp } from '../../numeric/exponential.js'

export const KernelName = t.keyof({ rbf: null, matern52: null }, '"rbf" or "matern52"')
export type KernelName = t.TypeOf<typeof KernelName>

export interface Kernel {
  readonly kernel: KernelName
  readonly signalVariance: number
  readonly lengthScales: ReadonlyArray<number>
}

/** h and its derivatives by s. */
export interface Profile {
  readonly h: number
  readonly h1: number
  readonly h2: number
  /** Infinite limits (Matérn at s = 0) are replaced by 0: h''' is always multiplied by s². */
  readonly h3: number
}

export const profile = (name: KernelName, s: number): Profile => {
  switch (name) {
    case 'rbf': {
      const h = exp(-0.5 * s)
      return { h, h1: -0.5 * h, h2: 0.25 * h, h3: -0.125 * h }
    }
    case 'matern52': {
      const z = Math.sqrt(5 * s)
      const decay = exp(-z)
      if (decay === 0) return { h: 0, h1: 0, h2: 0, h3: 0 }
      return {
        h: (1 + z + (z * z) / 3) * decay,
        h1: (-5 / 6) * (1 + z) * decay,
        h2: (25 / 12) * decay,
        h3: z === 0 ? 0 : ((-125 / 24) * decay) / z,
      }
    }
  }
}

/** Prior variance of a value (`component` null) or of the derivative by a component of x: σ², −2σ²h'(0)/l². */
export const priorVariance = (kernel: Kernel, component: number | null): number =>
  component === null
    ? kernel.signalVariance
    : (-2 * kernel.signalVariance * profile(kernel.kernel, 0).h1) / kernel.lengthScales[component]! ** 2

/** The observations at a point, which determine its rows in a covariance matrix: the value first, then the gradient. */
export interface Site {
  /** u, the point in units of the length scales. */
  readonly scaled: Float64Array
  readonly hasValue: boolean
  readonly hasGradient: boolean
}

/** Number of rows of a site. */
export const rowsOf = (site: Site): number =>
  (site.hasValue ? 1 : 0) + (site.hasGradient ? site.scaled.length : 0)

/** u. */
export const scaled =
  ({ lengthScales }: Kernel) =>
  (x: ReadonlyArray<number>): Float64Array => {
    const u = new Float64Array(x.length)
    for (let k = 0; k < u.length; k++) u[k] = x[k]! / lengthScales[k]!
    return u
  }

/** s of two points given as u and u'. Writes v to `slopes` from `offset` on. */
export const compare = (
  { lengthScales }: Kernel,
  u: Float64Array,
  other: Float64Array,
  slopes: Float64Array,
  offset = 0,
): number => {
  let s = 0
  for (let k = 0; k < lengthScales.length; k++) {
    const r = u[k]! - other[k]!
    s += r * r
    slopes[offset + k] = r / lengthScales[k]!
  }
  if (s <= Number.MAX_VALUE) return s
  // If s overflows, the points do not correlate. Zero slopes prevent that ∞·0 gives NaN.
  slopes.fill(0, offset, offset + lengthScales.length)
  return Infinity
}

/**
 * Writes the covariances of the observations at `a` (rows) with those at `b` (columns from `column` on). `v` is a
 * buffer for d numbers.
 */
export const writeCovariances = (
  kernel: Kernel,
  a: Site,
  b: Site,
  rows: ReadonlyArray<Float64Array>,
  column: number,
  v: Float64Array,
): void => {
  const { signalVariance, lengthScales } = kernel
  const d = lengthScales.length
  const { h, h1, h2 } = profile(kernel.kernel, compare(kernel, a.scaled, b.scaled, v))
  const first = 2 * signalVariance * h1
  const second = 4 * signalVariance * h2
  const gradientColumn = column + (b.hasValue ? 1 : 0)
  const gradientRow = a.hasValue ? 1 : 0
  if (a.hasValue) {
    const row = rows[0]!
    if (b.hasValue) row[column] = signalVariance * h
    if (b.hasGradient) for (let k = 0; k < d; k++) row[gradientColumn + k] = -first * v[k]!
  }
  if (a.hasGradient)
    for (let i = 0; i < d; i++) {
      const row = rows[gradientRow + i]!
      const vi = v[i]!
      if (b.hasValue) row[column] = first * vi
      if (b.hasGradient) {
        for (let k = 0; k < d; k++) row[gradientColumn + k] = -second * vi * v[k]!
        row[gradientColumn + i] = row[gradientColumn + i]! - first / lengthScales[i]! ** 2
      }
    }
}
