import { encode } from 'fast-png'
import { describe, expect, it } from 'vitest'
import { decodeRgb } from '../../../../src/shell/data/formats/png.js'
import { left, right } from '../Fixtures.js'

const size = { width: 5, height: 3 }
const data = Uint8Array.from({ length: 45 }, (_, i) => (i * 37) % 256)
const png = encode({ ...size, data, channels: 3, depth: 8 })

/** The bytes of the image with some of them changed; the header's CRC stays. */
const changed = (at: number, ...bytes: ReadonlyArray<number>): Uint8Array => {
  const copy = Uint8Array.from(png)
  copy.set(bytes, at)
  return copy
}

describe('a PNG file', () => {
  it('survives a round trip, also within a larger buffer', () => {
    expect(right(decodeRgb(size)(png))).toEqual(data)
    const larger = Buffer.concat([Buffer.alloc(13, 1), png, Buffer.alloc(7, 2)])
    expect(right(decodeRgb(size)(larger.subarray(13, 13 + png.length)))).toEqual(data)
  })

  it.each([
    ['nothing', new Uint8Array(), 'it is truncated: a PNG header has 33 bytes, but the file has 0'],
    ['a header alone', png.subarray(0, 33), 'it is damaged'],
    ['half of its bytes', png.subarray(0, Math.floor(png.length / 2)), 'it is damaged'],
    ['no end', png.subarray(0, png.length - 12), 'it is damaged'],
    ['another signature', changed(0, 0), 'it is not a PNG file'],
    ['another first chunk', changed(12, 0x4a), 'it is not a PNG file'],
    ['a bit of the pixels flipped', changed(45, png[45]! ^ 1), 'it is damaged'],
    // 2^32 × 2^32 pixels, refused before anything is allocated.
    [
      'a huge size',
      changed(16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      'its header states 4,294,967,295×4,294,967,295 pixels, not 5×3',
    ],
    ['a header whose CRC is wrong', changed(29, 0), 'it is damaged'],
    [
      'interlacing',
      changed(28, 1),
      'it does not have 8 bits per channel in red, green and blue without interlacing',
    ],
    [
      'another size',
      encode({ width: 3, height: 5, data, channels: 3, depth: 8 }),
      'its header states 3×5 pixels, not 5×3',
    ],
    [
      'one channel',
      encode({ ...size, data: data.subarray(0, 15), channels: 1, depth: 8 }),
      'it does not have 8 bits per channel',
    ],
    [
      'sixteen bits per channel',
      encode({ ...size, data: Uint16Array.from(data), channels: 3, depth: 16 }),
      'it does not have 8 bits per channel',
    ],
  ])('is refused with %s', (_, bytes, problem) => {
    expect(left(decodeRgb(size)(bytes))).toContain(problem)
  })
})
