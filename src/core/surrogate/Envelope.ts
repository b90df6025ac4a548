/**
 * The upper bound on φ from known weights, if the lower-level loss is linear in the coefficients θ.
 *
 * With f(λ, w) = L(w) + Σ_k θ_k R_k(w), every w bounds φ(λ) = min_w f(λ, w) from above at every λ. A sample with value
 * f_i and gradient g_i at λ_i determines R_k = g_ik / (∂θ_k/∂λ_k), so its bound is
 *
 *     b_i(λ) = f_i + Σ_k R_k (θ_k(λ) − θ_k(λ_i)) = f_i + Σ_k g_ik·δ_k,
 *     δ_k = exp(λ_k − λ_ik) − 1 on the log scale,  λ_k − λ_ik on the linear scale, see `displacement`.
 *
 * In terms of δ, neither θ nor R is computed: nothing under- or overflows within the search space, and the bound is
 * exact at λ_i. The lowest bound is concave in θ, as φ itself is. It holds for any weights, converged or not.
 *
 * @module
 */
import * as O from 'fp-ts/lib/Option.js'
import { displacement, slopeRatio, type SearchSpace } from '../protocol/SearchSpace.js'
import type { Sample } from './Sample.js'

/** The lowest bound on φ at a λ. */
export interface Bound {
  readonly value: number
  /** By λ. */
  readonly gradient: ReadonlyArray<number>
  /** Index of the sample with this bound: its weights are the best known start for a solve at this λ. */
  readonly index: number
}

/** Weights that were evaluated at some λ: f and ∂f/∂λ there. */
export interface Evaluated {
  readonly lambda: ReadonlyArray<number>
  readonly value: number
  readonly gradient: ReadonlyArray<number>
}

/**
 * b_i(λ) = f_i + Σ_k g_ik·δ_k, an upper bound on φ(λ) in the unit of f. It equals f(λ, w_i) for weights that were
 * evaluated at λ_i, if f is linear in θ. δ_k is `SearchSpace.displacement`. Infinite or NaN if λ is so far away that it
 * cannot be represented.
 *
 * @example
 * ```ts
 * import { Envelope, type SearchSpace } from 'bilevel-hpo'
 *
 * // f = 0.3 + θ·2 at these weights; at λ = 0, where θ = 1, it is 2.3, with ∂f/∂λ = 2.
 * const space: SearchSpace.SearchSpace = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const weights: Envelope.Evaluated = { lambda: [0], value: 2.3, gradient: [2] }
 * Envelope.boundAt(space)([Math.log(3)])(weights) // ≈ 6.3
 * ```
 */
export const boundAt =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>) =>
  ({ lambda: at, value, gradient }: Evaluated): number => {
    let bound = value
    for (let k = 0; k < space.length; k++)
      bound += gradient[k]! * displacement(space[k]!.scale, at[k]!, lambda[k]!)
    return bound
  }

/**
 * The lowest bound at λ, and the first sample that has it; `None` if no sample has a gradient.
 *
 * @example
 * ```ts
 * import { isSome } from 'fp-ts/lib/Option.js'
 * import { Envelope, type SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const unknown = { valueNoise: null, gradientNoise: null }
 * const large = { lambda: [0], value: 2.3, gradient: [2], ...unknown }
 * const small = { lambda: [0], value: 2.5, gradient: [0.5], ...unknown }
 * // Small weights cost less where the penalty is large.
 * const bound = Envelope.lowest(space, [large, small])([2])
 * const index = isSome(bound) ? bound.value.index : null // => 1
 * ```
 */
export const lowest =
  (space: SearchSpace, samples: ReadonlyArray<Sample>) =>
  (lambda: ReadonlyArray<number>): O.Option<Bound> => {
    const at = boundAt(space)(lambda)
    let lowest: { readonly value: number; readonly index: number; readonly by: Evaluated } | null = null
    for (const [index, { lambda: sampled, value: known, gradient }] of samples.entries()) {
      if (gradient === null) continue
      const by = { lambda: sampled, value: known, gradient }
      const value = at(by)
      if (Number.isFinite(value) && (lowest === null || value < lowest.value)) lowest = { value, index, by }
    }
    if (lowest === null) return O.none
    const { value, index, by } = lowest
    const gradient = by.gradient.map((g, k) => g * slopeRatio(space[k]!.scale, by.lambda[k]!, lambda[k]!))
    return O.some({ value, gradient, index })
  }
