/**
 * Smoothed L1: Σ_k θ_k·Σ_{w in W_k} (√(w² + δ²) − δ) / N, with W_k the weights of group k, θ_k = exp(λ_k), δ = 1e-3.
 *
 * ∂/∂w = θ_k·w / (N·√(w² + δ²)); ∂/∂λ_k is the k-th summand itself. Within δ of zero the penalty is close to a parabola, so
 * that full-batch polishing can bring the gradient to zero. So unneeded weights end near zero, not exactly at zero.
 */
import type { Network } from '../Network.js'
import { part, type Family } from './Family.js'
import { named, type Grouping } from './Grouping.js'

/** δ: small compared with weights that matter, which are of order .1 after starting from `initialWeights`. */
export const smoothing = 1e-3

/** Σ (√(w² + δ²) − δ) of every group, in a form that avoids cancellation for small w. */
const lengths = (network: Network, { names, of }: Grouping, weights: Float32Array): Float64Array => {
  const sums = new Float64Array(names.length)
  for (const [k, parameter] of network.parameters.entries()) {
    const group = of[k]!
    if (group === -1) continue
    const w = part(weights, parameter)
    for (let i = 0; i < w.length; i++) {
      const g = typeof group === 'number' ? group : group[i]!
      if (g >= 0) sums[g]! += (w[i]! * w[i]!) / (Math.sqrt(w[i]! * w[i]! + smoothing ** 2) + smoothing)
    }
  }
  return sums
}

/**
 * A smoothed L1 penalty: Σ_k exp(λ_k)·Σ_{w in W_k} (√(w² + δ²) − δ) / N with δ = 1e-3, over the groups k of weights.
 *
 * - `lower`, `upper`: bounds of each λ_k, on a log scale
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Family, type FamilyTerms, type Grouping, groupingOf, l1, linear, type Penalty } from 'bilevel-hpo/shell'
 *
 * const network = linear([1, 2, 1], 2)
 * const family = E.map((grouping: Grouping): Family => l1(network, grouping, { lower: -10, upper: 2 }))(groupingOf(network, 'model', undefined))
 * // Two weights of 1 of four, biases apart, and N = 4 examples: (|1| + |1|)/4, but for the smoothing.
 * const terms: FamilyTerms | null = E.isRight(family) ? family.right.at([0], 4) : null
 * const penalty: Penalty | null = terms && terms.penalty
 * penalty?.value(Float32Array.of(1, 0, 0, 1, 5, 5)) // ≈ 0.4995
 * ```
 */
export const l1 = (
  network: Network,
  grouping: Grouping,
  { lower, upper }: { readonly lower: number; readonly upper: number },
): Family => ({
  space: named('l1', grouping).map(name => ({ name, lower, upper, scale: 'log' })),
  linear: true,
  changesCosts: false,
  at: (lambda, examples) => {
    const factors = Float64Array.from(lambda, component => Math.exp(component) / examples)
    const parts = (weights: Float32Array): ReadonlyArray<number> =>
      Array.from(lengths(network, grouping, weights), (sum, k) => factors[k]! * sum)
    return {
      costs: null,
      penalty: {
        value: weights => parts(weights).reduce((sum, part) => sum + part, 0),
        decay: network.parameters.map(() => 0),
        curved: (k, weights, into, at, scale) => {
          const group = grouping.of[k]!
          if (group === -1) return 0
          const w = part(weights, network.parameters[k]!)
          let value = 0
          for (let i = 0; i < w.length; i++) {
            const g = typeof group === 'number' ? group : group[i]!
            if (g < 0) continue
            const root = Math.sqrt(w[i]! * w[i]! + smoothing ** 2)
            const slope = scale * factors[g]!
            value += (slope * w[i]! * w[i]!) / (root + smoothing)
            into[at + i]! += (slope * w[i]!) / root
          }
          return value
        },
        lambdaGradient: parts,
      },
    }
  },
})
