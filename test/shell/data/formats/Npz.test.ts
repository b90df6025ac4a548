import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { decode } from '../../../../src/shell/data/formats/Npz.js'
import { left, npyFile, npzFile, npzFolder, right } from '../Fixtures.js'

const x = npyFile('<f4', [2, 2, 3], Float32Array.of(0, 255, 51, 0, 0, 0, 102, 1, 2, 3, 4, 5))
const y = npyFile('<f4', [2], Float32Array.of(7, 0))
const readTen = decode(10)

describe('NPZ', () => {
  it('reads the 600/400 split of the paper', async () => {
    const set = right(readTen(await readFile(join(npzFolder, 'train_dataset_1k_60.npz'))))
    expect(set.shape).toEqual([28, 28, 1])
    expect(set.images.length).toBe(600 * 784)
    expect([Math.min(...set.labels), Math.max(...set.labels)]).toEqual([0, 9])
    const mean = set.images.reduce((total, pixel) => total + pixel, 0) / set.images.length
    expect(mean).toBeGreaterThan(0.12)
    expect(mean).toBeLessThan(0.14)
    expect(
      right(readTen(await readFile(join(npzFolder, 'validation_dataset_1k_40.npz')))).labels.length,
    ).toBe(400)
  })

  it('scales 0…255 to [0, 1], compressed or not', () => {
    for (const level of [0, 6] as const) {
      const set = right(readTen(npzFile(x, y, level)))
      expect(set.shape).toEqual([2, 3, 1])
      expect([...set.labels]).toEqual([7, 0])
      expect([...set.images.slice(0, 3)]).toEqual([0, 1, Math.fround(51 / 255)])
    }
  })

  it.each([
    ['uint8', npyFile('|u1', [2, 2, 3], Uint8Array.of(0, 255, 51, 0, 0, 0, 102, 1, 2, 3, 4, 5))],
    ['float64', npyFile('<f8', [2, 2, 3], Float64Array.of(0, 255, 51, 0, 0, 0, 102, 1, 2, 3, 4, 5))],
  ])('reads images as %s', (_, other) => {
    expect(readTen(npzFile(other, y))).toEqual(readTen(npzFile(x, y)))
  })

  it.each([
    ['int64', npyFile('<i8', [2], BigInt64Array.of(7n, 0n))],
    ['uint8', npyFile('|u1', [2], Uint8Array.of(7, 0))],
    ['int32', npyFile('<i4', [2], Int32Array.of(7, 0))],
    ['float64, N×1', npyFile('<f8', [2, 1], Float64Array.of(7, 0))],
  ])('reads labels as %s', (_, other) => {
    expect(readTen(npzFile(x, other))).toEqual(readTen(npzFile(x, y)))
  })

  it('reads colour images, flat images, and images that are already scaled', () => {
    const colours = npyFile('<f4', [2, 1, 2, 3], new Float32Array(12).fill(255))
    expect(right(readTen(npzFile(colours, y))).shape).toEqual([1, 2, 3])
    const flat = npyFile('<f4', [2, 4], Float32Array.of(0, 0.5, 1, 0, 0, 0, 0, 0.25))
    const set = right(readTen(npzFile(flat, y)))
    expect(set.shape).toEqual([2, 2, 1])
    expect([...set.images]).toEqual([0, 0.5, 1, 0, 0, 0, 0, 0.25])
  })

  const floats = (count: number, ...start: ReadonlyArray<number>): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => start[i] ?? 2)
  it.each([
    ['NaN', npyFile('<f4', [2, 2, 3], floats(12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NaN)), y, 'x[1, 1, 1] is NaN'],
    ['infinity', npyFile('<f4', [2, 2, 3], floats(12, Infinity)), y, 'x[0, 0, 0] is Infinity'],
    ['a negative pixel', npyFile('<f4', [2, 2, 3], floats(12, -1)), y, 'x[0, 0, 0] is -1'],
    ['a pixel above 255', npyFile('<f4', [2, 2, 3], floats(12, 0, 256)), y, 'x[0, 0, 1] is 256'],
    ['a wrong number of dimensions', npyFile('<f4', [12], floats(12)), y, 'has the shape (12)'],
    ['flat images that are not square', npyFile('<f4', [2, 6], floats(12)), y, 'has the shape (2, 6)'],
    ['empty images', npyFile('<f4', [2, 0, 3], floats(0)), npyFile('<f4', [2], floats(2)), 'all at least 1'],
    ['fewer labels than images', x, npyFile('<f4', [1], floats(1)), '`x` has 2 images, but `y` has 1 labels'],
    ['labels of two columns', x, npyFile('<f4', [2, 2], floats(4)), 'must have one label per image'],
    [
      'a label out of range',
      x,
      npyFile('<f4', [2], floats(2, 3, 10)),
      'y[1] is 10, but labels must be integers in 0…9',
    ],
    ['a fractional label', x, npyFile('<f4', [2], floats(2, 0.5)), 'y[0] is 0.5'],
    ['a NaN label', x, npyFile('<f4', [2], floats(2, NaN)), 'y[0] is NaN'],
    ['a negative label', x, npyFile('<i8', [2], BigInt64Array.of(-1n, 0n)), 'y[0] is -1'],
    [
      'big-endian numbers',
      npyFile('>f4', [2, 2, 3], floats(12)),
      y,
      '>f4); it must be little-endian float32',
    ],
    ['Fortran order', npyFile('<f4', [2, 2, 3], floats(12), true), y, 'Fortran order'],
    [
      'a shape that is larger than the data',
      npyFile('<f4', [3, 2, 3], floats(12)),
      y,
      'needs 18 values, but it has 12',
    ],
    ['a shape that is smaller', npyFile('<f4', [1, 2, 3], floats(12)), y, 'needs 6 values, but it has 12'],
    ['int64 pixels', npyFile('<i8', [2, 2, 3], new BigInt64Array(12)), y, 'has the type i8'],
    ['booleans', npyFile('|b1', [2, 2, 3], new Uint8Array(12)), y, 'has the type b1'],
    ['strings', x, npyFile('<U1', [2], new Uint32Array(2)), 'has the type U1'],
    ['an array that is none', Buffer.from('hello'), y, 'the array `x` cannot be read'],
    ['pickled objects', npyFile('|O', [2], new Uint8Array(8)), y, 'the array `x` cannot be read'],
  ])('refuses %s', (_, images, labels, message) => {
    expect(left(readTen(npzFile(images, labels)))).toContain(message)
  })

  it('refuses an archive without x or y, and a file that is not an archive', () => {
    expect(left(readTen(zipSync({ 'y.npy': y })))).toBe('it has no array `x`')
    expect(left(readTen(zipSync({ 'x.npy': x })))).toBe('it has no array `y`')
    expect(left(readTen(Buffer.from('not a zip')))).toContain('not a readable NPZ (zip) archive')
    expect(left(readTen(new Uint8Array()))).toContain('not a readable NPZ (zip) archive')
  })

  it('refuses an archive that states too large a size, before allocating it', () => {
    const archive = Buffer.from(npzFile(x, y, 6))
    // The uncompressed size of the first entry in the central directory (signature PK\x01\x02, offset 24).
    const entry = archive.indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
    archive.writeUInt32LE(0xf0000000, entry + 24)
    expect(left(readTen(archive))).toContain('x.npy states 4,026,531,840 bytes')
  })

  it('refuses a file truncated at any place', () => {
    const whole = npzFile(x, y, 6)
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), length => {
        expect(left(readTen(whole.subarray(0, length)))).not.toBe('')
      }),
    )
  })

  it('never throws on damaged bytes', () => {
    const whole = npzFile(x, y, 6)
    fc.assert(
      fc.property(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), (place, value) => {
        const set = readTen(whole.map((byte, i) => (i === place ? value : byte)))
        if (E.isRight(set)) expect(set.right.labels.every(label => label < 10)).toBe(true)
      }),
    )
  })
})
