/**
 * One weight per class: f = (1/N) Σ_i exp(λ_y)·ℓ_i + …, with y the label of example i.
 *
 * ∂f/∂w = (1/N) Σ exp(λ_y)·∂ℓ_i/∂w; ∂f/∂λ_c = exp(λ_c)·(1/N) Σ_{y = c} ℓ_i. Use it for classes of different sizes or
 * difficulty.
 */
import type { Family } from './Family.js'

/**
 * One weight per class: the loss of every example of class c is multiplied by exp(λ_c).
 *
 * - `count`: C, the number of classes, which is the number of hyperparameters
 * - `lower`, `upper`: bounds of each λ_c, on a log scale
 *
 * @example
 * ```ts
 * import { classWeights, type Family } from 'bilevel-hpo/shell'
 *
 * const family: Family = classWeights(3, { lower: -2, upper: 2 })
 * family.space.map(({ name }) => name) // => ['classWeight[0]', 'classWeight[1]', 'classWeight[2]']
 * // At λ = ln 2 examples of the first class count double.
 * const { costs } = family.at([Math.log(2), 0, 0], 600)
 * Array.from(costs?.target.classes ?? []) // ≈ [2, 1, 1]
 * ```
 */
export const classWeights = (
  count: number,
  { lower, upper }: { readonly lower: number; readonly upper: number },
): Family => ({
  space: Array.from({ length: count }, (_, c) => ({ name: `classWeight[${c}]`, lower, upper, scale: 'log' })),
  linear: true,
  changesCosts: true,
  at: (lambda, count) => {
    const factors = Float64Array.from(lambda, Math.exp)
    return {
      penalty: null,
      costs: {
        target: { examples: null, classes: factors, smoothing: 0 },
        lambdaGradient: ({ own, even, labels }, { examples, smoothing }) => {
          const sums = new Float64Array(factors.length)
          for (let i = 0; i < own.length; i++)
            sums[labels[i]!]! += (examples?.[i] ?? 1) * ((1 - smoothing) * own[i]! + smoothing * even[i]!)
          return Array.from(sums, (sum, c) => (factors[c]! * sum) / count)
        },
      },
    }
  },
})
