import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeImages,
  decodeLabels,
  encodeImages,
  encodeLabels,
} from '../../../../src/shell/data/formats/idx.js'
import { left } from '../Fixtures.js'

const images = fc
  .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 6 }))
  .chain(([count, height, width]) =>
    fc
      .uint8Array({ minLength: count * height * width, maxLength: count * height * width })
      .map(pixels => ({ count, height, width, pixels })),
  )
const labels = fc.uint8Array({ minLength: 1, maxLength: 40, max: 9 })

describe('IDX', () => {
  it('reads what was written', () => {
    fc.assert(
      fc.property(images, labels, (some, others) => {
        expect(decodeImages(encodeImages(some))).toEqual(E.right(some))
        expect(decodeLabels(10)(encodeLabels(others))).toEqual(E.right(others))
      }),
    )
  })

  it('reads from the middle of a buffer', () => {
    const bytes = encodeLabels(Uint8Array.of(3, 1, 4))
    const inside = Uint8Array.of(9, 9, 9, ...bytes, 9).subarray(3, 3 + bytes.length)
    expect(decodeLabels(10)(inside)).toEqual(E.right(Uint8Array.of(3, 1, 4)))
  })

  it('refuses a file truncated at any place, and states the expected and found number of bytes', () => {
    fc.assert(
      fc.property(images, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (some, share) => {
        const whole = encodeImages(some)
        const cut = whole.subarray(0, Math.floor(share * whole.length))
        const message = left(decodeImages(cut))
        expect(message).toContain('truncated')
        expect(message).toContain(`has ${cut.length}`)
        expect(message).toContain(cut.length < 16 ? 'has 16 bytes' : `must have ${whole.length} bytes`)
      }),
    )
  })

  it('refuses a file with bytes after its end', () => {
    expect(left(decodeLabels(10)(Uint8Array.of(...encodeLabels(Uint8Array.of(1, 2)), 0)))).toBe(
      'it is too long: its header states 2 values, so it must have 10 bytes, but it has 11',
    )
  })

  it('refuses files with another magic number', () => {
    expect(left(decodeImages(encodeLabels(new Uint8Array(20))))).toContain(
      'magic number is 0x00000801, not 0x00000803',
    )
    expect(
      left(decodeLabels(10)(encodeImages({ count: 1, height: 1, width: 1, pixels: Uint8Array.of(1) }))),
    ).toContain('not an IDX file of labels')
    // Floats in three dimensions.
    expect(left(decodeImages(Uint8Array.of(0, 0, 0x0d, 3, ...new Uint8Array(12))))).toContain('0x00000d03')
  })

  it('refuses huge sizes before it allocates anything', () => {
    const huge = Uint8Array.of(0, 0, 8, 3, ...new Uint8Array(12).fill(255))
    expect(left(decodeImages(huge))).toContain('more than the limit of 268,435,456')
    expect(left(decodeImages(Uint8Array.of(0, 0, 8, 3, ...new Uint8Array(12))))).toContain('has no images')
  })

  it('refuses a label out of range, and states its index', () => {
    expect(left(decodeLabels(10)(encodeLabels(Uint8Array.of(0, 9, 10, 3))))).toBe(
      'label 2 (counted from 0) is 10, outside 0…9',
    )
  })

  it('never throws, for any bytes', () => {
    const magic = fc.constantFrom(Uint8Array.of(0, 0, 8, 3), Uint8Array.of(0, 0, 8, 1), new Uint8Array())
    fc.assert(
      fc.property(magic, fc.uint8Array({ maxLength: 64 }), (start, rest) => {
        const bytes = Uint8Array.of(...start, ...rest)
        for (const result of [decodeImages(bytes), decodeLabels(10)(bytes)])
          if (E.isLeft(result)) expect(result.left).toMatch(/^(it|its|label) /)
      }),
    )
  })
})
