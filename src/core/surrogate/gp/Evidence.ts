/**
 * The log evidence of a Gaussian process and its gradient by the logarithms of all hyperparameters.
 *
 * Symbols are those of Gp and Kernel. With C = K + η·diag K + diag S and W = ααᵀ − C⁻¹:
 *
 *     ln p(y)        = −½ zᵀz − Σ ln L_ii − ½ N ln 2π
 *     ∂ ln p / ∂p    = ½ Σ_ij W_ij ∂C_ij/∂p                        (Rasmussen & Williams 2006, eq. 5.9)
 *
 * The sum over ij is computed block by block; a block is the rows of one pair of observations. With
 * q_m = r_m² = −½ ∂s/∂ln l_m a block takes O(d²) operations for all d length scales together:
 *
 *     ∂k/∂ln l_m               = −2σ² h' q_m
 *     ∂(∂k/∂x_a)/∂ln l_m       = −4σ² (h'' q_m v_a + h' v_a δ_am)
 *     ∂(∂²k/∂x_a∂x'_b)/∂ln l_m = 4σ² (2h''' q_m v_a v_b + 2h'' (δ_am+δ_bm) v_a v_b + h'' q_m δ_ab/l_a² + h' δ_ab δ_am/l_a²)
 */
import * as Cholesky from '../../numeric/Cholesky.js'
import { componentsOf, noiseOf, siteOf, type Gp } from './Gp.js'
import { compare, priorVariance, profile, rowsOf } from './Kernel.js'

/** ln p(y) and its gradient. */
export interface Evidence {
  readonly value: number
  /** By [ln signalVariance, ln lengthScales…]. */
  readonly gradient: ReadonlyArray<number>
}

/** ∂ ln p(y) by the logarithm of each hyperparameter. */
export interface HyperGradient {
  readonly signalVariance: number
  readonly lengthScales: ReadonlyArray<number>
  readonly noiseVariance: number
  readonly gradientNoiseVariance: number
}

/**
 * ln p(y) = −½·(‖z‖² + ln det(K + S) + N·ln 2π), with z = L⁻¹y. Source: Rasmussen & Williams 2006, eq. 2.30.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * // One value, 0, of a process with variance 1: −½·ln 2π.
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0 } as const
 * E.map(GaussianProcess.logDensity)(GaussianProcess.condition(config)([[0]], [0])) // ≈ E.right(-0.918939)
 * ```
 */
export const logDensity = ({ whitened, factor }: Gp): number =>
  -0.5 *
  (whitened.reduce((sum, z) => sum + z * z, 0) +
    Cholesky.logDeterminant(factor) +
    whitened.length * Math.log(2 * Math.PI))

/**
 * ∂ ln p(y) by the logarithms of the signal variance, of each length scale and of the two noise multipliers:
 * ½·tr((ααᵀ − (K + S)⁻¹)·∂(K + S)/∂ ln θ), in O(N³). Source: Rasmussen & Williams 2006, eq. 5.9.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * // A value of 2 under variance 1: ∂ ln p/∂ ln σ² = (y²/σ² − 1)/2.
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0 } as const
 * const slope = E.map(GaussianProcess.hyperGradient)(GaussianProcess.condition(config)([[0]], [2]))
 * const bySignal = E.isRight(slope) ? slope.right.signalVariance : NaN // ≈ 1.5
 * ```
 */
export const hyperGradient = (gp: Gp): HyperGradient => {
  const { hyperparameters, observations, weights, factor, targets, jitter } = gp
  const { kernel, signalVariance, lengthScales } = hyperparameters
  const d = lengthScales.length
  const inverse = Cholesky.inverse(factor)
  const sites = observations.map(siteOf(hyperparameters))
  const byLength = new Float64Array(d)
  const v = new Float64Array(d)
  const gradientWeights = new Float64Array(d)
  const inverseSquares = lengthScales.map(l => 1 / (l * l))

  let rowStart = 0
  for (let i = 0; i < sites.length; i++) {
    const a = sites[i]!
    const gradientRow = rowStart + (a.hasValue ? 1 : 0)
    let columnStart = 0
    for (let j = 0; j <= i; j++) {
      const b = sites[j]!
      const gradientColumn = columnStart + (b.hasValue ? 1 : 0)
      const { h1, h2, h3 } = profile(kernel, compare(hyperparameters, a.scaled, b.scaled, v))
      // An off-diagonal block also stands for its transpose.
      const scale = (i === j ? 1 : 2) * signalVariance

      // The coefficient of q_m in all terms with it; the other terms are added to byLength directly.
      let common = 0
      if (a.hasValue) {
        const weight = weights[rowStart]!
        const row = inverse[rowStart]!
        if (b.hasValue) common -= 2 * h1 * (weight * weights[columnStart]! - row[columnStart]!)
        if (b.hasGradient)
          for (let k = 0; k < d; k++) {
            const column = gradientColumn + k
            const weighted = 4 * (weight * weights[column]! - row[column]!) * v[k]!
            common += weighted * h2
            byLength[k]! += scale * weighted * h1
          }
      }
      if (a.hasGradient) {
        gradientWeights.fill(0)
        for (let k = 0; k < d; k++) {
          const weight = weights[gradientRow + k]!
          const row = inverse[gradientRow + k]!
          const vk = v[k]!
          if (b.hasValue) {
            const weighted = -4 * (weight * weights[columnStart]! - row[columnStart]!) * vk
            common += weighted * h2
            byLength[k]! += scale * weighted * h1
          }
          if (b.hasGradient) {
            for (let m = 0; m < d; m++) {
              const column = gradientColumn + m
              const weighted = (weight * weights[column]! - row[column]!) * vk * v[m]!
              gradientWeights[k]! += weighted
              gradientWeights[m]! += weighted
              common += 8 * h3 * weighted
            }
            const column = gradientColumn + k
            const own = 4 * (weight * weights[column]! - row[column]!) * inverseSquares[k]!
            common += h2 * own
            byLength[k]! += scale * h1 * own
          }
        }
        if (b.hasGradient) for (let k = 0; k < d; k++) byLength[k]! += scale * 8 * h2 * gradientWeights[k]!
      }
      // If the points do not correlate, r may be infinite.
      if (common !== 0)
        for (let k = 0; k < d; k++) {
          const r = a.scaled[k]! - b.scaled[k]!
          byLength[k]! += scale * common * r * r
        }
      columnStart += rowsOf(b)
    }
    rowStart += rowsOf(a)
  }

  let [noise, gradientNoise] = [0, 0]
  let row = 0
  for (const observation of observations) {
    const variances = noiseOf(hyperparameters)(observation)
    for (const [r, component] of componentsOf(observation).entries()) {
      const own = weights[row]! * weights[row]! - inverse[row]![row]!
      if (component === null) noise += own * variances[r]!
      else {
        gradientNoise += own * variances[r]!
        // The jitter is a share of the prior variance, which falls as 1/l².
        byLength[component]! -= 2 * own * jitter * priorVariance(hyperparameters, component)
      }
      row++
    }
  }
  // K/σ² scales with σ² as a whole: Σ W_ij C_ij = yᵀα − N, minus the share of the noise.
  const whole = targets.reduce((sum, y, i) => sum + y * weights[i]!, 0) - targets.length
  return {
    signalVariance: 0.5 * (whole - noise - gradientNoise),
    lengthScales: Array.from(byLength, sum => 0.5 * sum),
    noiseVariance: 0.5 * noise,
    gradientNoiseVariance: 0.5 * gradientNoise,
  }
}

/**
 * ln p(y) and its gradient by [ln σ², ln l_1, …, ln l_d]. Source: Rasmussen & Williams 2006, eqs. 2.30 and 5.9.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0 } as const
 * const evidence = E.map(GaussianProcess.logEvidence)(GaussianProcess.condition(config)([[0]], [2]))
 * // −½(2² + ln 2π), and its gradient by ln σ² and ln l.
 * evidence // ≈ E.right({ value: -2.918939, gradient: [1.5, 0] })
 * ```
 */
export const logEvidence = (gp: Gp): Evidence => {
  const { signalVariance, lengthScales } = hyperGradient(gp)
  return { value: logDensity(gp), gradient: [signalVariance, ...lengthScales] }
}
