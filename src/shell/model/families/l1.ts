/**
 * L1, smoothed: Σ_k θ_k·Σ_{w in W_k} (√(w² + δ²) − δ) / N, with W_k the weights of group k, θ_k = exp(λ_k), δ = 1e-3.
 *
 * ∂/∂w = θ_k·w / (N·√(w² + δ²)); ∂/∂λ_k is the k-th part itself. Within δ of zero it is a parabola, so that full-batch
 * polishing has a gradient to bring to zero: weights that are not needed end near zero and not at it.
 */
import type { Network } from '../Network.js'
import { part, type Family } from './Family.js'
import { named, type Grouping } from './Grouping.js'

/** δ: small beside the weights that matter, of the order .1 in networks that start as `initialWeights` has them. */
export const smoothing = 1e-3

/** Σ (√(w² + δ²) − δ) of every group; written so that a small w does not cancel. */
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

/** The sum of smoothed |w| with a coefficient exp(λ_k) a group, over N; λ on a log scale between the bounds. */
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
