/**
 * L2: Σ_k θ_k·‖W_k‖² / (4N), as in the paper, with W_k the weights of group k and θ_k = exp(λ_k).
 *
 * ∂/∂w = θ_k·w / (2N) for a weight of group k; ∂/∂λ_k = θ_k·‖W_k‖² / (4N), which is the k-th summand itself.
 */
import type { Network } from '../Network.js'
import { squares } from '../weightNorms.js'
import { part, type Decay, type Family } from './Family.js'
import { named, type Grouping } from './Grouping.js'

/** ‖W_k‖² of every group, in one pass over the weights. */
const squaresOf = (network: Network, { names, of }: Grouping, weights: Float32Array): Float64Array => {
  const sums = new Float64Array(names.length)
  for (const [k, parameter] of network.parameters.entries()) {
    const group = of[k]!
    const w = part(weights, parameter)
    if (typeof group !== 'number')
      for (let i = 0; i < w.length; i++) {
        if (group[i]! >= 0) sums[group[i]!]! += w[i]! * w[i]!
      }
    else if (group >= 0) sums[group]! += squares(w)
  }
  return sums
}

/**
 * An L2 penalty: Σ_k exp(λ_k)·‖W_k‖² / (4N) over the groups k of weights. Its gradient by a weight of group k is exp(λ_k)·w / (2N).
 *
 * - `lower`, `upper`: bounds of each λ_k, on a log scale
 *
 * Source: arXiv 2208.12118, which also divides by 4N.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Family, type Grouping, groupingOf, l2, linear } from 'bilevel-hpo/shell'
 *
 * const network = linear([1, 2, 1], 2)
 * const family = E.map((grouping: Grouping): Family => l2(network, grouping, { lower: -10, upper: 4 }))(groupingOf(network, 'model', undefined))
 * // exp(0)·(1² + 2²)/(4·N) with N = 5; biases are left alone.
 * const penalty = E.isRight(family) ? family.right.at([0], 5).penalty : null
 * penalty?.value(Float32Array.of(1, 2, 0, 0, 9, 9)) // => 0.25
 * penalty?.lambdaGradient(Float32Array.of(1, 2, 0, 0, 9, 9)) // => [0.25]
 * ```
 */
export const l2 = (
  network: Network,
  grouping: Grouping,
  { lower, upper }: { readonly lower: number; readonly upper: number },
): Family => ({
  space: named('l2', grouping).map(name => ({ name, lower, upper, scale: 'log' })),
  linear: true,
  changesCosts: false,
  at: (lambda, examples) => {
    const factors = Float64Array.from(lambda, component => Math.exp(component) / (4 * examples))
    const parts = (weights: Float32Array): ReadonlyArray<number> =>
      Array.from(squaresOf(network, grouping, weights), (sum, k) => factors[k]! * sum)
    const decayOf = (group: number): number => (group < 0 ? 0 : 2 * factors[group]!)
    return {
      costs: null,
      penalty: {
        value: weights => parts(weights).reduce((sum, part) => sum + part, 0),
        decay: grouping.of.map((group): Decay =>
          typeof group === 'number' ? decayOf(group) : Float64Array.from(group, decayOf),
        ),
        curved: null,
        lambdaGradient: parts,
      },
    }
  },
})
