/** What families of hyperparameters refuse, how they are named, and how example weights follow their examples. */
import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, test } from 'vitest'
import { decode } from '../../../../src/core/codec/Codec.js'
import { hyperparametersOf, HyperparametersConfig } from '../../../../src/shell/model/Hyperparameters.js'
import { imagesOf } from '../../../../src/shell/model/ExampleBatch.js'
import { minibatches } from '../../../../src/shell/train/Minibatches.js'
import { networkOf } from '../../../../src/shell/model/NetworkConfig.js'
import { decodeRunConfig } from '../../../../src/shell/config/RunConfig.js'
import { blobs, left, problem, right } from '../../train/fixtures.js'

const linear = right(networkOf({ kind: 'linear' }, [28, 28, 1], 10))
const lenet = right(networkOf({ kind: 'lenet' }, [28, 28, 1], 10))
const of = (network: typeof linear, config: unknown, examples: number | null = null) =>
  pipe(
    right(decode(HyperparametersConfig)(config)),
    decoded => hyperparametersOf(network, decoded, examples),
    E.map(({ space }) => space.map(({ name }) => name)),
  )

describe('hyperparameters', () => {
  test('are named by their groups, and counted', () => {
    const count = (block: number) => right(of(linear, { per: 'block', block })).length
    expect([28, 14, 7, 4, 2, 1].map(count)).toEqual([1, 4, 16, 49, 196, 784])
    // Blocks at the right and at the bottom may be smaller.
    expect(count(10)).toBe(9)
    expect(right(of(linear, { per: 'block', block: 14 }))).toEqual([
      'l2[block 0,0]',
      'l2[block 0,1]',
      'l2[block 1,0]',
      'l2[block 1,1]',
    ])
    expect(right(of(linear, { family: 'l1', per: 'unit' }))[9]).toBe('l1[dense1 unit 9]')
    expect(right(of(lenet, { per: 'unit' }))).toHaveLength(6 + 16 + 120 + 84 + 10)
    expect(right(of(linear, { family: 'elasticNet' }))).toEqual(['l1', 'l2'])
    expect(right(of(linear, [{ family: 'exampleWeights' }, {}], 3))).toEqual([
      'weight[0]',
      'weight[1]',
      'weight[2]',
      'l2',
    ])
    expect(right(of(linear, { family: 'classWeights' }))).toHaveLength(10)
    expect(right(of(linear, [{ family: 'classWeights' }, { fixed: 3 }]))).toHaveLength(10)
  })

  test('have their bounds as weight decay, which is what the gradient of their penalty is of the weights', () => {
    const range = [1e-5, 0.03] as const
    for (const examples of [60, 600, 50_000]) {
      const decoded = right(decode(HyperparametersConfig)({ per: 'layer', weightDecay: range }))
      const { space, lowerTerms } = right(hyperparametersOf(lenet, decoded, examples))
      expect(space).toHaveLength(5)
      const kernels = lenet.parameters.map(({ role }) => role === 'kernel')
      for (const [i, bound] of (['lower', 'upper'] as const).entries()) {
        const { decay } = lowerTerms(
          space.map(hyperparameter => hyperparameter[bound]),
          examples,
        )
        for (const [k, of] of decay.entries()) expect(of).toBeCloseTo(kernels[k] ? range[i]! : 0, 12)
      }
    }
  })

  test('as weight decay need the number of training examples, and nothing else that decides λ', () => {
    const decoded = right(decode(HyperparametersConfig)({ weightDecay: [1e-4, 1] }))
    expect(decoded).toEqual({ family: 'l2', per: 'model', weightDecay: [1e-4, 1] })
    expect(left(hyperparametersOf(linear, decoded)).message).toContain(
      'Bounds as weight decay need the number of training examples',
    )
    const both = { family: 'l2', per: 'model', weightDecay: [1e-4, 1], lower: -3 } as const
    expect(left(hyperparametersOf(linear, both, 60)).message).toContain('there is `lower`, too')
    // The smallest and the largest numbers have a λ, or are refused with the name of the hyperparameter.
    const tiny = right(decode(HyperparametersConfig)({ weightDecay: [Number.MIN_VALUE, 1] }))
    expect(right(hyperparametersOf(linear, tiny, 60)).space[0]!.lower).toBeLessThan(-700)
    const huge = right(decode(HyperparametersConfig)({ weightDecay: [1, Number.MAX_VALUE] }))
    expect(left(hyperparametersOf(linear, huge, 60)).message).toContain('"l2"')
  })

  test('that are fixed add their penalty at that value, and are not part of λ', () => {
    const decoded = right(decode(HyperparametersConfig)([{ family: 'l1', per: 'layer' }, { fixed: 2 }]))
    const tuned = right(decode(HyperparametersConfig)([{ family: 'l1', per: 'layer' }, { family: 'l2' }]))
    const weights = Float32Array.from({ length: linear.size }, (_, i) => Math.sin(i))
    const fixed = right(hyperparametersOf(linear, decoded)).lowerTerms([-1], 50)
    const same = right(hyperparametersOf(linear, tuned)).lowerTerms([-1, 2], 50)
    expect(fixed.penalty(weights)).toBe(same.penalty(weights))
    expect(fixed.decay).toEqual(same.decay)
    expect(fixed.lambdaGradient(weights)).toEqual([same.lambdaGradient(weights)[0]])
  })

  test.each([
    [linear, { per: 'block' }, 'Give `block`'],
    [linear, { per: 'layer', block: 7 }, 'Leave it out'],
    [lenet, { per: 'input' }, 'no dense layer on its pixels'],
    [lenet, { per: 'block', block: 7 }, 'no dense layer on its pixels'],
    [linear, [{ family: 'elasticNet' }, { family: 'l2' }], 'called "l2"'],
    [linear, { family: 'exampleWeights' }, 'the number of training examples'],
    [linear, { family: 'labelSmoothing', lower: 3, upper: 3 }, 'not below'],
    [linear, [], 'empty'],
    [linear, { fixed: 1 }, 'empty'],
  ])('case %# is refused', (network, config, message) => {
    expect(left(of(network, config))).toMatchObject({ _tag: 'BadInput' })
    expect(left(of(network, config)).message).toContain(message)
  })

  test.each([
    [{ family: 'l3' }, /`hyperparameters.family` must be one of "l2", "l1"/],
    [{ family: 'exampleWeights', per: 'model' }, /`hyperparameters.per` is not known/],
    [[{ family: 'l2' }, { family: 'l1', per: 'pixel' }], /`hyperparameters\[1\].per` must be "model"/],
    [[{ family: 'l2' }, { family: 'l1', lower: 5 }], /`hyperparameters\[1\].lower` is 5/],
    [{ family: 'l2', per: 'block', block: 0 }, /`hyperparameters.block` must be an integer ≥ 1/],
    ['l2', /`hyperparameters`/],
  ])('case %# is refused in a file, and the message names the field', (hyperparameters, message) => {
    const config = {
      data: { source: 'mnist', train: 6, validation: 4 },
      network: { kind: 'linear' },
      hyperparameters,
      solver: {},
      method: { name: 'bilevel' },
      seed: 0,
    }
    expect(left(decodeRunConfig('test')(config)).message).toMatch(message)
  })
})

describe('example weights', () => {
  test('follow their examples into minibatches, without changing the order', () => {
    const set = blobs(11, [2, 2, 1], 3, 5)
    const target = { examples: Float64Array.from({ length: 11 }, (_, i) => i), classes: null, smoothing: 0.1 }
    const plain = minibatches(set, 4, [1, 2])
    const weighted = minibatches(set, 4, [1, 2], () => target)
    for (let draw = 0; draw < 9; draw++) {
      const [a, b] = [plain(), weighted()]
      expect(b.examples).toEqual(a.examples)
      expect(b.target?.smoothing).toBe(0.1)
      const images = imagesOf(b)
      for (const [row, weight] of (b.target?.examples ?? []).entries())
        expect(images.subarray(4 * row, 4 * row + 4)).toEqual(set.images.subarray(4 * weight, 4 * weight + 4))
    }
  })

  test('are 1 after the training set, for example in a refit', () => {
    const { lowerTerms } = problem({
      hyperparameters: { family: 'exampleWeights' },
      sizes: [3, 2, 2],
    }).hyperparameters
    expect([...(lowerTerms([0, 0, 0], 5).costs?.target.examples ?? [])]).toEqual([0.5, 0.5, 0.5, 1, 1])
  })
})
