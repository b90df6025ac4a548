/**
 * Expected improvement for minimisation, in closed form, with its gradient.
 *
 * Notation
 *
 * | symbol | name             | shape | meaning                                                              |
 * | ------ | ---------------- | ----- | -------------------------------------------------------------------- |
 * | m, v   | `mean`, `variance` |     | of f at x, without observation noise                                 |
 * | s      |                  |       | √v                                                                   |
 * | b      | `best`           |       | the value to improve on                                              |
 * | z      |                  |       | (b − m)/s                                                            |
 * | φ, Φ   |                  |       | density and distribution function of the standard normal             |
 *
 *     EI  = E max(0, b − f) = s·h(z),   h(z) = φ(z) + z·Φ(z)                    (Jones, Schonlau & Welch 1998, eq. 15)
 *     ∇EI = φ(z)·∇s − Φ(z)·∇m,          ∇s = ∇v/(2s)
 *
 * Maximise its logarithm: if EI underflows, it and its gradient are zero in floating point, but ln EI still has an
 * ascent direction (Ament, Daulton, Eriksson, Balandat & Bakshy 2023, NeurIPS, arXiv 2310.20708).
 *
 *     ln EI  = ln s + ln h(z)
 *     ∇ln EI = (φ/h)·∇s/s − (Φ/h)·∇m/s
 *
 * For z < 0, with t = −z and Mills' ratio M(t) = Φ(−t)/φ(t): h = φ·(1 − t·M), φ/h = 1/(1 − t·M), Φ/h = M/(1 − t·M).
 *
 * @module
 */
import * as Normal from '../numeric/Normal.js'
import type { Marginal, Posterior } from './gp/Posterior.js'

/** ln h, and the factors of its gradient. */
interface Shape {
  readonly log: number
  /** φ/h. */
  readonly density: number
  /** Φ/h = d ln h/dz. */
  readonly slope: number
}

const shapeOf = (z: number): Shape => {
  if (z >= 0) {
    const density = Normal.density(z)
    const cdf = Normal.cdf(z)
    const h = density + z * cdf
    return { log: Math.log(h), density: density / h, slope: cdf / h }
  }
  const tail = Normal.tail(-z)
  return {
    log: Normal.logDensity(z) + Math.log(tail),
    density: 1 / tail,
    slope: Normal.mills(-z) / tail,
  }
}

/**
 * EI = E max(0, b − f) = s·h((b − m)/s), in the unit of f, for a normal f with mean m and variance s² and the best
 * value b. If the variance is zero, EI = max(0, b − m). Source: Jones, Schonlau & Welch 1998, eq. 15.
 *
 * @example
 * ```ts
 * import { Acquisition } from 'bilevel-hpo'
 *
 * // At the value to improve on: s·φ(0) = 0.5 · 0.3989.
 * Acquisition.expectedImprovement(1)({ mean: 1, variance: 0.25 }) // ≈ 0.19947
 * // Without doubt, the gain itself.
 * Acquisition.expectedImprovement(1)({ mean: 0.8, variance: 0 }) // ≈ 0.2
 * ```
 */
export const expectedImprovement =
  (best: number) =>
  ({ mean, variance }: Marginal): number => {
    const s = Math.sqrt(variance)
    return s > 0 ? s * Math.exp(shapeOf((best - mean) / s).log) : Math.max(0, best - mean)
  }

/** A value and its gradient by x. */
export interface Acquired {
  readonly value: number
  readonly gradient: ReadonlyArray<number>
}

/**
 * EI and ∇EI = φ(z)·∇s − Φ(z)·∇m with z = (b − m)/s, length d. If the variance is zero, the gradient is zeros. Source:
 * as {@link expectedImprovement}.
 *
 * @example
 * ```ts
 * import { Acquisition } from 'bilevel-hpo'
 *
 * // A mean that falls by 1 for each unit of x: half of that is gained, for Φ(0) = ½.
 * const at = { mean: 1, variance: 0.25, meanGradient: [-1], varianceGradient: [0] }
 * Acquisition.expectedImprovementGradient(1)(at).gradient // ≈ [0.5]
 * ```
 */
export const expectedImprovementGradient =
  (best: number) =>
  (posterior: Posterior): Acquired => {
    const { mean, variance, meanGradient, varianceGradient } = posterior
    const s = Math.sqrt(variance)
    if (!(s > 0)) return { value: Math.max(0, best - mean), gradient: meanGradient.map(() => 0) }
    const z = (best - mean) / s
    const [density, cdf] = [Normal.density(z), Normal.cdf(z)]
    return {
      value: expectedImprovement(best)(posterior),
      gradient: meanGradient.map((slope, k) => (density * varianceGradient[k]!) / (2 * s) - cdf * slope),
    }
  }

/**
 * ln EI = ln s + ln h(z), which is finite even if EI underflows; −∞ if the variance is zero. Source: Ament et al. 2023,
 * arXiv 2310.20708.
 *
 * @example
 * ```ts
 * import { Acquisition } from 'bilevel-hpo'
 *
 * // Forty deviations above the best value EI is below the least number of float64, but its logarithm is not.
 * Acquisition.expectedImprovement(0)({ mean: 40, variance: 1 }) // => 0
 * Acquisition.logExpectedImprovement(0)({ mean: 40, variance: 1 }) // ≈ -808.29
 * ```
 */
export const logExpectedImprovement =
  (best: number) =>
  ({ mean, variance }: Marginal): number => {
    const s = Math.sqrt(variance)
    return s > 0 ? Math.log(s) + shapeOf((best - mean) / s).log : -Infinity
  }

/**
 * ln EI and ∇ln EI = (φ/h)·∇s/s − (Φ/h)·∇m/s, length d; −∞ and zeros if the variance is zero. Source: Ament et al.
 * 2023, arXiv 2310.20708.
 *
 * @example
 * ```ts
 * import { Acquisition } from 'bilevel-hpo'
 *
 * // Far above the best value: ∂ ln EI/∂m is about z/s.
 * const at = { mean: 40, variance: 1, meanGradient: [1], varianceGradient: [0] }
 * Acquisition.logExpectedImprovementGradient(0)(at).gradient // ≈ [-40.05]
 * ```
 */
export const logExpectedImprovementGradient =
  (best: number) =>
  ({ mean, variance, meanGradient, varianceGradient }: Posterior): Acquired => {
    const s = Math.sqrt(variance)
    if (!(s > 0)) return { value: -Infinity, gradient: meanGradient.map(() => 0) }
    const { log, density, slope } = shapeOf((best - mean) / s)
    return {
      value: Math.log(s) + log,
      gradient: meanGradient.map((m, k) => (density * (varianceGradient[k]! / (2 * s)) - slope * m) / s),
    }
  }
