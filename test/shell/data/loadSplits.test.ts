import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeField } from '../../../src/core/codec/Codec.js'
import { DataConfig } from '../../../src/shell/data/DataConfig.js'
import { encodeImages, encodeLabels } from '../../../src/shell/data/formats/idx.js'
import type { ImageSet, Splits } from '../../../src/shell/data/set/ImageSet.js'
import * as PixelScale from '../../../src/shell/data/set/PixelScale.js'
import type { RawSet } from '../../../src/shell/data/set/RawSet.js'
import { loadSplits } from '../../../src/shell/data/loadSplits.js'
import type { ShellError } from '../../../src/shell/base/ShellError.js'
import type { RecordedRun } from '../../../src/shell/record/RecordedRun.js'
import { describeData } from '../../../src/shell/run/describeData.js'
import { sameData } from '../../../src/shell/run/sameCircumstances.js'
import type { Problem } from '../../../src/shell/train/Problem.js'
import { cases } from '../../support/cases.js'
import { left, messageOf, npyFile, npzFile, npzFolder, put, right, scratch } from './Fixtures.js'

const at = scratch()

const decodeData = decodeField('data')(DataConfig)

const load = (config: unknown, baseFolder: string, seed = 1): Promise<E.Either<ShellError, Splits>> =>
  pipe(right(decodeData(config)), decoded => loadSplits(decoded, { seed, baseFolder })())

/** A set in which the first pixel of every image is its index. */
const indices = ({ images, labels }: ImageSet): ReadonlyArray<number> =>
  [...labels].map((_, i) => Math.round(images[i * 4]! * 255))

const idxFolder = async (): Promise<string> => {
  const folder = await at('idx')
  const pool = (count: number): Uint8Array =>
    encodeImages({
      count,
      height: 2,
      width: 2,
      pixels: Uint8Array.from({ length: 4 * count }, (_, i) => Math.floor(i / 4)),
    })
  const labels = (count: number): Uint8Array =>
    encodeLabels(Uint8Array.from({ length: count }, (_, i) => i % 10))
  await put(join(folder, 'images'), pool(100))
  await put(join(folder, 'labels'), labels(100))
  await put(join(folder, 'test-images'), pool(7))
  await put(join(folder, 'test-labels'), labels(7))
  return folder
}
const idx = { source: 'idx', images: 'images', labels: 'labels', train: 30, validation: 20 }

describe('DataConfig', () => {
  it.each([
    { source: 'mnist', train: 600, validation: 400 },
    { source: 'mnist', train: 600, validation: 400, folder: 'mnist' },
    { source: 'fashion-mnist', train: 600, validation: 400 },
    { source: 'fashion-mnist', train: 600, validation: 400, folder: 'fashion' },
    { source: 'cifar10', train: 1200, validation: 800 },
    { source: 'cifar10', train: 1200, validation: 800, folder: 'cifar-10-batches-bin' },
    { source: 'npz', train: 'a.npz', validation: 'b.npz' },
    { source: 'npz', train: 'a.npz', validation: 'b.npz', test: null },
    { source: 'npz', train: 'a.npz', validation: 'b.npz', test: 'mnist', classes: 26 },
    { ...idx, testImages: 'c', testLabels: 'd' },
    { ...idx, labelNoise: 0.5 },
    { ...idx, scale: 16 },
    { source: 'npz', train: 'a.npz', validation: 'b.npz', scale: 1 },
    { source: 'mnist', train: 600, validation: 400, labelNoise: 1 },
    { source: 'cifar10', train: 1200, validation: 800, standardise: 'channel' },
    { ...idx, standardise: 'feature' },
    { source: 'npz', train: 'a.npz', validation: 'b.npz', standardise: false },
  ])('accepts $source (%#)', config => {
    expect(decodeData(config)).toEqual(E.right(config))
    expect(DataConfig.encode(right(decodeData(config)))).toEqual(config)
  })

  it.each([
    [
      { source: 'mnist', trian: 600, validation: 400 },
      '`data.trian` is not known. Did you mean "train"? Known fields here: source, train, validation, folder, labelNoise, standardise',
    ],
    [
      { source: 'npz', train: 'a', validation: 'b', folder: 'c' },
      '`data.folder` is not known. Known fields here: source, train, validation, test, classes, scale, labelNoise, standardise',
    ],
    [
      { source: 'mnst', train: 1, validation: 1 },
      '`data.source` must be one of "mnist", "fashion-mnist", "cifar10", "npz", "idx", but is "mnst". Did you mean "mnist"?',
    ],
    [
      { train: 1, validation: 1 },
      '`data.source` is missing; it must be one of "mnist", "fashion-mnist", "cifar10", "npz", "idx"',
    ],
    [{ source: 'mnist', validation: 1 }, '`data.train` is missing; it must be an integer ≥ 1'],
    [{ source: 'mnist', train: 0, validation: 1 }, '`data.train` must be an integer ≥ 1, but is 0'],
    [{ source: 'mnist', train: NaN, validation: 1 }, '`data.train` must be an integer ≥ 1, but is NaN'],
    [{ source: 'mnist', train: 1, validation: 1, folder: '' }, '`data.folder` must be a path, but is ""'],
    [{ source: 'npz', train: 1, validation: 'b' }, '`data.train` must be a path, but is 1'],
    [
      { source: 'npz', train: 'a', validation: 'b', test: 3 },
      '`data.test` must be a path, "mnist" or null, but is 3',
    ],
    [{ ...idx, scale: 0 }, '`data.scale` must be a number in (0, 4294967296], such as 1 or 255, but is 0'],
    [{ ...idx, standardise: true }, '`data.standardise` must be "channel", "feature" or false, but is true'],
    [{ ...idx, classes: 257 }, '`data.classes` must be an integer in 1…256, but is 257'],
    [
      'mnist',
      '`data` must be an object such as `{"source": "mnist", "train": 600, "validation": 400}`, but is "mnist"',
    ],
  ])('refuses %j', (config, message) => {
    expect(left(decodeData(config))).toBe(message)
  })
})

describe('loadSplits from IDX files', () => {
  it('draws disjoint, balanced sets by seed, and keeps the test set unchanged', async () => {
    const folder = await idxFolder()
    const splits = right(await load({ ...idx, testImages: 'test-images', testLabels: 'test-labels' }, folder))
    const train = indices(splits.train)
    const validation = indices(splits.validation)
    expect(new Set([...train, ...validation]).size).toBe(50)
    expect(train.map(i => i % 10)).toEqual([...splits.train.labels])
    expect(splits.test && indices(splits.test)).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(right(await load(idx, folder)).train).toEqual(splits.train)
    expect(right(await load(idx, folder)).test).toBeNull()
    expect(indices(right(await load(idx, folder, 2)).train)).not.toEqual(train)
  })

  it('says what is wrong, where, and what to do', async () => {
    const folder = await idxFolder()
    expect(messageOf('BadInput', await load({ ...idx, images: 'nowhere' }, folder))).toBe(
      `The file "${join(folder, 'nowhere')}", the IDX file of images, cannot be used: there is no such file. ` +
        "Correct the file or the configuration's field `data.images`.",
    )
    expect(messageOf('BadInput', await load({ ...idx, images: '.' }, folder))).toContain('it is a folder')
    expect(messageOf('BadInput', await load({ ...idx, images: 'labels/x' }, folder))).toContain(
      'is a file, not a folder',
    )
    expect(messageOf('BadInput', await load({ ...idx, labels: 'images' }, folder))).toContain(
      'not an IDX file of labels',
    )
    expect(messageOf('BadInput', await load({ ...idx, images: 'a\0b' }, folder))).toContain(
      'not a valid file name',
    )
    expect(messageOf('BadInput', await load({ ...idx, train: 90 }, folder))).toContain(
      '90 training and 20 validation images are 110 together, but the source has only 100',
    )
    expect(messageOf('BadInput', await load({ ...idx, testImages: 'test-images' }, folder))).toContain(
      'has `testImages` but no `testLabels`',
    )
    expect(messageOf('BadInput', await load({ ...idx, classes: 9 }, folder))).toContain('is 9, outside 0…8')
  })
})

describe('standardised pixels', () => {
  const files = { ...idx, testImages: 'test-images', testLabels: 'test-labels' }

  it('are those of the plain sets minus the mean of the training set, divided by its deviation', async () => {
    const folder = await idxFolder()
    const plain = right(await load(files, folder))
    expect(plain.standardisation).toBeUndefined()
    for (const standardise of ['channel', 'feature'] as const) {
      const { standardisation, ...splits } = right(await load({ ...files, standardise }, folder))
      const drawn = indices(plain.train).map(index => index / 255)
      const mean = drawn.reduce((sum, x) => sum + x, 0) / 30
      const deviation = Math.sqrt(drawn.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 30)
      // Every pixel of an image is its index, so channel and features have the same numbers.
      for (const found of standardisation!.means) expect(found).toBeCloseTo(mean, 6)
      for (const found of standardisation!.deviations) expect(found).toBeCloseTo(deviation, 6)
      expect(standardisation!.means).toHaveLength(standardise === 'channel' ? 1 : 4)
      for (const name of ['train', 'validation', 'test'] as const)
        for (const [i, x] of splits[name]!.images.entries())
          expect(x).toBeCloseTo((plain[name]!.images[i]! - mean) / deviation, 4)
      expect(splits.reading).toEqual(plain.reading)
    }
    expect(right(await load({ ...files, standardise: false }, folder))).toEqual(plain)
  })

  it('have the numbers of the images that the seed draws, and not of their labels', async () => {
    const folder = await idxFolder()
    const of = async (seed: number, more: object = {}) =>
      right(await load({ ...files, standardise: 'channel', ...more }, folder, seed))
    const [one, two, noisy] = [await of(1), await of(2), await of(1, { labelNoise: 0.5 })]
    expect(two.standardisation).not.toEqual(one.standardisation)
    expect(noisy.standardisation).toEqual(one.standardisation)
    expect(noisy.train.images).toEqual(one.train.images)
    expect(noisy.train.labels).not.toEqual(one.train.labels)
    expect(noisy.train.truth).toEqual(one.train.labels)
  })

  it('are refused before they are standardised, as plain ones are', async () => {
    const folder = await idxFolder()
    expect(
      messageOf('BadInput', await load({ ...files, scale: 50, standardise: 'channel' }, folder)),
    ).toContain('above `data.scale`, which is 50')
  })

  it('are in the header of a log, and a resumed run compares them', async () => {
    const folder = await idxFolder()
    const splits = right(await load({ ...files, standardise: 'channel' }, folder))
    const plain = right(await load(files, folder))
    const { standardised, ...data } = describeData(splits)
    expect(standardised).toMatchObject({ per: 'channel', means: [...splits.standardisation!.means] })
    expect(describeData(plain)).toEqual({ ...data, fingerprint: describeData(plain).fingerprint })
    expect(data.fingerprint).not.toBe(describeData(plain).fingerprint)
    const header = JSON.parse(JSON.stringify({ data: describeData(splits) })) as RecordedRun['header']
    const same = sameData({ path: 'a log', header } as RecordedRun)
    expect(E.isRight(same({ splits } as Problem))).toBe(true)
    expect(messageOf('BadInput', same({ splits: plain } as Problem))).toContain('The data has changed')
  })
})

describe('loadSplits from NPZ files', () => {
  const paper = {
    source: 'npz',
    train: 'train_dataset_1k_60.npz',
    validation: 'validation_dataset_1k_40.npz',
  }

  it('reads the 600/400 split of the paper, with or without MNIST’s test set', async () => {
    const splits = right(await load({ ...paper, test: 'mnist' }, npzFolder))
    expect([splits.train, splits.validation, splits.test].map(set => set?.labels.length)).toEqual([
      600, 400, 10_000,
    ])
    expect(right(await load(paper, npzFolder)).test).toBeNull()
  })

  it('has the hash that the header of an old log has, which knows no scale', async () => {
    const log = await readFile(
      fileURLToPath(new URL('../../data/logs/v1/numerics-1/d1/run.jsonl', import.meta.url)),
      'utf8',
    )
    const header: unknown = JSON.parse(log.split('\n')[0]!)
    const { scale, ...data } = describeData(right(await load(paper, npzFolder)))
    expect(scale).toBe(255)
    expect(header).toMatchObject({ data })
    const run = { path: 'old', header: { data } } as RecordedRun
    const splits = right(await load(paper, npzFolder))
    expect(E.isRight(sameData(run)({ splits } as Problem))).toBe(true)
    const other = { path: 'old', header: { data: { ...data, scale: 1 } } } as RecordedRun
    expect(messageOf('BadInput', sameData(other)({ splits } as Problem))).toContain('The data has changed')
  })

  it('reads a separate test set', async () => {
    const splits = right(await load({ ...paper, test: paper.train }, npzFolder))
    // Compared at once; element by element takes seconds.
    expect(Buffer.from(splits.test!.images.buffer).equals(Buffer.from(splits.train.images.buffer))).toBe(true)
    expect({ ...splits.test, images: null }).toEqual({ ...splits.train, images: null })
  })

  it('refuses sets of different shapes, and unusable files', async () => {
    const small = await put(
      await at('small.npz'),
      npzFile(npyFile('|u1', [1, 2, 2], Uint8Array.of(1, 2, 3, 4)), npyFile('|u1', [1], Uint8Array.of(3))),
    )
    expect(messageOf('BadInput', await load({ ...paper, validation: small }, npzFolder))).toContain(
      'the training images are 28×28×1 in 10 classes (height×width×channels), the validation images 2×2×1 in 10 classes',
    )
    expect(messageOf('BadInput', await load({ ...paper, test: small }, npzFolder))).toContain(
      'the test images 2×2×1',
    )
    expect(messageOf('BadInput', await load({ ...paper, train: 'README.md' }, npzFolder))).toContain(
      'not a readable NPZ',
    )
    expect(messageOf('BadInput', await load({ ...paper, classes: 5 }, npzFolder))).toContain(
      'integers in 0…4',
    )
  })
})

describe('the scale of pixels', () => {
  /** Writes a set of 2×2 images whose pixels are given by their place, and returns its path. */
  const set = async (name: string, descr: string, data: Float32Array | Uint8Array): Promise<string> =>
    put(
      await at(`${name}.npz`),
      npzFile(
        npyFile(descr, [data.length / 4, 2, 2], data),
        npyFile('|u1', [data.length / 4], new Uint8Array(data.length / 4)),
      ),
    )
  const folder = fileURLToPath(new URL('../../data/npz', import.meta.url))
  const scaleOf = async (sets: object): Promise<number | undefined> =>
    right(await load({ source: 'npz', ...sets }, '.')).reading?.scale

  it('is decided once: a pixel of 1.0000001 changes one pixel, and nothing else', async () => {
    const splits = async (validation: string): Promise<Splits> =>
      right(await load({ source: 'npz', train: 'unit.npz', validation }, folder))
    const over = right(await load({ source: 'npz', train: 'u_va.npz', validation: 'u_va_over.npz' }, folder))
    expect(over.reading?.scale).toBe(1)
    expect(over.validation.images[0]).toBe(1)
    expect([...over.validation.images.subarray(1)]).toEqual([...over.train.images.subarray(1)])
    expect((await splits('over.npz')).reading?.scale).toBe(1)
  })

  it('is 1 where no pixel of any set is above 1, and 255 where a byte of any set is', async () => {
    const dark = await set('dark', '|u1', Uint8Array.of(0, 1, 1, 0))
    const bright = await set('bright', '|u1', Uint8Array.of(0, 1, 255, 0))
    const unit = await set('unit', '<f4', Float32Array.of(0, 0.5, 1, 0))
    const bytes = await set('bytes', '<f4', Float32Array.of(0, 1, 255, 0))
    expect(await scaleOf({ train: unit, validation: unit })).toBe(1)
    expect(await scaleOf({ train: dark, validation: dark, test: unit })).toBe(1)
    expect(await scaleOf({ train: dark, validation: bright })).toBe(255)
    expect(await scaleOf({ train: bright, validation: dark, test: bytes })).toBe(255)
    const mixed = right(await load({ source: 'npz', train: dark, validation: bright }, '.'))
    expect([...mixed.train.images]).toEqual([0, Math.fround(1 / 255), Math.fround(1 / 255), 0])
  })

  it('is stated, or refused, where it is not clear', async () => {
    const unit = await set('unit', '<f4', Float32Array.of(0, 0.5, 1, 0))
    const bytes = await set('bytes', '|u1', Uint8Array.of(0, 1, 255, 0))
    const bright = await set('filtered', '<f4', Float32Array.of(0, 0.5, 1.02, 0))
    const deep = await set('deep', '<f4', Float32Array.of(0, 16, 4095, 0))
    const digits = await set('digits', '|u1', Uint8Array.of(0, 4, 16, 0))
    const standard = await set('standard', '<f4', Float32Array.of(-1, 0, 1, 0))
    const refusal = async (sets: object): Promise<string> =>
      messageOf('BadInput', await load({ source: 'npz', ...sets }, '.'))
    expect(await refusal({ train: bytes, validation: unit })).toBe(
      'The pixels of the data cannot be scaled: the pixels of the validation set are in 0…1 (float32), those of the training ' +
        'set in 0…255 (uint8), so it is not clear that they have one scale. Save all sets alike. If they are alike: state ' +
        'what white is in the field `data.scale`, for example 1 for images in [0, 1] or 255 for images in 0…255. ' +
        'docs/data.md has the rules for `data.scale`.',
    )
    expect(await scaleOf({ train: bytes, validation: unit, scale: 255 })).toBe(255)
    expect(await refusal({ train: bright, validation: unit })).toContain('so it is not clear')
    expect(await refusal({ train: bright, validation: bright })).toContain(
      'the largest pixel is 1.0199999809265137, x[0, 1, 0] of the training set, so the range is neither [0, 1] nor 0…255',
    )
    expect(await refusal({ train: deep, validation: deep })).toContain(
      'in the training set x[0, 1, 0] is 4095, above 255. State what white is',
    )
    expect(await scaleOf({ train: deep, validation: deep, scale: 4095 })).toBe(4095)
    expect(await refusal({ train: unit, validation: deep, scale: 255 })).toContain(
      'in the validation set x[0, 1, 0] is 4095, above `data.scale`, which is 255',
    )
    expect(await refusal({ train: standard, validation: standard })).toContain('must not be negative')
    const read = right(await load({ source: 'npz', train: digits, validation: digits, scale: 16 }, '.'))
    expect([...read.train.images]).toEqual([0, 0.25, 1, 0])
  })

  it('may be stated for IDX files', async () => {
    const base = await idxFolder()
    expect(right(await load(idx, base)).reading?.scale).toBe(255)
    const read = right(await load({ ...idx, scale: 100 }, base))
    const plain = right(await load(idx, base))
    expect(read.train.images[0]).toBeCloseTo(plain.train.images[0]! * 2.55, 6)
    expect(messageOf('BadInput', await load({ ...idx, scale: 50 }, base))).toContain(
      'a pixel of image 51 of the training set is 51, above `data.scale`, which is 50',
    )
  })

  it('is the same for every set, in any order, and leaves every pixel in [0, 1]', () => {
    const pixels = fc.array(
      fc.oneof(fc.integer({ min: 0, max: 255 }), fc.double({ min: 0, max: 1.0001, noNaN: true })),
      {
        minLength: 4,
        maxLength: 4,
      },
    )
    const named = (
      values: ReadonlyArray<number>,
      name: string,
    ): PixelScale.NamedPixels & { readonly set: RawSet } => {
      const range = (value: number) => ({ value, place: 'x[0]' })
      const read = {
        values: Float64Array.from(values),
        type: values.every(Number.isInteger) ? ('whole' as const) : ('float' as const),
        typeName: 'any',
        lowest: range(Math.min(...values)),
        highest: range(Math.max(...values)),
      }
      return {
        name,
        pixels: read,
        set: { pixels: read, labels: Uint8Array.of(0), shape: [2, 2, 1], classes: 2, notes: [] },
      }
    }
    fc.assert(
      fc.property(fc.array(pixels, { minLength: 1, maxLength: 3 }), contents => {
        const sets = contents.map((values, i) => named(values, `set ${i}`))
        const scale = PixelScale.decide(undefined)(sets)
        const turned = PixelScale.decide(undefined)([...sets].reverse())
        expect(E.isRight(turned)).toBe(E.isRight(scale))
        if (E.isLeft(scale)) return
        expect(turned).toEqual(scale)
        expect([1, 255]).toContain(scale.right)
        for (const { set } of sets) {
          const { images } = PixelScale.scaled(scale.right)(set)
          for (const [i, pixel] of images.entries()) {
            expect(pixel).toBeGreaterThanOrEqual(0)
            expect(pixel).toBeLessThanOrEqual(1)
            expect(Math.abs(pixel - set.pixels.values[i]! / scale.right)).toBeLessThanOrEqual(
              2 * PixelScale.tolerance,
            )
          }
        }
      }),
      cases(20_000, 'quick'),
    )
  })
})

describe('the channels of an NPZ file', () => {
  const read = async (
    shape: ReadonlyArray<number>,
  ): Promise<readonly [unknown, ReadonlyArray<string> | undefined]> => {
    const values = Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i + 1)
    const path = await put(
      await at('channels.npz'),
      npzFile(npyFile('|u1', shape, values), npyFile('|u1', [shape[0]!], new Uint8Array(shape[0]!))),
    )
    const { train, reading } = right(
      await load({ source: 'npz', train: path, validation: path, scale: 255 }, '.'),
    )
    return [train.shape, reading?.notes]
  }

  it('are said where they might come first or last', async () => {
    expect(await read([2, 1, 6, 8])).toEqual([
      [6, 8, 1],
      Array(2).fill(
        'The array `x` of shape (2, 1, 6, 8) is read as N×channels×height×width, images of 6×8×1 (height×width×channels).',
      ),
    ])
    expect(await read([2, 1, 4, 4])).toEqual([
      [1, 4, 4],
      Array(2).fill(
        'The array `x` of shape (2, 1, 4, 4) is read as N×height×width×channels, images of 1×4×4 ' +
          '(height×width×channels). If its channels come first, save it as numpy.moveaxis(x, 1, -1).',
      ),
    ])
    expect(await read([2, 6, 8, 1])).toEqual([[6, 8, 1], []])
    expect(await read([2, 5, 4, 3])).toEqual([[5, 4, 3], []])
    expect(await read([2, 1, 8, 1])).toEqual([[1, 8, 1], []])
    expect(await read([2, 5, 4, 6])).toEqual([[5, 4, 6], []])
  })
})
