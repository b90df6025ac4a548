/**
 * Expected improvement, in closed form, with its gradient; for minimising.
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
 * Its logarithm is what to maximise: where EI is next to nothing, it and its gradient are zero in floating point, but ln EI
 * still says which way is up (Ament, Daulton, Eriksson, Balandat & Bakshy 2023, NeurIPS, arXiv 2310.20708).
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

/** h and what its logarithm's gradient is made of. */
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

/** EI. Where the variance is zero, what is certainly gained. */
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

/** EI and ∇EI. Where the variance is zero, the gradient is given as zeros. */
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

/** ln EI; −∞ where the variance is zero. */
export const logExpectedImprovement =
  (best: number) =>
  ({ mean, variance }: Marginal): number => {
    const s = Math.sqrt(variance)
    return s > 0 ? Math.log(s) + shapeOf((best - mean) / s).log : -Infinity
  }

/** ln EI and its gradient; −∞ and zeros where the variance is zero. */
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
