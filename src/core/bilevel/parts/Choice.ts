/**
 * The choice of the returned iterate: which of the points that a search went through is its result.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as SearchSpace from '../../protocol/SearchSpace.js'
import type { BilevelConfig } from '../BilevelConfig.js'
import type { Relaxed, Solved } from '../iterates.js'

/** What a search has to choose from when it ends. */
export interface Visited {
  /** λ after every outer iteration, the starting one first. */
  readonly path: ReadonlyArray<ReadonlyArray<number>>
  /** What the last descent found. */
  readonly relaxed: Relaxed | null
  /** The incumbent: the one that `prefers` left standing, of those that a step of λ was taken from. */
  readonly best: Relaxed | null
}

/** An iterate just measured. */
export interface Candidate extends Relaxed {
  /** How far rounding may have put its merit off, ≥ 0. */
  readonly noise: number
}

/**
 * Which iterate is the result. Every λ is of length d, within the search space; F, merits and ε are in units of the
 * losses. None of these fails: `null` says that there is no iterate, for the search ended before its first one.
 *
 * The authors of arXiv 2208.12118 return the iterate of the smallest |f − φ|.
 */
export interface Choice {
  /** Whether `candidate` takes the incumbent's place. */
  readonly prefers: (candidate: Candidate) => (incumbent: Relaxed) => boolean
  /** The (λ, w) whose weights, violation and ε are reported; without `retrain` it is the result. */
  readonly iterate: (config: BilevelConfig) => (visited: Visited) => Relaxed | null
  /** With `retrain`: the λ to train at and to return. */
  readonly lambda: (config: BilevelConfig) => (visited: Visited) => ReadonlyArray<number>
  /** With `retrain`: whether weights trained there are returned rather than the best initial sample. */
  readonly accepts: (best: Pick<Solved, 'upper'>) => (retrained: Pick<Solved, 'upper'>) => boolean
}

/**
 * The mean of the last `averaged` λ, which is less noisy than any of them, unless weights trained there validate worse
 * than the best initial sample's; without `retrain`, the iterate of the least merit F + κ·g since ε was last lowered.
 *
 * Differs from the paper, which returns the iterate of the smallest |f − φ|: that says nothing of F.
 */
export const averaged: Choice = {
  prefers:
    ({ merit, epsilon, noise }) =>
    incumbent =>
      // Of points that rounding cannot tell apart, the last is the one that the gradient has led furthest.
      merit <= incumbent.merit + 2 * noise || incumbent.epsilon > epsilon,
  iterate:
    ({ retrain }) =>
    ({ best, relaxed }) =>
      retrain ? relaxed : (best ?? relaxed),
  lambda:
    ({ space, averaged: count }) =>
    ({ path }) => {
      const last = path.slice(-count)
      return pipe(
        space.map((_, k) => last.reduce((sum, lambda) => sum + lambda[k]!, 0) / last.length),
        SearchSpace.clamp(space),
      )
    },
  accepts: best => retrained => retrained.upper <= best.upper,
}
