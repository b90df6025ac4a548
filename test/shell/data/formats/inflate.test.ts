/** Small files that unpack to gigabytes are refused before memory is spent. */
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { encodeImages, encodeLabels } from '../../../../src/shell/data/formats/idx.js'
import { readIdxPair } from '../../../../src/shell/data/formats/idxFiles.js'
import { gunzipped, type SizeOf } from '../../../../src/shell/data/formats/inflate.js'
import { messageOf, npyFile, npzFile, put, readNpz, right, scratch, left } from '../Fixtures.js'

const at = scratch()

/** Members of a gzip file follow one another: 200 of 10 MB unpack to 2 GB, and take 2 MB. */
const bomb = (first: Uint8Array): Uint8Array => {
  const member = gzipSync(new Uint8Array(10_000_000), { level: 9 })
  return Buffer.concat([gzipSync(first), ...Array.from({ length: 200 }, () => member)])
}

/** The most bytes outside the heap while something runs, above those before it. */
const peak = async (run: () => Promise<unknown>): Promise<number> => {
  const taken = (): number => {
    const { external, arrayBuffers } = process.memoryUsage()
    return Math.max(external, arrayBuffers)
  }
  const before = taken()
  let most = 0
  const watch = setInterval(() => {
    most = Math.max(most, taken() - before)
  }, 1)
  await run()
  clearInterval(watch)
  return Math.max(most, taken() - before)
}

const images = { pixels: new Uint8Array(4), count: 1, height: 2, width: 2 }

const pairOf = async (imagesFile: Uint8Array, labelsFile: Uint8Array) => {
  const input = (path: string) => ({ path, what: 'the file', advice: 'Correct it.' })
  return readIdxPair({
    images: input(await put(join(await at('bomb'), 'images.gz'), imagesFile)),
    labels: input(await put(join(await at('bomb'), 'labels.gz'), labelsFile)),
    classes: 10,
  })()
}

describe('a gzip bomb', () => {
  it.each([
    ['of zeros', new Uint8Array(), 'it is not an IDX file of images: its magic number is 0x00000000'],
    [
      'after a whole file',
      encodeImages(images),
      'it is too long: it must have 20 bytes, but unpacks to more',
    ],
    [
      'after a header of too many images',
      encodeImages({ ...images, count: 2 ** 30 }).subarray(0, 16),
      '1073741824×2×2 values, more than the limit',
    ],
  ])('%s is refused, and costs no memory', async (_, first, message) => {
    const file = bomb(first)
    expect(file.length).toBeLessThan(2_100_000)
    const used = await peak(async () => {
      expect(messageOf('BadInput', await pairOf(file, encodeLabels(Uint8Array.of(3))))).toContain(message)
    })
    // The file itself, twice, and the buffers of zlib.
    expect(used).toBeLessThan(20e6)
  })

  it('of as many images as it likes is refused by the number of labels', async () => {
    const header = encodeImages({ ...images, count: 2 ** 20, height: 16, width: 16 }).subarray(0, 16)
    const used = await peak(async () => {
      const result = await pairOf(bomb(header), encodeLabels(Uint8Array.of(3)))
      expect(messageOf('BadInput', result)).toContain('it has 1,048,576 images, but there are 1 labels')
    })
    expect(used).toBeLessThan(20e6)
  })

  it('may be a file of labels', async () => {
    const file = bomb(encodeLabels(Uint8Array.of(3)))
    const result = await pairOf(encodeImages(images), file)
    expect(messageOf('BadInput', result)).toContain('it must have 9 bytes, but unpacks to more')
  })

  it('is unpacked up to its header alone', async () => {
    let looked = 0
    const refuse: SizeOf = head => {
      looked += head.length
      return E.left('no')
    }
    expect(await gunzipped(refuse)(bomb(new Uint8Array()))).toEqual(E.left('no'))
    expect(looked).toBeLessThanOrEqual(2 ** 16)
  })

  it('in an NPZ file is refused by the number of labels, or by the size that the archive states', async () => {
    const y = npyFile('|u1', [2], Uint8Array.of(1, 2))
    const x = npyFile('|u1', [40, 500, 500], new Uint8Array(10_000_000))
    const file = npzFile(x, y, 6)
    expect(file.length).toBeLessThan(100_000)
    const used = await peak(async () => {
      expect(left(await readNpz(10)(file))).toBe('`x` has 40 images, but `y` has 2 labels')
    })
    expect(used).toBeLessThan(5e6)
    const small = npyFile('|u1', [2, 2, 2], new Uint8Array(4_000_000))
    expect(left(await readNpz(10)(npzFile(small, y, 6)))).toContain(
      'must have 136 bytes, but it has 4,000,128',
    )
  })
})

describe('gzipped files', () => {
  it('of several members, or shorter than their header says, are what they are', async () => {
    const file = encodeImages({ ...images, pixels: Uint8Array.of(1, 2, 3, 4) })
    const parts = Buffer.concat([gzipSync(file.subarray(0, 7)), gzipSync(file.subarray(7))])
    expect(Buffer.from(right(await gunzipped(() => E.right(file.length))(parts)))).toEqual(Buffer.from(file))
    const short = await pairOf(gzipSync(file.subarray(0, 18)), encodeLabels(Uint8Array.of(3)))
    expect(messageOf('BadInput', short)).toContain('it is truncated: its header states 1×2×2 values')
    const shorter = await pairOf(gzipSync(file.subarray(0, 3)), encodeLabels(Uint8Array.of(3)))
    expect(messageOf('BadInput', shorter)).toContain('it is truncated: an IDX header has 16 bytes')
    const damaged = gzipSync(file)
    damaged[damaged.length - 5]! ^= 1
    expect(messageOf('BadInput', await pairOf(damaged, encodeLabels(Uint8Array.of(3))))).toContain(
      'it is a damaged gzip file (incorrect data check)',
    )
  })
})
