/**
 * Label smoothing (Szegedy et al. 2016): with s = σ(λ), f = (1/N) Σ_i ((1 − s)·ℓ(z_i, y_i) + s·(1/C) Σ_j ℓ(z_i, j)) + ….
 *
 * ∂ℓ/∂z_j = softmax(z)_j − (1 − s)[j = y] − s/C; ∂f/∂λ = s(1 − s)·(1/N) Σ_i ((1/C) Σ_j ℓ(z_i, j) − ℓ(z_i, y_i)).
 */
import { sigmoid } from '../../../core/protocol/SearchSpace.js'
import type { Family } from './Family.js'

/** The share σ(λ) of a label that goes to all classes evenly; one λ, on a logit scale between the bounds. */
export const labelSmoothing = ({
  lower,
  upper,
}: {
  readonly lower: number
  readonly upper: number
}): Family => ({
  space: [{ name: 'labelSmoothing', lower, upper, scale: 'logit' }],
  linear: true,
  changesCosts: true,
  at: (lambda, count) => {
    const logit = lambda[0]!
    return {
      penalty: null,
      costs: {
        target: { examples: null, classes: null, smoothing: sigmoid(logit) },
        lambdaGradient: ({ own, even, labels }, { examples, classes }) => {
          let sum = 0
          for (let i = 0; i < own.length; i++)
            sum += (examples?.[i] ?? 1) * (classes?.[labels[i]!] ?? 1) * (even[i]! - own[i]!)
          return [(sigmoid(logit) * sigmoid(-logit) * sum) / count]
        },
      },
    }
  },
})
