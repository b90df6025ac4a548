/**
 * The part `choice`: the result of the search, from the points that it visited.
 *
 * Used in minimising (`prefers` keeps the best iterate) and in finishing (`lambda`, `iterate`, `accepts`). The default returns
 * the mean of the last `averaged` λ of the path.
 */
import * as SearchSpace from '../../protocol/SearchSpace.js'
import type { BilevelConfig } from '../BilevelConfig.js'
import type { Relaxed, Solved } from '../iterates.js'

/** The points to choose from when a search ends. */
export interface Visited {
  /** λ after every outer iteration, beginning with the initial one. */
  readonly path: ReadonlyArray<ReadonlyArray<number>>
  /** The end of the last relaxed path. */
  readonly relaxed: Relaxed | null
  /** The incumbent: the best iterate, as `prefers` ranks them, among those from which λ took a step. */
  readonly best: Relaxed | null
}

/** An iterate just measured. */
export interface Candidate extends Relaxed {
  /** Rounding error of its merit, ≥ 0. */
  readonly noise: number
}

/**
 * Chooses the iterate that is the result. Every λ has length d and is within the search space. F, merits and ε are in
 * units of the losses. None of these functions fails; `null` means that the search ended before its first iterate.
 *
 * The authors of arXiv 2208.12118 return the iterate with the smallest |f − φ|.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 *
 * // The last λ instead of the mean of the last five.
 * const last: Parts.Choice = { ...Parts.defaults.choice, lambda: () => ({ path }) => path.at(-1) ?? [] }
 * const visited: Parts.Visited = { path: [[-5], [-4]], relaxed: null, best: null }
 * last.lambda({} as never)(visited) // => [-4]
 * // The default prefers the lower merit.
 * const incumbent: Parts.Relaxed = { lambda: [-5], upper: 0.4, lower: 0.3, violation: 1e-4, epsilon: 1e-4, merit: 0.4, weights: 'w5' }
 * const candidate: Parts.Candidate = { ...incumbent, merit: 0.3, noise: 0 }
 * Parts.defaults.choice.prefers(candidate)(incumbent) // => true
 * ```
 */
export interface Choice {
  /** Whether `candidate` replaces the incumbent. */
  readonly prefers: (candidate: Candidate) => (incumbent: Relaxed) => boolean
  /** The (λ, w) whose weights, violation and ε are reported; without `retrain` it is the result. */
  readonly iterate: (config: BilevelConfig) => (visited: Visited) => Relaxed | null
  /** With `retrain`: the λ to train at and to return. */
  readonly lambda: (config: BilevelConfig) => (visited: Visited) => ReadonlyArray<number>
  /** With `retrain`: whether weights trained there are returned rather than the best initial sample. */
  readonly accepts: (best: Pick<Solved, 'upper'>) => (retrained: Pick<Solved, 'upper'>) => boolean
}

/**
 * The mean of the last `averaged` λ, which is less noisy than any single one. If weights trained there validate worse
 * than the best initial sample, that sample is returned. Without `retrain`: the iterate with the lowest merit F + κ·g
 * since ε was last lowered.
 *
 * Differs from the paper, which returns the iterate with the smallest |f − φ|; that says nothing about F.
 */
export const averaged: Choice = {
  prefers:
    ({ merit, epsilon, noise }) =>
    incumbent =>
      // Among points that differ by rounding only, prefer the last: the gradient has improved it the longest.
      merit <= incumbent.merit + 2 * noise || incumbent.epsilon > epsilon,
  iterate:
    ({ retrain }) =>
    ({ best, relaxed }) =>
      retrain ? relaxed : (best ?? relaxed),
  lambda:
    ({ space, averaged: count }) =>
    ({ path }) =>
      SearchSpace.mean(space)(path.slice(-count)),
  accepts: best => retrained => retrained.upper <= best.upper,
}
