/**
 * One weight per example: f = (1/N) Σ_i σ(λ_i)·ℓ_i + …, with σ(x) = 1/(1 + exp(−x)) and one λ for each training example.
 *
 * ∂f/∂w = (1/N) Σ σ(λ_i)·∂ℓ_i/∂w; ∂f/∂λ_i = σ(λ_i)(1 − σ(λ_i))·ℓ_i / N. The sum is divided by N, not by the sum of the
 * weights, so f is linear in the weights. Examples after the training set, such as the validation set in a refit, have the
 * weight 1.
 */
import { sigmoid } from '../../../core/protocol/SearchSpace.js'
import type { Family } from './Family.js'

/**
 * One weight per training example: the loss of example i is multiplied by σ(λ_i) = 1/(1 + exp(−λ_i)).
 *
 * - `count`: the number of training examples, which is the number of hyperparameters
 * - `lower`, `upper`: bounds of each λ_i, on a logit scale
 *
 * @example
 * ```ts
 * import { type Costs, type ExampleLosses, exampleWeights, type Target } from 'bilevel-hpo/shell'
 *
 * // Two training examples: the first counts σ(0) = ½, and with its loss of 3, ∂f/∂λ is ¼·3/2.
 * const costs: Costs | null = exampleWeights(2, { lower: -6, upper: 6 }).at([0, 6], 2).costs
 * const losses: ExampleLosses = { own: Float64Array.of(3, 0), even: Float64Array.of(0, 0), labels: Uint8Array.of(0, 1) }
 * const target: Target | null = costs && costs.target
 * const slopes = costs && target && costs.lambdaGradient(losses, target) // ≈ [0.375, 0]
 * ```
 */
export const exampleWeights = (
  count: number,
  { lower, upper }: { readonly lower: number; readonly upper: number },
): Family => ({
  space: Array.from({ length: count }, (_, i) => ({ name: `weight[${i}]`, lower, upper, scale: 'logit' })),
  linear: true,
  changesCosts: true,
  at: (lambda, examples) => ({
    penalty: null,
    costs: {
      target: {
        examples: Float64Array.from({ length: examples }, (_, i) => (i < count ? sigmoid(lambda[i]!) : 1)),
        classes: null,
        smoothing: 0,
      },
      lambdaGradient: ({ own, even, labels }, { classes, smoothing }) =>
        lambda.map((component, i) => {
          if (i >= own.length) return 0
          const cost = (1 - smoothing) * own[i]! + smoothing * even[i]!
          const slope = sigmoid(component) * sigmoid(-component)
          return (slope * (classes?.[labels[i]!] ?? 1) * cost) / examples
        }),
    },
  }),
})
