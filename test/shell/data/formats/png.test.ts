import { encode } from 'fast-png'
import { describe, expect, it } from 'vitest'
import { decodeRgb } from '../../../../src/shell/data/formats/png.js'
import { left, right } from '../Fixtures.js'

const size = { width: 5, height: 3 }
const data = Uint8Array.from({ length: 45 }, (_, i) => (i * 37) % 256)
const png = encode({ ...size, data, channels: 3, depth: 8 })

/** The bytes with some of them set, and the header's CRC as it was. */
const changed = (at: number, ...bytes: ReadonlyArray<number>): Uint8Array => {
  const copy = Uint8Array.from(png)
  copy.set(bytes, at)
  return copy
}

describe('a PNG file', () => {
  it('is read as it was written, also from the middle of a larger buffer', () => {
    expect(right(decodeRgb(size)(png))).toEqual(data)
    const larger = Buffer.concat([Buffer.alloc(13, 1), png, Buffer.alloc(7, 2)])
    expect(right(decodeRgb(size)(larger.subarray(13, 13 + png.length)))).toEqual(data)
  })

  it.each([
    ['nothing', new Uint8Array(), 'it is truncated: a PNG header takes 33 bytes, but it has 0'],
    ['a header alone', png.subarray(0, 33), 'it is damaged'],
    ['the half of it', png.subarray(0, Math.floor(png.length / 2)), 'it is damaged'],
    ['no end', png.subarray(0, png.length - 12), 'it is damaged'],
    ['another signature', changed(0, 0), 'it is not a PNG file'],
    ['another first chunk', changed(12, 0x4a), 'it is not a PNG file'],
    ['a bit of the pixels flipped', changed(45, png[45]! ^ 1), 'it is damaged'],
    // 4 GiB × 4 GiB of pixels, refused without an attempt to hold them.
    [
      'a huge size',
      changed(16, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      'its header announces 4,294,967,295×4,294,967,295 pixels, not 5×3',
    ],
    ['a header whose CRC is wrong', changed(29, 0), 'it is damaged'],
    ['interlacing', changed(28, 1), 'it is not of 8 bits a channel in red, green and blue, row after row'],
    [
      'another size',
      encode({ width: 3, height: 5, data, channels: 3, depth: 8 }),
      'its header announces 3×5 pixels, not 5×3',
    ],
    [
      'one channel',
      encode({ ...size, data: data.subarray(0, 15), channels: 1, depth: 8 }),
      'it is not of 8 bits a channel',
    ],
    [
      'sixteen bits a channel',
      encode({ ...size, data: Uint16Array.from(data), channels: 3, depth: 16 }),
      'it is not of 8 bits a channel',
    ],
  ])('is refused with %s', (_, bytes, problem) => {
    expect(left(decodeRgb(size)(bytes))).toContain(problem)
  })
})
