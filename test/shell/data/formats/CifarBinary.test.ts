import * as fc from 'fast-check'
import { cases } from '../../../support/cases.js'
import { describe, expect, it } from 'vitest'
import {
  classes,
  decode,
  encode,
  imageBytes,
  recordBytes,
} from '../../../../src/shell/data/formats/CifarBinary.js'
import { left, right } from '../Fixtures.js'

/** A record in which each colour plane has one value. */
const record = (label: number, [red, green, blue]: readonly [number, number, number]): Uint8Array =>
  Uint8Array.of(
    label,
    ...Array.from({ length: 1024 }, () => red),
    ...Array.from({ length: 1024 }, () => green),
    ...Array.from({ length: 1024 }, () => blue),
  )

describe('the binary format of CIFAR-10', () => {
  it('has a label, then red, green and blue planes, row-major', () => {
    const bytes = record(7, [10, 20, 30])
    // Second row, third pixel.
    bytes[1 + 32 + 2] = 11
    bytes[1 + 1024 + 32 + 2] = 21
    bytes[1 + 2048 + 32 + 2] = 31
    const { pixels, labels, shape } = right(decode(bytes))
    expect([...labels]).toEqual([7])
    expect(shape).toEqual([32, 32, 3])
    expect([...pixels.subarray(0, 3)]).toEqual([10, 20, 30])
    expect([...pixels.subarray(3 * (32 + 2), 3 * (32 + 2) + 3)]).toEqual([11, 21, 31])
  })

  it('survives a round trip', () => {
    const batches = fc.integer({ min: 1, max: 4 }).chain(count =>
      fc.record({
        pixels: fc.uint8Array({ minLength: count * imageBytes, maxLength: count * imageBytes }),
        labels: fc.uint8Array({ minLength: count, maxLength: count, max: classes - 1 }),
      }),
    )
    fc.assert(
      fc.property(batches, batch => {
        const bytes = encode(batch)
        expect(bytes.length).toBe(batch.labels.length * recordBytes)
        const { pixels, labels } = right(decode(bytes))
        expect(Buffer.compare(pixels, batch.pixels)).toBe(0)
        expect(labels).toEqual(batch.labels)
      }),
      cases(20),
    )
  })

  it.each([
    ['nothing', new Uint8Array(), 'it has 0 bytes, but must have one or more records of 3,073 bytes'],
    ['a truncated record', record(1, [0, 0, 0]).subarray(0, 3072), 'it has 3,072 bytes'],
    ['a byte too many', new Uint8Array(3074), 'it has 3,074 bytes'],
    [
      'a label out of range',
      Buffer.concat([record(9, [0, 0, 0]), record(10, [0, 0, 0])]),
      'the label of record 1 (counted from 0) is 10, outside 0…9',
    ],
    // CIFAR-100 has two labels per record.
    ['another data set', new Uint8Array(2 * 3074), 'but must have one or more records'],
  ])('is refused with %s', (_, bytes, problem) => {
    expect(left(decode(bytes))).toContain(problem)
  })

  it('is refused above the limit, before anything is allocated for it', () => {
    // Never written to, so it takes no memory.
    const huge = new Uint8Array(recordBytes * 90_000)
    expect(left(decode(huge))).toContain('it has 90,000 images, more than')
  })
})
