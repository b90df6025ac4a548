/**
 * Diagonal ridge regression as a bilevel problem with a known solution, answered in closed form.
 *
 *     f = Σ (w_i − a_i)² + θ_i·w_i²,  θ_i = exp λ_i        F = Σ (w_i − b_i)²,  0 < b_i < a_i
 *
 * The solution is θ_i = a_i/b_i − 1, with F = 0.
 */
import type { Question, WeightsRef } from '../../src/core/protocol/Command.js'
import { weightsOf } from '../../src/core/protocol/Command.js'
import type { Observation } from '../../src/core/protocol/Observation.js'
import type { SearchSpace } from '../../src/core/protocol/SearchSpace.js'

export interface Ridge {
  readonly a: ReadonlyArray<number>
  readonly b: ReadonlyArray<number>
}

export const ridgeSpace = ({ a }: Ridge, lower = -6, upper = 4): SearchSpace =>
  a.map((_, k) => ({ name: `ridge${k}`, lower, upper, scale: 'log' }))

/** λ of the solution. */
export const ridgeOptimum = ({ a, b }: Ridge): ReadonlyArray<number> =>
  a.map((value, k) => Math.log(value / b[k]! - 1))

type Vec = ReadonlyArray<number>

export interface RidgeWorld {
  readonly answer: (question: Question) => Observation
  readonly held: () => ReadonlyArray<WeightsRef>
  readonly release: (weights: ReadonlyArray<WeightsRef>) => void
}

/** Answers every question exactly; descents go all the way to their minimizer. */
export const ridgeWorld = (
  { a, b }: Ridge,
  fails: (question: Question) => boolean = () => false,
): RidgeWorld => {
  const store = new Map<WeightsRef, Vec>([['initial', a.map(() => 0)]])
  const sum = (of: (k: number) => number): number => a.reduce((total, _, k) => total + of(k), 0)
  const losses = (lambda: Vec, w: Vec) => ({
    upper: sum(k => (w[k]! - b[k]!) ** 2),
    lower: sum(k => (w[k]! - a[k]!) ** 2 + Math.exp(lambda[k]!) * w[k]! ** 2),
    upperGradient: a.map(() => 0),
    lowerGradient: a.map((_, k) => Math.exp(lambda[k]!) * w[k]! ** 2),
    gradientNorm: 0,
    effort: 1,
  })
  const minimizer = (lambda: Vec, upper: number, lower: number): Vec =>
    a.map((value, k) => (upper * b[k]! + lower * value) / (upper + lower * (1 + Math.exp(lambda[k]!))))
  const keep = (id: number, w: Vec): WeightsRef => {
    store.set(weightsOf(id), w)
    return weightsOf(id)
  }
  const metrics = (w: Vec) => {
    const loss = sum(k => (w[k]! - b[k]!) ** 2)
    return { train: { loss, accuracy: null }, validation: { loss, accuracy: null }, test: null }
  }
  const answer = (question: Question): Observation => {
    const { id, lambda } = question
    if (fails(question)) return { _tag: 'CommandFailed', id, reason: 'told to fail', effort: 1 }
    switch (question._tag) {
      case 'SolveLowerLevel': {
        const w = minimizer(lambda, 0, 1)
        return { _tag: 'LowerLevelSolved', id, ...losses(lambda, w), weights: keep(id, w), converged: true }
      }
      case 'DescendWeights': {
        const from = store.get(question.from)
        if (from === undefined) return { _tag: 'CommandFailed', id, reason: `no ${question.from}`, effort: 0 }
        const w =
          question.steps === 0
            ? from
            : minimizer(lambda, question.upperCoefficient, question.lowerCoefficient)
        return { _tag: 'WeightsDescended', id, ...losses(lambda, w), weights: keep(id, w) }
      }
      case 'EvaluateLosses': {
        const w = store.get(question.weights)
        return w === undefined
          ? { _tag: 'CommandFailed', id, reason: `no ${question.weights}`, effort: 0 }
          : { _tag: 'LossesEvaluated', id, metrics: metrics(w) }
      }
      case 'Refit': {
        const w = minimizer(lambda, 0, 1)
        return { _tag: 'Refitted', id, metrics: metrics(w), weights: keep(id, w), effort: 1 }
      }
    }
  }
  return {
    answer,
    held: () => [...store.keys()],
    release: weights => {
      for (const ref of weights) store.delete(ref)
    },
  }
}
