import { join } from 'node:path'
import { pipe } from 'fp-ts/lib/function.js'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { decodeField } from '../../../src/core/codec/Codec.js'
import { DataConfig } from '../../../src/shell/data/DataConfig.js'
import { encodeImages, encodeLabels } from '../../../src/shell/data/formats/idx.js'
import type { ImageSet, Splits } from '../../../src/shell/data/set/ImageSet.js'
import { loadSplits } from '../../../src/shell/data/loadSplits.js'
import type { ShellError } from '../../../src/shell/base/ShellError.js'
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
    { source: 'mnist', train: 600, validation: 400, labelNoise: 1 },
  ])('accepts $source (%#)', config => {
    expect(decodeData(config)).toEqual(E.right(config))
    expect(DataConfig.encode(right(decodeData(config)))).toEqual(config)
  })

  it.each([
    [
      { source: 'mnist', trian: 600, validation: 400 },
      '`data.trian` is not known. Did you mean "train"? Known fields here: source, train, validation, folder, labelNoise',
    ],
    [
      { source: 'npz', train: 'a', validation: 'b', folder: 'c' },
      '`data.folder` is not known. Known fields here: source, train, validation, test, classes, labelNoise',
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

  it('reads a separate test set', async () => {
    const splits = right(await load({ ...paper, test: paper.train }, npzFolder))
    expect(splits.test).toEqual(splits.train)
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
