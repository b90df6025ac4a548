import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  debianFolder,
  fashionMnistSet,
  loadFashionMnist,
} from '../../../../src/shell/data/stored/fashionMnist.js'
import { encodeImages, encodeLabels } from '../../../../src/shell/data/formats/idx.js'
import { loadSplits } from '../../../../src/shell/data/loadSplits.js'
import { fetchSet, statusOf } from '../../../../src/shell/data/stored/StoredSet.js'
import { channelMeans, histogram, messageOf, put, right, scratch } from '../Fixtures.js'

const at = scratch()

const images = (count: number): Uint8Array =>
  encodeImages({
    count,
    height: 2,
    width: 2,
    pixels: Uint8Array.from({ length: 4 * count }, (_, i) => i % 256),
  })
const labels = (count: number): Uint8Array =>
  encodeLabels(Uint8Array.from({ length: count }, (_, i) => i % 10))

const small = async (name: string, ending: '' | '.gz'): Promise<string> => {
  const folder = await at(name)
  const shut = (bytes: Uint8Array): Uint8Array => (ending === '.gz' ? gzipSync(bytes) : bytes)
  await put(join(folder, `train-images-idx3-ubyte${ending}`), shut(images(40)))
  await put(join(folder, `train-labels-idx1-ubyte${ending}`), shut(labels(40)))
  await put(join(folder, `t10k-images-idx3-ubyte${ending}`), shut(images(10)))
  await put(join(folder, `t10k-labels-idx1-ubyte${ending}`), shut(labels(10)))
  return folder
}

describe('Fashion-MNIST from a folder', () => {
  it.each(['', '.gz'] as const)('is read from there, with names that end in "%s"', async ending => {
    const folder = await small(`in place ${ending}`, ending)
    const config = { source: 'fashion-mnist', train: 20, validation: 10, folder } as const
    const { train, validation, test } = right(await loadSplits(config, { seed: 1, baseFolder: '.' })())
    expect(histogram(train.labels)).toEqual(Array.from({ length: 10 }, () => 2))
    expect(validation.labels.length).toBe(10)
    expect(test?.images).toEqual(Float32Array.from({ length: 40 }, (_, i) => i / 255))
  })

  it('is copied into the cache only if it is Fashion-MNIST', async () => {
    const folder = await small('another set', '.gz')
    const cache = await at('cache-other')
    const message = messageOf('BadInput', await fetchSet(fashionMnistSet(folder), { cache })())
    expect(message).toContain(
      'train-images-idx3-ubyte.gz", the Fashion-MNIST training images, cannot be used',
    )
    expect(message).toContain('To use another data set of this form')
    expect(existsSync(cache)).toBe(false)
  })

  it('says how to get the files if they are missing', async () => {
    const folder = await at('nowhere')
    const message = messageOf('BadInput', await fetchSet(fashionMnistSet(folder), { cache: await at('c') })())
    expect(message).toContain('apt-get install dataset-fashion-mnist')
    expect(message).toContain('--from FOLDER')
  })
})

const cached = (await statusOf(fashionMnistSet())()).complete

describe.runIf(cached || existsSync(debianFolder))(
  'Fashion-MNIST itself, cached or from Debian’s package',
  () => {
    it('has the known counts and pixel mean', async () => {
      const train = right(await loadFashionMnist('train')())
      const test = right(await loadFashionMnist('test')())
      expect(histogram(train.labels)).toEqual(Array.from({ length: 10 }, () => 6000))
      expect(histogram(test.labels)).toEqual(Array.from({ length: 10 }, () => 1000))
      expect(channelMeans(train.pixels, 1)[0]! / 255).toBeCloseTo(0.286, 4)
      expect([...train.labels.subarray(0, 8)]).toEqual([9, 0, 0, 3, 0, 2, 7, 2])
    })
  },
)
