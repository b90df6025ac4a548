/** Compares a function's stated gradient with central differences of its values, coordinate by coordinate. */
import { make, permutation } from '../../core/numeric/Rng.js'

/** A function of one vector with its stated gradient. */
export interface Stated {
  readonly point: ArrayLike<number>
  readonly gradient: ArrayLike<number>
  /** The value with one component at `x`. */
  readonly at: (component: number, x: number) => number
  /** The value that a component gets when it is set to `x`, after rounding to the vector's type. */
  readonly taken: (x: number) => number
}

export interface Difference {
  readonly component: number
  readonly stated: number
  readonly measured: number
}

/** Step sizes from coarse to fine, relative to the larger of |component| and 1. */
const steps = [1e-1, 3e-2, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6]

/** Whether values were computed in float32: then all of them are float32 numbers. */
const isSingle = (values: ReadonlyArray<number>): boolean =>
  values.every(value => Math.fround(value) === value)

/** A bound on the error of a few roundings. */
export const roundingOf = (...values: ReadonlyArray<number>): number =>
  (isSingle(values) ? 2 ** -22 : 2 ** -48) * Math.max(...values.map(Math.abs))

/** A factor for the tolerance of float32 values, because they allow only coarse steps. */
const coarser = 10

/**
 * Measures the slope by component i, and whether it agrees with the stated one. It uses central differences, and Richardson
 * extrapolation of two of them, which is better for smooth functions. Steps whose rounding error exceeds the tolerance are
 * ignored. If that leaves none, it uses the coarsest step, within its rounding error.
 */
const measure = ({ at, point, gradient, taken }: Stated, i: number, tolerance: number, least: number) => {
  const stated = gradient[i]!
  const central = (h: number) => {
    const [low, high] = [taken(point[i]! - h), taken(point[i]! + h)]
    const [below, above] = [at(i, low), at(i, high)]
    return {
      slope: (above - below) / (high - low),
      noise: roundingOf(below, above) / (high - low),
      single: isSingle([below, above]),
    }
  }
  const tried = steps.flatMap(step => {
    const h = step * Math.max(1, Math.abs(point[i]!))
    const [near, far] = [central(h), central(2 * h)]
    return [near, { ...near, slope: (4 * near.slope - far.slope) / 3, noise: 2 * near.noise }].map(
      ({ slope, noise, single }) => ({
        measured: slope,
        noise,
        allowed: (single ? coarser : 1) * tolerance * Math.max(Math.abs(stated), Math.abs(slope), least),
        error: Math.abs(slope - stated),
      }),
    )
  })
  const precise = tried.filter(({ noise, allowed }) => noise <= allowed)
  const used = precise.length > 0 ? precise : tried.slice(0, 1)
  const best = used.reduce((least, next) => (next.error < least.error ? next : least))
  return { measured: best.measured, agrees: best.error <= best.allowed + best.noise }
}

/** Components below this share of the largest one get the absolute tolerance of a component of that size. */
const small = 0.1

/** Half of the components are those with the largest gradients; the others are random, with a fixed seed. */
const chosen = (gradient: ArrayLike<number>, most: number): ReadonlyArray<number> => {
  const all = Array.from({ length: gradient.length }, (_, i) => i)
  if (all.length <= most) return all
  const length = (i: number): number => Math.abs(gradient[i]!)
  const largest = [...all].sort((a, b) => length(b) - length(a)).slice(0, Math.ceil(most / 2))
  const [order] = permutation(all.length)(make(0))
  return [...new Set([...largest, ...order.subarray(0, most)])].slice(0, most)
}

/** The components where gradient and values disagree, of at most `most` that are checked. */
export const differences = (stated: Stated, tolerance: number, most: number): ReadonlyArray<Difference> => {
  const components = chosen(stated.gradient, most)
  const least = small * components.reduce((top, i) => Math.max(top, Math.abs(stated.gradient[i]!)), 0)
  return components.flatMap(component => {
    const { measured, agrees } = measure(stated, component, tolerance, least)
    return agrees ? [] : [{ component, stated: stated.gradient[component]!, measured }]
  })
}
