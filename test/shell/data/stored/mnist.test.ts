import { copyFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { cacheFolder } from '../../../../src/shell/data/stored/cache.js'
import { encodeImages, encodeLabels } from '../../../../src/shell/data/formats/idx.js'
import { loadSplits } from '../../../../src/shell/data/loadSplits.js'
import { fetchMnist, loadMnist, mnistFolder } from '../../../../src/shell/data/stored/mnist.js'
import type { DataProgress } from '../../../../src/shell/data/stored/DataProgress.js'
import { deep } from '../../../support/cases.js'
import { histogram, messageOf, put, right, scratch } from '../Fixtures.js'

const at = scratch()

const mean = (pixels: Uint8Array): number => {
  let total = 0
  for (const pixel of pixels) total += pixel
  return total / pixels.length / 255
}

describe('MNIST itself, downloaded or cached', () => {
  it('has the known counts, shapes, label histograms and pixel mean', async () => {
    const train = right(await loadMnist('train')())
    const test = right(await loadMnist('test')())
    expect([train.labels.length, test.labels.length]).toEqual([60_000, 10_000])
    expect([train.shape, test.shape]).toEqual([
      [28, 28, 1],
      [28, 28, 1],
    ])
    expect(histogram(train.labels)).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    expect(histogram(test.labels)).toEqual([980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009])
    expect(mean(train.pixels)).toBeCloseTo(0.1307, 4)
    expect(mean(test.pixels)).toBeCloseTo(0.1325, 4)
  })

  it('is split and loaded from the cache', async () => {
    right(await fetchMnist()())
    const config = { source: 'mnist', train: 600, validation: 400 } as const
    const { train, validation, test } = right(await loadSplits(config, { seed: 1, baseFolder: '.' })())
    expect(histogram(train.labels)).toEqual(Array.from({ length: 10 }, () => 60))
    expect(histogram(validation.labels)).toEqual(Array.from({ length: 10 }, () => 40))
    expect(test?.images.length).toBe(10_000 * 784)
    expect(train.images.every(pixel => pixel >= 0 && pixel <= 1)).toBe(true)
  })

  // It downloads all of MNIST; download.test.ts and cifar10.test.ts do the same with small packages.
  it.runIf(deep)('replaces a damaged file in the cache', async () => {
    right(await fetchMnist()())
    const cache = await at('damaged')
    const folder = mnistFolder(cache)
    await put(join(folder, 't10k-images-idx3-ubyte'), new Uint8Array(7_840_016))
    await copyFile(
      join(mnistFolder(cacheFolder()), 't10k-labels-idx1-ubyte'),
      join(folder, 't10k-labels-idx1-ubyte'),
    )
    const seen: DataProgress[] = []
    const test = right(await loadMnist('test', { cache, onProgress: p => seen.push(p) })())
    expect(mean(test.pixels)).toBeCloseTo(0.1325, 4)
    expect(seen[0]).toMatchObject({ _tag: 'Replacing', problem: 'its SHA-256 is not the expected one' })
    expect((await readdir(folder)).length).toBe(4)
  })
})

describe('MNIST from a folder', () => {
  const images = encodeImages({
    count: 3,
    height: 2,
    width: 2,
    pixels: Uint8Array.from({ length: 12 }, (_, i) => i),
  })
  const labels = encodeLabels(Uint8Array.of(1, 2, 3))

  it.each([
    ['dashes', 'train-images-idx3-ubyte', 'train-labels-idx1-ubyte', false],
    ['dots', 'train-images.idx3-ubyte', 'train-labels.idx1-ubyte', false],
    ['dashes, packed', 'train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz', true],
    ['dots, packed', 'train-images.idx3-ubyte.gz', 'train-labels.idx1-ubyte.gz', true],
  ])('finds names with %s', async (name, imageFile, labelFile, packed) => {
    const folder = await at(name)
    const shut = (bytes: Uint8Array): Uint8Array => (packed ? gzipSync(bytes) : bytes)
    await put(join(folder, imageFile), shut(images))
    await put(join(folder, labelFile), shut(labels))
    const pool = right(await loadMnist('train', { folder })())
    expect({ labels: [...pool.labels], shape: pool.shape }).toEqual({ labels: [1, 2, 3], shape: [2, 2, 1] })
    expect(messageOf('BadInput', await loadMnist('test', { folder })())).toContain(
      'it must be called t10k-images-idx3-ubyte,',
    )
  })

  it.each([
    [
      'truncated images',
      images.subarray(0, 20),
      labels,
      'it is truncated: its header states 3×2×2 values, so it must have 28 bytes, but it has 20',
    ],
    ['a damaged gzip file', gzipSync(images).subarray(0, 20), labels, 'damaged gzip file'],
    [
      'a label out of range',
      images,
      encodeLabels(Uint8Array.of(1, 2, 77)),
      'label 2 (counted from 0) is 77, outside 0…9',
    ],
    [
      'another number of labels',
      images,
      encodeLabels(Uint8Array.of(1, 2)),
      'there are 3 images, but 2 labels',
    ],
    ['an empty file', new Uint8Array(), labels, 'the file has 0'],
  ])('refuses %s, and names the file and what to do', async (name, imageBytes, labelBytes, problem) => {
    const folder = await at(name)
    await put(join(folder, 'train-images-idx3-ubyte'), imageBytes)
    await put(join(folder, 'train-labels-idx1-ubyte'), labelBytes)
    const message = messageOf('BadInput', await loadMnist('train', { folder })())
    expect(message).toContain(problem)
    expect(message).toContain(`The file "${folder}`)
    expect(message).toContain('Put the four original IDX files into')
  })
})
