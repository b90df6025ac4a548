/**
 * Compares ∇_w and ∂/∂λ of f and F with central differences, for both networks on every available backend.
 *
 * Values are float32 logits summed in float64. So with ‖d‖ = 1, a difference quotient along d has an error of about 1e-7/h
 * (rounding) plus h² (curvature), and a far larger one if a ReLU or a maximum switches within h. Which h avoids switches
 * depends on d, so the test tries several. A wrong gradient agrees at none of them.
 */
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import { make, normals } from '../../../../src/core/numeric/Rng.js'
import type { Backend } from '../../../../src/shell/backend/Backend.js'
import { size } from '../../../../src/shell/data/set/ImageSet.js'
import { gradientOf } from '../../../../src/shell/train/gradient/gradientOf.js'
import * as Losses from '../../../../src/shell/train/Losses.js'
import { norm } from '../../../../src/shell/model/weightNorms.js'
import { initialWeights } from '../../../../src/shell/model/Network.js'
import { pausesOf } from '../../../../src/shell/train/Pauses.js'
import type { Problem } from '../../../../src/shell/train/Problem.js'
import { available } from '../../../../src/shell/backend/chooseBackend.js'
import { presentBackends, problem, right } from '../fixtures.js'

const problems: Readonly<Record<string, Problem>> = {
  linear: problem({ network: { kind: 'linear' }, sizes: [12, 9, 3] }),
  mlp: problem({ network: { kind: 'mlp', hidden: [9, 7] }, sizes: [12, 9, 3] }),
  // Few and small images, because convolutions on the cpu backend are slow.
  lenet: problem({ network: { kind: 'lenet' }, shape: [12, 12, 2], sizes: [4, 3, 3] }),
}
const backends = await presentBackends()
const absent = (await available()).filter(({ present }) => !present)

const contextOf = (
  backend: Backend,
  { network, splits }: Problem,
  chunkSize = 1000,
): Losses.TrainingContext => ({
  gradient: gradientOf(backend, network, [splits.train]),
  chunkSize,
  pauses: pausesOf(null),
})

const lambdaOf = ({ hyperparameters }: Problem): ReadonlyArray<number> =>
  hyperparameters.space.map((_, k) => 1 - 0.5 * k)

const lossesOf = ({ splits, hyperparameters }: Problem, lambda: ReadonlyArray<number>) => ({
  f: { set: splits.train, terms: hyperparameters.lowerTerms(lambda, size(splits.train)) },
  F: { set: splits.validation, terms: hyperparameters.upperTerms(lambda, size(splits.validation)) },
})

const weightsOf = ({ network }: Problem): Float32Array => {
  const weights = initialWeights(network)(5)
  // Biases differ from zero, so that a wrong bias gradient is noticed.
  const [noise] = normals(weights.length)(make(6))
  return weights.map((w, i) => w + 0.05 * noise[i]!)
}

const gradientAt = async (
  context: Losses.TrainingContext,
  loss: Losses.Loss,
  w: Float32Array,
): Promise<Float64Array> => {
  const gradient = new Float64Array(w.length)
  right(await Losses.valueAndGradient(context)([{ coefficient: 1, loss }])(w, gradient))
  return gradient
}

test(`backends present: ${backends.map(({ name }) => name).join(', ')}; absent: ${
  absent.map(({ name, detail }) => `${name} (${detail})`).join(', ') || 'none'
}`, () => {
  // Only tfjs-node may be missing.
  expect(absent.map(({ name }) => name).filter(name => name !== 'node')).toEqual([])
  expect(backends.length + absent.length).toBe(3)
})

describe.each(backends.map(backend => [backend.name, backend] as const))('on %s', (_, backend) => {
  describe.each(Object.entries(problems))('%s', (_, instance) => {
    const context = contextOf(backend, instance)
    const lambda = lambdaOf(instance)
    const losses = lossesOf(instance, lambda)
    const weights = weightsOf(instance)

    test.each(['f', 'F'] as const)('∇_w %s agrees with central differences to 1e-3', async name => {
      const loss = losses[name]
      const gradient = await gradientAt(context, loss, weights)
      const length = norm(gradient)
      const [noise] = normals(weights.length)(make(7))
      const noiseNorm = norm(Float64Array.from(noise))
      const directions: ReadonlyArray<Float64Array> = [
        gradient.map(g => g / length),
        gradient.map((g, i) => (g / length + noise[i]! / noiseNorm) / Math.SQRT2),
        // Each tensor of parameters separately, along its own gradient.
        ...instance.network.parameters.map(({ offset, size }) => {
          const part = gradient.map((g, i) => (i >= offset && i < offset + size ? g : 0))
          const partLength = norm(part)
          return part.map(g => g / partLength)
        }),
      ]
      for (const direction of directions) {
        const slope = gradient.reduce((sum, g, i) => sum + g * direction[i]!, 0)
        expect(Math.abs(slope)).toBeGreaterThan(1e-2 * length)
        const errors = []
        for (const h of [1e-2, 3e-3, 1e-3, 3e-4]) {
          const at = async (step: number): Promise<number> =>
            right(await Losses.value(context)(loss)(weights.map((w, i) => w + step * direction[i]!)))
          errors.push(Math.abs(((await at(h)) - (await at(-h))) / (2 * h) - slope))
        }
        expect(Math.min(...errors)).toBeLessThanOrEqual(1e-3 * length)
      }
    })

    test.each(['f', 'F'] as const)('∂%s/∂λ agrees with central differences', async name => {
      const slopes = losses[name].terms.lambdaGradient(weights)
      expect(slopes).toHaveLength(lambda.length)
      for (const [k, slope] of slopes.entries()) {
        const h = 1e-4
        const at = async (step: number): Promise<number> => {
          const moved = lambda.map((component, i) => (i === k ? component + step : component))
          return right(await Losses.value(context)(lossesOf(instance, moved)[name])(weights))
        }
        const difference = ((await at(h)) - (await at(-h))) / (2 * h)
        expect(Math.abs(difference - slope)).toBeLessThanOrEqual(1e-6 * Math.abs(slope) + 1e-11)
        if (name === 'f') expect(slope).toBeGreaterThan(0)
      }
    })

    test('chunks change nothing beyond rounding', async () => {
      const whole = new Float64Array(weights.length)
      const pieces = new Float64Array(weights.length)
      const objective = [
        { coefficient: 0.7, loss: losses.f },
        { coefficient: 1.3, loss: losses.F },
      ]
      const a = right(await Losses.valueAndGradient(context)(objective)(weights, whole))
      const b = right(
        await Losses.valueAndGradient(contextOf(backend, instance, 3))(objective)(weights, pieces),
      )
      expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-6 * Math.abs(a))
      expect(norm(whole.map((g, i) => g - pieces[i]!))).toBeLessThanOrEqual(1e-5 * norm(whole))
    })

    test('keeps no tensor', async () => {
      const before = tf.memory().numTensors
      await gradientAt(context, losses.f, weights)
      right(await Losses.metrics(context)(instance.splits.validation)(weights))
      expect(tf.memory().numTensors).toBe(before)
    })
  })
})

describe.each(Object.entries(problems))('%s: backends agree with one another to 1e-3', (_, instance) => {
  test.each(['f', 'F'] as const)('in %s and its ∇_w', async name => {
    const loss = lossesOf(instance, lambdaOf(instance))[name]
    const weights = weightsOf(instance)
    const found = []
    for (const backend of backends) {
      const context = contextOf(backend, instance)
      found.push({
        value: right(await Losses.value(context)(loss)(weights)),
        gradient: await gradientAt(context, loss, weights),
      })
    }
    expect(found.length).toBeGreaterThan(1)
    const first = found[0]!
    for (const other of found.slice(1)) {
      expect(Math.abs(other.value - first.value)).toBeLessThanOrEqual(1e-5 * first.value)
      expect(norm(other.gradient.map((g, i) => g - first.gradient[i]!))).toBeLessThanOrEqual(
        1e-3 * norm(first.gradient),
      )
    }
  })
})
