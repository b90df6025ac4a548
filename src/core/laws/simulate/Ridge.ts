/**
 * Diagonal ridge regression as a bilevel problem with a known solution; its world answers in closed form.
 *
 *     f = Σ (w_i − a_i)² + θ_i·w_i²,  θ_i = exp λ_i        F = Σ (w_i − b_i)²,  0 < b_i < a_i
 *
 * The lower level's solution is w_i = a_i/(1 + θ_i), so the bilevel problem's is θ_i = a_i/b_i − 1, with F = 0.
 */
import * as Rng from '../../numeric/Rng.js'
import type { Question, WeightsRef } from '../../protocol/Command.js'
import { initialWeights, weightsOf } from '../../protocol/Command.js'
import type { Observation, SetMetrics } from '../../protocol/Observation.js'
import { contains, type SearchSpace } from '../../protocol/SearchSpace.js'
import type { Simulated, World } from './World.js'

type Vec = ReadonlyArray<number>

/** For each weight, the value that fits the training data (a) and the value that fits the validation data (b). */
export interface Ridge {
  readonly a: Vec
  readonly b: Vec
}

/**
 * A problem with d components drawn from a seed. The solution is within [ln 0.1, ln 7].
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { a, b } = Simulate.randomRidge(3, 1)
 * a.every((value, k) => value > b[k]!) // => true
 * ```
 */
export const randomRidge = (dimension: number, seed: number): Ridge => {
  const [uniforms] = Rng.uniforms(2 * dimension)(Rng.make(seed, dimension))
  const b = Array.from({ length: dimension }, (_, k) => 0.2 + 1.8 * uniforms[2 * k]!)
  return { a: b.map((value, k) => value * (1.1 + 6.9 * uniforms[2 * k + 1]!)), b }
}

/**
 * The search space: one log coefficient for each component of w.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * Simulate.ridgeSpace({ a: [3], b: [2] }, -2, 2) // => [{ name: 'ridge0', lower: -2, upper: 2, scale: 'log' }]
 * ```
 */
export const ridgeSpace = ({ a }: Ridge, lower = -6, upper = 4): SearchSpace =>
  a.map((_, k) => ({ name: `ridge${k}`, lower, upper, scale: 'log' }))

/**
 * λ_k = ln(a_k/b_k − 1), the solution of the bilevel problem, length d.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * Simulate.ridgeOptimum({ a: [3, 4], b: [2, 2] }) // => [Math.log(0.5), 0]
 * ```
 */
export const ridgeOptimum = ({ a, b }: Ridge): Vec => a.map((value, k) => Math.log(value / b[k]! - 1))

/**
 * φ(λ) = Σ_k a_k²·θ_k/(1 + θ_k) with θ = exp λ.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * // At θ = 1 this is half of a² = 9.
 * Simulate.ridgeValue({ a: [3], b: [2] }, [0]) // => 4.5
 * ```
 */
export const ridgeValue = ({ a }: Ridge, lambda: Vec): number =>
  a.reduce((sum, value, k) => sum + (value * value) / (1 + Math.exp(-lambda[k]!)), 0)

/**
 * ∇φ(λ)_k = a_k²·θ_k/(1 + θ_k)² with θ = exp λ, length d.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * // a²θ/(1 + θ)² at θ = 1.
 * Simulate.ridgeValueGradient({ a: [3], b: [2] }, [0]) // => [2.25]
 * ```
 */
export const ridgeValueGradient = ({ a }: Ridge, lambda: Vec): Vec =>
  a.map((value, k) => (value * value) / (1 + Math.exp(-lambda[k]!)) / (1 + Math.exp(lambda[k]!)))

/**
 * A world that answers every question exactly. A descent returns the minimizer of its objective, whatever its number of
 * steps. Questions about unknown weights fail.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const world = Simulate.ridgeWorld({ a: [3], b: [2] })
 * const [solved, after] = world.answer({ _tag: 'SolveLowerLevel', id: 0, lambda: [0], from: 'initial', tolerance: 1e-3, maxEpochs: 9 })
 * // w = 3/(1 + 1) = 1.5: f = φ = 4.5, and F = (1.5 − 2)².
 * const losses = 'lower' in solved ? [solved.lower, solved.upper] : [] // => [4.5, 0.25]
 * after.held // => ['initial', 'w0']
 * ```
 */
export const ridgeWorld = ({ a, b }: Ridge): World => {
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
  const metrics = (w: Vec): SetMetrics => {
    const loss = sum(k => (w[k]! - b[k]!) ** 2)
    return { train: { loss, accuracy: null }, validation: { loss, accuracy: null }, test: null }
  }
  const world = (store: ReadonlyMap<WeightsRef, Vec>): World => {
    const unknown = (id: number, ref: WeightsRef): readonly [Observation, World] => [
      { _tag: 'CommandFailed', id, reason: `there are no weights ${ref}`, effort: 0 },
      world(store),
    ]
    const keeping = (id: number, w: Vec): World => world(new Map([...store, [weightsOf(id), w]]))
    const answer = (question: Question): readonly [Observation, World] => {
      const { id, lambda } = question
      const weights = weightsOf(id)
      switch (question._tag) {
        case 'SolveLowerLevel': {
          if (!store.has(question.from)) return unknown(id, question.from)
          const w = minimizer(lambda, 0, 1)
          return [
            { _tag: 'LowerLevelSolved', id, ...losses(lambda, w), weights, converged: true },
            keeping(id, w),
          ]
        }
        case 'DescendWeights': {
          const from = store.get(question.from)
          if (from === undefined) return unknown(id, question.from)
          const { steps, upperCoefficient, lowerCoefficient } = question
          const w = steps === 0 ? from : minimizer(lambda, upperCoefficient, lowerCoefficient)
          return [{ _tag: 'WeightsDescended', id, ...losses(lambda, w), weights }, keeping(id, w)]
        }
        case 'EvaluateLosses': {
          const w = store.get(question.weights)
          return w === undefined
            ? unknown(id, question.weights)
            : [{ _tag: 'LossesEvaluated', id, metrics: metrics(w) }, world(store)]
        }
        case 'Refit': {
          const w = minimizer(lambda, 0, 1)
          return [{ _tag: 'Refitted', id, metrics: metrics(w), weights, effort: 1 }, keeping(id, w)]
        }
      }
    }
    return {
      answer,
      release: refs => world(new Map([...store].filter(([ref]) => !refs.includes(ref)))),
      held: [...store.keys()],
    }
  }
  return world(new Map([[initialWeights, a.map(() => 0)]]))
}

/**
 * The problem with its space, its world and its solution.
 *
 * @example
 * ```ts
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * // θ = 3/2 − 1 = ½.
 * const { optimum, space } = Simulate.ridge({ a: [3], b: [2] })
 * optimum // => [Math.log(0.5)]
 * space.length // => 1
 * ```
 */
export const ridge = (problem: Ridge, lower = -6, upper = 4): Simulated => {
  const space = ridgeSpace(problem, lower, upper)
  const optimum = ridgeOptimum(problem)
  return {
    description: { problem: 'ridge', ...problem },
    space,
    world: ridgeWorld(problem),
    optimum: contains(space)(optimum) ? optimum : null,
  }
}
