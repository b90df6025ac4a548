/**
 * A weight a class: f = (1/N) Σ_i exp(λ_y)·ℓ_i + …, with y the label of example i.
 *
 * ∂f/∂w = (1/N) Σ exp(λ_y)·∂ℓ_i/∂w; ∂f/∂λ_c = exp(λ_c)·(1/N) Σ_{y = c} ℓ_i. For classes of unequal sizes, or of unequal
 * difficulty.
 */
import type { Family } from './Family.js'

/** exp(λ_c) times the loss of every example of class c; d = `count`. λ on a log scale between the bounds. */
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
