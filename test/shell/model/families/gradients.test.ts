/**
 * Compares ∇_w f and ∂f/∂λ with central differences, for every family and some combinations on random networks.
 *
 * ∂f/∂λ at fixed logits is float64, so its tolerance is 1e-6 of the slope. ∇_w depends on float32 logits: see
 * ../../train/gradient/gradients.test.ts.
 */
import fc from 'fast-check'
import { cases } from '../../../support/cases.js'
import { describe, expect, test } from 'vitest'
import { make, normals } from '../../../../src/core/numeric/Rng.js'
import { displacement } from '../../../../src/core/protocol/SearchSpace.js'
import { choose } from '../../../../src/shell/backend/chooseBackend.js'
import { size } from '../../../../src/shell/data/set/ImageSet.js'
import { gradientOf } from '../../../../src/shell/train/gradient/gradientOf.js'
import * as Losses from '../../../../src/shell/train/Losses.js'
import { pausesOf } from '../../../../src/shell/train/Pauses.js'
import type { Problem } from '../../../../src/shell/train/Problem.js'
import { norm } from '../../../../src/shell/model/weightNorms.js'
import { problem, right, run } from '../../train/fixtures.js'

const backend = await run(choose('wasm'))

const penalties = ['l2', 'l1', 'elasticNet'].flatMap(family => [
  ...['model', 'layer', 'kind', 'unit', 'input'].map(per => [{ family, per }]),
  [{ family, per: 'block', block: 4 }],
])
const costs = [[{ family: 'exampleWeights' }], [{ family: 'classWeights' }], [{ family: 'labelSmoothing' }]]
const together = [
  [{ family: 'exampleWeights' }, { family: 'l2', per: 'block', block: 3 }, { family: 'l1' }],
  [{ family: 'labelSmoothing' }, { family: 'classWeights' }, { family: 'exampleWeights' }],
]
const combinations = [...penalties, ...costs, ...together]

const networks = fc.oneof(
  fc.constant({ kind: 'linear' }),
  fc.record({
    kind: fc.constant('mlp'),
    hidden: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 2 }),
  }),
)

const instances = (hyperparameters: ReadonlyArray<object>) =>
  fc
    .record({ network: networks, seed: fc.nat(1000), train: fc.integer({ min: 2, max: 9 }) })
    .map(({ network, seed, train }) => {
      const instance = problem({ network, hyperparameters, sizes: [train, 4, 3], shape: [5, 6, 1] })
      const [noise] = normals(instance.network.size + instance.hyperparameters.space.length)(make(seed))
      return {
        instance,
        weights: Float32Array.from(noise.slice(0, instance.network.size), value => 0.3 * value),
        lambda: Array.from(noise.slice(instance.network.size), value => 0.5 * value),
      }
    })

const contextOf = ({ network }: Problem, chunkSize = 1000): Losses.TrainingContext => ({
  gradient: gradientOf(backend, network, []),
  chunkSize,
  pauses: pausesOf(null),
})

const lossAt = ({ splits: { train }, hyperparameters }: Problem, lambda: ReadonlyArray<number>) => ({
  set: train,
  terms: hyperparameters.lowerTerms(lambda, size(train)),
})

const nameOf = (families: ReadonlyArray<object>): string =>
  families.map(family => Object.values(family).join(' ')).join(' + ')

describe.each(combinations.map(families => [nameOf(families), families] as const))('%s', (_, families) => {
  test('∂f/∂λ agrees with central differences in every component', () =>
    fc.assert(
      fc.asyncProperty(instances(families), async ({ instance, weights, lambda }) => {
        const context = contextOf(instance)
        const slopes = right(await Losses.lambdaGradient(context)(lossAt(instance, lambda))(weights))
        expect(slopes).toHaveLength(lambda.length)
        const h = 1e-4
        const at = async (k: number, step: number): Promise<number> => {
          const moved = lambda.map((component, i) => (i === k ? component + step : component))
          return right(await Losses.value(context)(lossAt(instance, moved))(weights))
        }
        for (const [k, slope] of slopes.entries()) {
          const difference = ((await at(k, h)) - (await at(k, -h))) / (2 * h)
          expect(Math.abs(difference - slope)).toBeLessThanOrEqual(1e-6 * Math.abs(slope) + 1e-9)
        }
      }),
      cases(3),
    ))

  test('∇_w f agrees with central differences to 1e-3, in one chunk and in several', () =>
    fc.assert(
      fc.asyncProperty(instances(families), async ({ instance, weights, lambda }) => {
        const loss = lossAt(instance, lambda)
        const context = contextOf(instance)
        const gradient = new Float64Array(weights.length)
        right(await Losses.valueAndGradient(context)([{ coefficient: 1, loss }])(weights, gradient))
        const pieces = new Float64Array(weights.length)
        right(
          await Losses.valueAndGradient(contextOf(instance, 2))([{ coefficient: 1, loss }])(weights, pieces),
        )
        const length = norm(gradient)
        expect(norm(gradient.map((g, i) => g - pieces[i]!))).toBeLessThanOrEqual(1e-5 * length)
        const [noise] = normals(weights.length)(make(7))
        const noiseNorm = norm(Float64Array.from(noise))
        for (const direction of [
          gradient.map(g => g / length),
          gradient.map((g, i) => (g / length + noise[i]! / noiseNorm) / Math.SQRT2),
        ]) {
          const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0)
          const errors = []
          for (const h of [1e-2, 3e-3, 1e-3, 3e-4]) {
            const at = async (step: number): Promise<number> =>
              right(await Losses.value(context)(loss)(weights.map((w, i) => w + step * direction[i]!)))
            errors.push(Math.abs(((await at(h)) - (await at(-h))) / (2 * h) - slope))
          }
          expect(Math.min(...errors)).toBeLessThanOrEqual(1e-3 * length)
        }
      }),
      cases(4),
    ))

  // The last combination is not linear.
  test.runIf(families !== together[1])('f at one w is linear in θ(λ)', () =>
    fc.assert(
      fc.asyncProperty(instances(families), fc.nat(1000), async ({ instance, weights, lambda }, seed) => {
        const { space, linearInCoefficients } = instance.hyperparameters
        expect(linearInCoefficients).toBe(true)
        const context = contextOf(instance)
        const [noise] = normals(lambda.length)(make(seed))
        const far = lambda.map((component, k) => component + noise[k]!)
        const f = async (at: ReadonlyArray<number>): Promise<number> =>
          right(await Losses.value(context)(lossAt(instance, at))(weights))
        const slopes = right(await Losses.lambdaGradient(context)(lossAt(instance, lambda))(weights))
        const moved = slopes.reduce(
          (sum, slope, k) => sum + slope * displacement(space[k]!.scale, lambda[k]!, far[k]!),
          await f(lambda),
        )
        const there = await f(far)
        expect(Math.abs(moved - there)).toBeLessThanOrEqual(1e-9 * Math.abs(there))
      }),
      cases(5),
    ),
  )
})

test('two families that change the costs of examples are not jointly linear; every other combination is', () => {
  const linear = (families: ReadonlyArray<object>): boolean =>
    problem({ hyperparameters: families }).hyperparameters.linearInCoefficients
  expect(linear(together[0]!)).toBe(true)
  expect(linear(together[1]!)).toBe(false)
})
