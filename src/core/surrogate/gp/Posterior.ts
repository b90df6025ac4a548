/**
 * The posterior of a Gaussian process at a point: mean, variance and their gradients, in closed form.
 *
 * Symbols are those of Gp. At a point x⋆, with k⋆ the N covariances of f(x⋆) with the rows:
 *
 *     mean      m(x⋆)  = k⋆ᵀ α                      ∇m  = (∂k⋆/∂x⋆)ᵀ α
 *     variance  v(x⋆)  = σ² − ‖L⁻¹k⋆‖²              ∇v  = −2 (∂k⋆/∂x⋆)ᵀ L⁻ᵀL⁻¹k⋆
 *
 * (Rasmussen & Williams 2006, alg. 2.1 and §9.4; Solak et al. 2003 for observed gradients.) Mean and variance are those
 * of f without noise. A prediction costs O(N²).
 */
import * as Cholesky from '../../numeric/Cholesky.js'
import type { Gp } from './Gp.js'
import { compare, profile, scaled } from './Kernel.js'

/** m, v and their gradients by x⋆, of f without noise. */
export interface Posterior {
  readonly mean: number
  readonly variance: number
  readonly meanGradient: ReadonlyArray<number>
  readonly varianceGradient: ReadonlyArray<number>
}

/** m and v, of f without noise. */
export type Marginal = Pick<Posterior, 'mean' | 'variance'>

/** k⋆ and the factors of its derivatives by x⋆: v, 2σ²h' and 4σ²h'' for each observation. */
interface Covariances {
  readonly covariances: Float64Array
  readonly slopes: Float64Array
  readonly firsts: Float64Array
  readonly seconds: Float64Array
}

const covariancesAt = (
  { hyperparameters, observations, weights }: Gp,
  xStar: ReadonlyArray<number>,
): Covariances => {
  const { kernel, signalVariance, lengthScales } = hyperparameters
  const d = lengthScales.length
  const n = observations.length
  const scale = scaled(hyperparameters)
  const star = scale(xStar)
  const slopes = new Float64Array(n * d)
  const firsts = new Float64Array(n)
  const seconds = new Float64Array(n)
  const covariances = new Float64Array(weights.length)
  for (let j = 0, row = 0; j < n; j++) {
    const { x, value, gradient } = observations[j]!
    const { h, h1, h2 } = profile(kernel, compare(hyperparameters, star, scale(x), slopes, j * d))
    firsts[j] = 2 * signalVariance * h1
    seconds[j] = 4 * signalVariance * h2
    if (value !== null) covariances[row++] = signalVariance * h
    if (gradient !== null) for (let k = 0; k < d; k++) covariances[row++] = -firsts[j]! * slopes[j * d + k]!
  }
  return { covariances, slopes, firsts, seconds }
}

/** (∂k⋆/∂x⋆)ᵀ c, without the N × d matrix. */
const contract = (
  { hyperparameters: { lengthScales }, observations }: Gp,
  { slopes, firsts, seconds }: Covariances,
  c: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const d = lengthScales.length
  const sum = new Array<number>(d).fill(0)
  for (let j = 0, row = 0; j < observations.length; j++) {
    const { value, gradient } = observations[j]!
    let along = value === null ? 0 : firsts[j]! * c[row++]!
    if (gradient !== null) {
      let projected = 0
      for (let k = 0; k < d; k++) {
        projected += slopes[j * d + k]! * c[row + k]!
        sum[k] = sum[k]! - (firsts[j]! * c[row + k]!) / (lengthScales[k]! * lengthScales[k]!)
      }
      along -= seconds[j]! * projected
      row += d
    }
    for (let k = 0; k < d; k++) sum[k] = sum[k]! + along * slopes[j * d + k]!
  }
  return sum
}

/** m and v from k⋆ and L⁻¹k⋆. */
const marginalOf = (
  { hyperparameters: { signalVariance }, weights }: Gp,
  covariances: Float64Array,
  whitened: ReadonlyArray<number>,
): Marginal => {
  let mean = 0
  let explained = 0
  for (let row = 0; row < whitened.length; row++) {
    mean += covariances[row]! * weights[row]!
    explained += whitened[row]! * whitened[row]!
  }
  return { mean, variance: Math.max(0, signalVariance - explained) }
}

/**
 * Mean m = k⋆ᵀα and variance v = σ² − ‖L⁻¹k⋆‖² of f without noise at a point of d components, for half the work of
 * {@link posterior}. Source: Rasmussen & Williams 2006, algorithm 2.1.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0 } as const
 * const gp = GaussianProcess.condition(config)([[0]], [2])
 * // At the observation it is certain; far away it knows what it knew before.
 * const [near, far] = [0, 9].map(x => (E.isRight(gp) ? GaussianProcess.marginal(gp.right)([x]) : null))
 * near // ≈ { mean: 2, variance: 0 }
 * far?.variance // ≈ 1
 * ```
 */
export const marginal =
  (gp: Gp) =>
  (xStar: ReadonlyArray<number>): Marginal => {
    const { covariances } = covariancesAt(gp, xStar)
    return marginalOf(gp, covariances, Cholesky.solveLower(gp.factor)(covariances))
  }

/**
 * Mean and variance of f without noise at a point of d components, with their gradients (length d), in O(N²). Source:
 * Rasmussen & Williams 2006, algorithm 2.1 and §9.4; Solak et al. 2003 for observed gradients.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0 } as const
 * const gp = GaussianProcess.condition(config)([[0]], [2])
 * // m(x) = 2·exp(−x²/2), whose slope at 1 is −2·exp(−½).
 * const at = E.isRight(gp) ? GaussianProcess.posterior(gp.right)([1]) : null
 * at?.mean // ≈ 1.21306
 * at?.meanGradient // ≈ [-1.21306]
 * ```
 */
export const posterior =
  (gp: Gp) =>
  (xStar: ReadonlyArray<number>): Posterior => {
    const at = covariancesAt(gp, xStar)
    const whitened = Cholesky.solveLower(gp.factor)(at.covariances)
    return {
      ...marginalOf(gp, at.covariances, whitened),
      meanGradient: contract(gp, at, gp.weights),
      varianceGradient: contract(gp, at, Cholesky.solveUpper(gp.factor)(whitened)).map(c => -2 * c),
    }
  }
