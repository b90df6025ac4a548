/**
 * Label smoothing (Szegedy et al. 2016): with s = σ(λ), f = (1/N) Σ_i ((1 − s)·ℓ(z_i, y_i) + s·(1/C) Σ_j ℓ(z_i, j)) + ….
 *
 * ∂ℓ/∂z_j = softmax(z)_j − (1 − s)[j = y] − s/C; ∂f/∂λ = s(1 − s)·(1/N) Σ_i ((1/C) Σ_j ℓ(z_i, j) − ℓ(z_i, y_i)).
 */
import { sigmoid } from '../../../core/protocol/SearchSpace.js'
import type { Family } from './Family.js'

/**
 * Label smoothing: a share s = σ(λ) of every label is spread evenly over all classes. There is one λ, on a logit scale between
 * `lower` and `upper`. Source: Szegedy et al. 2016.
 *
 * @example
 * ```ts
 * import { labelSmoothing } from 'bilevel-hpo/shell'
 *
 * const { space, at } = labelSmoothing({ lower: -8, upper: 0 })
 * space // => [{ name: 'labelSmoothing', lower: -8, upper: 0, scale: 'logit' }]
 * // A share of σ(−4) of every label goes to all classes evenly.
 * at([-4], 600).costs?.target.smoothing // ≈ 0.017986
 * ```
 */
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
