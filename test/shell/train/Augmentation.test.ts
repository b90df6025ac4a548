/** Random crops and flips: what they do to pixels, and what of a training sees them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DescendWeights, Question } from '../../../src/core/protocol/Command.js'
import { decode } from '../../../src/core/codec/Codec.js'
import { choose } from '../../../src/shell/backend/chooseBackend.js'
import type { ImageSet } from '../../../src/shell/data/set/ImageSet.js'
import { imagesOf } from '../../../src/shell/model/ExampleBatch.js'
import { augmented, unsuited, type Augmentation } from '../../../src/shell/train/Augmentation.js'
import { lossesAt, lowerOn } from '../../../src/shell/train/Measurement.js'
import { minibatches } from '../../../src/shell/train/Minibatches.js'
import { checked, joined, type Problem } from '../../../src/shell/train/Problem.js'
import { SolverConfig } from '../../../src/shell/train/SolverConfig.js'
import { networkInterpreter } from '../../../src/shell/work/networkInterpreter.js'
import { cases } from '../../support/cases.js'
import { blobs, left, presentBackends, problem, right, run } from './fixtures.js'

const backends = await presentBackends()
const wasm = await run(choose('wasm'))

/** Images whose pixels are all different, and none of them zero. */
const numbered = (count: number, shape: ImageSet['shape']): ImageSet => ({
  images: Float32Array.from({ length: count * shape[0] * shape[1] * shape[2] }, (_, i) => i + 1),
  labels: Uint8Array.from({ length: count }, (_, i) => i % 2),
  shape,
  classes: 2,
})

/** What an image is after one cut and flip, by its definition: padded, cut, mirrored. */
const byDefinition = (
  { images, shape: [height, width, channels] }: ImageSet,
  example: number,
  crop: number,
  [row, column, mirrored]: readonly [number, number, boolean],
): ReadonlyArray<number> => {
  const padded = (y: number, x: number, c: number): number =>
    y < crop || y >= height + crop || x < crop || x >= width + crop
      ? 0
      : images[((example * height + y - crop) * width + x - crop) * channels + c]!
  return Array.from({ length: height * width * channels }, (_, i) => {
    const [y, x, c] = [Math.floor(i / (width * channels)), Math.floor(i / channels) % width, i % channels]
    return padded(row + y, column + (mirrored ? width - 1 - x : x), c)
  })
}

describe('augmented images', () => {
  test('are each one cut of the padded image, mirrored or not', () => {
    fc.assert(
      fc.property(
        fc.tuple(
          fc.integer({ min: 2, max: 6 }),
          fc.integer({ min: 2, max: 6 }),
          fc.integer({ min: 1, max: 4 }),
        ),
        fc.integer({ min: 0, max: 3 }),
        fc.boolean(),
        fc.nat(),
        (shape, wanted, flip, seed) => {
          const crop = Math.min(wanted, shape[0] - 1, shape[1] - 1)
          const set = numbered(3, shape)
          const draw = augmented(set, { crop, flip }, [seed])
          const pixels = shape[0] * shape[1] * shape[2]
          // Several draws into one buffer: nothing of the last one may be left.
          for (const examples of [
            [0, 1, 2, 0, 1],
            [2, 2, 1, 0, 0],
          ].map(list => Int32Array.from(list))) {
            const found = draw(examples)
            expect(found).toHaveLength(5 * pixels)
            for (const [i, example] of examples.entries()) {
              const image = [...found.subarray(i * pixels, (i + 1) * pixels)]
              const places = Array.from({ length: 2 * crop + 1 }, (_, k) => k)
              const possible = places.flatMap(row =>
                places.flatMap(column =>
                  [false, ...(flip ? [true] : [])].map(mirrored =>
                    byDefinition(set, example, crop, [row, column, mirrored]).join(),
                  ),
                ),
              )
              expect(possible).toContain(image.join())
            }
          }
        },
      ),
      cases(2000, 'slow'),
    )
  })

  test('are at every place equally often, and mirrored in half of the cases', () => {
    const set = numbered(1, [3, 3, 1])
    const draw = augmented(set, { crop: 1, flip: true }, [7])
    const counts = new Map<string, number>()
    for (let step = 0; step < 100; step++) {
      const images = draw(new Int32Array(90))
      for (let i = 0; i < 90; i++) {
        const image = images.subarray(9 * i, 9 * i + 9).join()
        counts.set(image, (counts.get(image) ?? 0) + 1)
      }
    }
    // 9 places, mirrored or not: 500 of each expected, with a deviation of 22.
    expect(counts.size).toBe(18)
    for (const count of counts.values()) expect(Math.abs(count - 500)).toBeLessThan(5 * 22)
  })

  test('are the set’s own with nothing to do, and leave the set as it is', () => {
    const set = numbered(4, [3, 2, 2])
    const before = set.images.slice()
    const examples = Int32Array.of(3, 0, 3)
    expect(augmented(set, { crop: 0, flip: false }, [1])(examples)).toEqual(imagesOf({ set, examples }))
    augmented(set, { crop: 1, flip: true }, [1])(examples)
    expect(set.images).toEqual(before)
  })
})

describe('minibatches', () => {
  const set = numbered(10, [4, 4, 1])
  const augment: Augmentation = { crop: 1, flip: true }

  test('have the same examples with augmentation, and the same images for the same stream', () => {
    const [plain, one, two, other] = [
      minibatches(set, 4, [1, 2]),
      minibatches(set, 4, [1, 2], () => null, augment),
      minibatches(set, 4, [1, 2], () => null, augment),
      minibatches(set, 4, [1, 3], () => null, augment),
    ]
    let different = 0
    for (let step = 0; step < 6; step++) {
      const [a, b, c] = [plain(), one(), two()]
      expect(b.examples).toEqual(a.examples)
      expect(b.labels).toEqual(a.labels)
      expect(imagesOf(b)).toEqual(imagesOf(c))
      expect(imagesOf(b)).not.toEqual(imagesOf(a))
      different += imagesOf(other()).every((x, i) => x === imagesOf(b)[i]) ? 0 : 1
    }
    expect(different).toBe(6)
  })

  test('of the whole set, and those without augmentation, are plain and copy nothing', () => {
    for (const batchSize of [null, 10, 11])
      expect(imagesOf(minibatches(set, batchSize, [1], () => null, augment)()).buffer).toBe(set.images.buffer)
    for (const off of [null, {}, { crop: 0 }, { flip: false }])
      expect(minibatches(set, 4, [1], () => null, off)()).not.toHaveProperty('images')
  })
})

describe('the lower level', () => {
  const solver = { augment: { crop: 2, flip: true }, epochs: 4 }
  const both = [{}, solver].map(more =>
    problem({ hyperparameters: { per: 'model' }, solver: { epochs: 4, ...more } }),
  )
  const [plain, changed] = both as [Problem, Problem]

  const ask = async (of: Problem, questions: ReadonlyArray<Question>, backend = wasm): Promise<string> => {
    const interpreter = right(networkInterpreter(backend, of))
    const found = []
    for (const question of questions) found.push(await run(interpreter.answer(question)))
    interpreter.dispose()
    return JSON.stringify(found)
  }
  const descent = (rest: Partial<DescendWeights>): DescendWeights => ({
    _tag: 'DescendWeights',
    id: 0,
    lambda: [0],
    from: 'initial',
    upperCoefficient: 0,
    lowerCoefficient: 1,
    steps: 6,
    batchSize: 8,
    stepScale: 1,
    stream: 3,
    ...rest,
  })
  const solving = { _tag: 'SolveLowerLevel', id: 0, lambda: [0], from: 'initial' } as const
  const refitting = { _tag: 'Refit', id: 0, lambda: [0], tolerance: 1e-9, maxEpochs: 5 } as const

  test('alone is augmented: the training set, and both sets in a refit, but not the validation loss', () => {
    const { train, validation } = changed.splits
    expect(lossesAt(changed, [0]).lower.augment).toEqual(solver.augment)
    expect(lossesAt(changed, [0]).upper).not.toHaveProperty('augment')
    expect(lossesAt(plain, [0]).lower).not.toHaveProperty('augment')
    expect(lowerOn(changed, joined(train, validation), [0]).augment).toEqual(solver.augment)
  })

  test('trains on augmented minibatches, in solves, descents and refits', async () => {
    for (const question of [descent({}), { ...solving, tolerance: 1e-9, maxEpochs: 5 }, refitting] as const) {
      const found = await ask(changed, [question])
      expect(found).not.toBe(await ask(plain, [question]))
      expect(found).toBe(await ask(changed, [question]))
    }
  })

  test('is plain in full-batch descents, polishing, evaluation and the steps on the validation loss', async () => {
    for (const question of [
      descent({ batchSize: null }),
      descent({ upperCoefficient: 1, lowerCoefficient: 0 }),
      descent({ steps: 0 }),
      // Less than an epoch for minibatches, so that all of the solve is polishing.
      { ...solving, tolerance: 1e-9, maxEpochs: 1 },
      { _tag: 'EvaluateLosses', id: 0, lambda: [0], weights: 'initial' },
    ] as const)
      expect(await ask(changed, [question])).toBe(await ask(plain, [question]))
  })

  test('has the same minibatches in both paths of a pair', async () => {
    // With F's coefficient 0 and a second λ equal to the first, the paths of one stream are one path.
    const pair = await ask(changed, [descent({ id: 0 }), descent({ id: 1 })])
    const [first, second] = JSON.parse(pair) as ReadonlyArray<Record<string, unknown>>
    expect({ ...second, id: 0, weights: first!['weights'] }).toEqual(first)
    expect(await ask(changed, [descent({ stream: 4 })])).not.toBe(await ask(changed, [descent({})]))
  })

  test.each(backends.map(backend => ({ name: backend.name, backend })))(
    'has the same augmented images on $name, whether its weights are of dense layers or of filters',
    async ({ backend }) => {
      for (const options of [
        { network: { kind: 'mlp', hidden: [6] } },
        { network: { kind: 'lenet' }, shape: [12, 12, 3] as const, sizes: [12, 6, 3] as const },
      ]) {
        const instance = problem({
          ...options,
          hyperparameters: { per: 'model' },
          solver: { augment: { crop: 2, flip: true } },
        })
        const losses = async (of: typeof backend) => {
          const [found] = JSON.parse(await ask(instance, [descent({ steps: 2 })], of)) as ReadonlyArray<{
            lower: number
          }>
          return found!.lower
        }
        expect(await losses(backend)).toBeCloseTo(await losses(wasm), 3)
      }
    },
  )

  test('has images that are mostly dark as sparse rows, and they are the same', async () => {
    // The same problem with dark images; kept rows and rows copied with each batch must agree.
    const dark = (set: ImageSet): ImageSet => ({
      ...set,
      images: set.images.map((x, i) => (i % 3 === 0 ? x : 0)),
    })
    const of = (make: (set: ImageSet) => ImageSet, shape: ImageSet['shape']): Problem => {
      const base = problem({ shape, hyperparameters: { per: 'model' }, solver: { augment: { flip: true } } })
      const { train, validation } = base.splits
      return { ...base, splits: { train: make(train), validation: make(validation), test: null } }
    }
    const shape = [6, 6, 1] as const
    const sparse = of(dark, shape)
    // A symmetric image is its own mirror image, so flips change nothing but the way that images take to the network.
    const symmetric = (set: ImageSet): ImageSet => ({
      ...dark(set),
      images: dark(set).images.map((_, i, all) => {
        const row = i - (i % 6)
        return all[row + (i % 6)]! + all[row + 5 - (i % 6)]!
      }),
    })
    const mirrored = of(symmetric, shape)
    const off = { ...mirrored, solver: right(SolverConfig.decode({ batchSize: 8, epochs: 20 })) }
    expect(await ask(mirrored, [descent({})])).toBe(await ask(off, [descent({})]))
    expect(await ask(sparse, [descent({})])).not.toBe(
      await ask({ ...sparse, solver: off.solver }, [descent({})]),
    )
  })
})

describe('an augmentation', () => {
  test('is decoded, and refused with unknown or wrong fields', () => {
    expect(right(decode(SolverConfig)({ augment: { crop: 4, flip: true } })).augment).toEqual({
      crop: 4,
      flip: true,
    })
    expect(right(decode(SolverConfig)({}))).not.toHaveProperty('augment')
    expect(left(decode(SolverConfig)({ augment: { crops: 4 } }))).toContain(
      '`augment.crops` is not known. Did you mean "crop"? Known fields here: crop, flip',
    )
    for (const augment of [{ crop: -1 }, { crop: 1.5 }, { crop: '4' }, { flip: 1 }, true, [4]])
      expect(left(decode(SolverConfig)({ augment }))).toContain('`augment')
  })

  test('is refused for what is no image, and for crops that may leave nothing of it', () => {
    const { network, splits, ...rest } = problem({ shape: [6, 4, 1] })
    const having = (augment: Augmentation) =>
      checked({ ...rest, network, splits, solver: { ...rest.solver, augment } })
    expect(right(having({ crop: 3, flip: true })).network).toBe(network)
    expect(left(having({ crop: 4 })).message).toBe(
      '`solver.augment.crop` is 4, but the images of the data are 6×4 pixels. Give less than 4, so that a part of every ' +
        'image is left.',
    )
    expect(unsuited({ flip: true }, [1, 24, 1])).toContain('are 1×24 numbers, not images')
    expect(unsuited({ crop: 1 }, [24, 1, 3])).toContain('are 24×1 numbers, not images')
    for (const off of [undefined, {}, { crop: 0, flip: false }]) expect(unsuited(off, [1, 24, 1])).toBeNull()
    expect(blobs(2, [1, 4, 1], 2, 1).shape).toEqual([1, 4, 1])
  })
})
