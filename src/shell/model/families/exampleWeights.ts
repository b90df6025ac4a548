/**
 * A weight an example: f = (1/N) Σ_i σ(λ_i)·ℓ_i + …, with σ(x) = 1/(1 + exp(−x)) and one λ for each training example.
 *
 * ∂f/∂w = (1/N) Σ σ(λ_i)·∂ℓ_i/∂w; ∂f/∂λ_i = σ(λ_i)(1 − σ(λ_i))·ℓ_i / N. The sum is divided by N, not by the sum of the
 * weights, so f is linear in the weights. Examples behind the training set, as those of the validation set in a refit,
 * have the weight 1.
 */
import { sigmoid } from '../../../core/protocol/SearchSpace.js'
import type { Family } from './Family.js'

/** `count`: examples of the training set. */
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
