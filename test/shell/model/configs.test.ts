import fc from 'fast-check'
import type * as t from 'io-ts'
import { describe, expect, test } from 'vitest'
import { decode } from '../../../src/core/codec/Codec.js'
import {
  hyperparametersOf,
  HyperparametersConfig,
  spaceOf,
} from '../../../src/shell/model/Hyperparameters.js'
import { imagesOf } from '../../../src/shell/model/ExampleBatch.js'
import { minibatches } from '../../../src/shell/train/Minibatches.js'
import { initialWeights } from '../../../src/shell/model/Network.js'
import { NetworkConfig, networkOf } from '../../../src/shell/model/NetworkConfig.js'
import { SolverConfig } from '../../../src/shell/train/SolverConfig.js'
import { blobs, left, right } from '../train/fixtures.js'

const network = (config: unknown, shape: readonly [number, number, number], classes = 10) =>
  networkOf(right(decode(NetworkConfig)(config)), shape, classes)

describe('configurations', () => {
  test('missing fields get their defaults', () => {
    expect(right(decode(SolverConfig)({}))).toMatchObject({ epochs: 50, batchSize: 64, learningRate: 0.3 })
    expect(right(decode(HyperparametersConfig)({ per: 'layer' }))).toEqual({
      family: 'l2',
      per: 'layer',
      lower: -10,
      upper: 4,
    })
    expect(right(decode(NetworkConfig)({ kind: 'mlp' }))).toEqual({ kind: 'mlp', hidden: [100] })
  })

  test.each([
    [SolverConfig, { epoch: 3 }, /`epoch`.*is not known.*"epochs"/],
    [SolverConfig, { momentum: 1 }, /`momentum`.*\[0, 1\)/],
    [SolverConfig, { learningRate: NaN }, /`learningRate`/],
    [HyperparametersConfig, { family: 'l3' }, /`family`/],
    [NetworkConfig, { kind: 'vgg' }, /`kind`.*mlp/],
    [NetworkConfig, { kind: 'mlp', hidden: [10, 0] }, /`hidden\[1\]`/],
    [NetworkConfig, { kind: 'lenet', hidden: [3] }, /`hidden` is not known/],
    [NetworkConfig, { kind: 'linear', hidden: [3] }, /`hidden` is not known/],
  ] as ReadonlyArray<readonly [t.Type<unknown, unknown>, unknown, RegExp]>)(
    'case %# is refused by field',
    (codec, input, message) => {
      expect(left(decode(codec)(input))).toMatch(message)
    },
  )

  test('swapped bounds are refused', () => {
    const config = right(decode(HyperparametersConfig)({ lower: 4, upper: -10 }))
    const mlp = right(network({ kind: 'mlp' }, [4, 4, 1]))
    expect(left(spaceOf(mlp, config)).message).toContain('not below')
    expect(left(hyperparametersOf(mlp, config))._tag).toBe('BadInput')
  })

  test('networks that do not fit are refused before anything is allocated', () => {
    expect(left(network({ kind: 'lenet' }, [11, 28, 1])).message).toContain('12×12')
    expect(left(network({ kind: 'mlp', hidden: [1e6, 1e6] }, [28, 28, 1])).message).toContain('hidden')
  })
})

describe('networks', () => {
  test('have the sizes of the paper and of LeNet-5', () => {
    expect(right(network({ kind: 'mlp', hidden: [100] }, [28, 28, 1])).size).toBe(784 * 100 + 100 + 1000 + 10)
    expect(right(network({ kind: 'linear' }, [28, 28, 1])).size).toBe(7850)
    const dense = (256 + 144) * 120 + 120 + 120 * 84 + 84 + 84 * 10 + 10
    expect(right(network({ kind: 'lenet' }, [28, 28, 1])).size).toBe(150 + 6 + 2400 + 16 + dense)
    expect(right(network({ kind: 'lenet' }, [32, 32, 3])).size).toBe(450 + 6 + 2400 + 16 + dense)
  })

  test('one hyperparameter for the model, or one per layer', () => {
    const lenet = right(network({ kind: 'lenet' }, [28, 28, 1]))
    const names = (per: string) =>
      right(spaceOf(lenet, right(decode(HyperparametersConfig)({ per })))).map(({ name }) => name)
    expect(names('model')).toEqual(['l2'])
    expect(names('layer')).toEqual(['l2[conv1]', 'l2[conv2]', 'l2[dense1]', 'l2[dense2]', 'l2[dense3]'])
    expect(names('kind')).toEqual(['l2[convolutional]', 'l2[dense]'])
    const mlp = right(network({ kind: 'mlp' }, [4, 4, 1]))
    const perKind = right(decode(HyperparametersConfig)({ per: 'kind' }))
    expect(right(spaceOf(mlp, perKind)).map(({ name }) => name)).toEqual(['l2[dense]'])
  })

  test('have the same penalty per kind as per layer', () => {
    const lenet = right(network({ kind: 'lenet' }, [28, 28, 1]))
    const terms = (per: string, lambda: ReadonlyArray<number>) =>
      right(hyperparametersOf(lenet, right(decode(HyperparametersConfig)({ per })))).lowerTerms(lambda, 10)
    const weights = initialWeights(lenet)(3)
    const kind = terms('kind', [1, -2])
    const layer = terms('layer', [1, 1, -2, -2, -2])
    expect(kind.decay).toEqual(layer.decay)
    const [conv1, conv2, ...dense] = layer.lambdaGradient(weights)
    const [convolutional, ofDense] = kind.lambdaGradient(weights)
    expect(convolutional).toBeCloseTo(conv1! + conv2!, 10)
    expect(ofDense).toBeCloseTo(
      dense.reduce((sum, part) => sum + part, 0),
      10,
    )
    expect(kind.penalty(weights)).toBeCloseTo(layer.penalty(weights), 10)
  })

  test('start in the Glorot range, with zero biases, depending on the seed', () => {
    const lenet = right(network({ kind: 'lenet' }, [28, 28, 1]))
    const weights = initialWeights(lenet)(3)
    expect(initialWeights(lenet)(3)).toEqual(weights)
    expect(initialWeights(lenet)(4)).not.toEqual(weights)
    for (const { role, offset, size, fanIn, fanOut } of lenet.parameters) {
      const part = weights.subarray(offset, offset + size)
      const largest = part.reduce((a, b) => Math.max(a, Math.abs(b)), 0)
      const bound = role === 'bias' ? 0 : Math.sqrt(6 / (fanIn + fanOut))
      expect(largest).toBeLessThanOrEqual(bound * (1 + 1e-7))
      expect(largest).toBeGreaterThanOrEqual(0.9 * bound)
    }
  })
})

describe('minibatches', () => {
  test('use every example equally often, for every batch size', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 30 }),
        fc.integer({ min: 1, max: 30 }),
        fc.nat(),
        (count, batchSize, seed) => {
          const set = {
            images: Float32Array.from({ length: count }, (_, i) => i),
            labels: Uint8Array.from({ length: count }, (_, i) => i),
            shape: [1, 1, 1] as const,
            classes: count,
          }
          const draw = minibatches(set, batchSize, [seed])
          const times = new Map<number, number>()
          for (let step = 0; step < 7; step++) {
            const batch = draw()
            const { labels } = batch
            expect(imagesOf(batch)).toEqual(Float32Array.from(labels))
            expect(labels).toHaveLength(Math.min(batchSize, count))
            for (const label of labels) times.set(label, (times.get(label) ?? 0) + 1)
            const counts = Array.from({ length: count }, (_, i) => times.get(i) ?? 0)
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
          }
        },
      ),
    )
  })

  test('of the whole set are the set itself', () => {
    const set = blobs(5, [2, 2, 1], 3, 1)
    const all = minibatches(set, null, [1])()
    expect(imagesOf(all)).toEqual(set.images)
    expect(all.labels).toEqual(set.labels)
  })
})
