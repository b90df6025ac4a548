import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { cases } from '../../../support/cases.js'
import { left, npyFile, npyOf, npzFile, npzFolder, readNpz, right } from '../Fixtures.js'

const x = npyFile('<f4', [2, 2, 3], Float32Array.of(0, 255, 51, 0, 0, 0, 102, 1, 2, 3, 4, 5))
const y = npyFile('<f4', [2], Float32Array.of(7, 0))
const readTen = readNpz(10)

describe('NPZ', () => {
  it('reads the 600/400 split of the paper', async () => {
    const set = right(await readTen(await readFile(join(npzFolder, 'train_dataset_1k_60.npz'))))
    expect(set.shape).toEqual([28, 28, 1])
    expect(set.images.length).toBe(600 * 784)
    expect([Math.min(...set.labels), Math.max(...set.labels)]).toEqual([0, 9])
    const mean = set.images.reduce((total, pixel) => total + pixel, 0) / set.images.length
    expect(mean).toBeGreaterThan(0.12)
    expect(mean).toBeLessThan(0.14)
    expect(
      right(await readTen(await readFile(join(npzFolder, 'validation_dataset_1k_40.npz')))).labels.length,
    ).toBe(400)
  })

  it('scales 0…255 to [0, 1], compressed or not', async () => {
    for (const level of [0, 6] as const) {
      const set = right(await readTen(npzFile(x, y, level)))
      expect(set.shape).toEqual([2, 3, 1])
      expect([...set.labels]).toEqual([7, 0])
      expect([...set.images.slice(0, 3)]).toEqual([0, 1, Math.fround(51 / 255)])
    }
  })

  const bytes = [0, 255, 51, 0, 0, 0, 102, 1, 2, 3, 4, 5]
  const bigEndian = (array: Uint16Array | Uint32Array | Float32Array): Uint8Array => {
    const buffer = Buffer.from(array.buffer, array.byteOffset, array.byteLength)
    return array.BYTES_PER_ELEMENT === 2 ? buffer.swap16() : buffer.swap32()
  }
  it.each([
    ['uint8', npyFile('|u1', [2, 2, 3], Uint8Array.from(bytes))],
    ['uint8 without a byte order', npyFile('u1', [2, 2, 3], Uint8Array.from(bytes))],
    ['uint16, big-endian', npyFile('>u2', [2, 2, 3], bigEndian(Uint16Array.from(bytes)))],
    ['int32', npyFile('<i4', [2, 2, 3], Int32Array.from(bytes))],
    ['int64', npyFile('<i8', [2, 2, 3], BigInt64Array.from(bytes, BigInt))],
    ['uint64', npyFile('<u8', [2, 2, 3], BigUint64Array.from(bytes, BigInt))],
    ['float32, big-endian', npyFile('>f4', [2, 2, 3], bigEndian(Float32Array.from(bytes)))],
    ['float64', npyFile('<f8', [2, 2, 3], Float64Array.from(bytes))],
    [
      'uint8 in Fortran order',
      npyFile('|u1', [2, 2, 3], Uint8Array.of(0, 102, 0, 3, 255, 1, 0, 4, 51, 2, 0, 5), true),
    ],
    [
      'a header of Python 2',
      npyOf(`{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 2L, 3L), }\n`, Uint8Array.from(bytes)),
    ],
    [
      'a header of version 2 with double quotes and fields in another order',
      npyOf(`{"shape": (2, 2, 3), "fortran_order": False, "descr": "<f4"}`, Float32Array.from(bytes), 2),
    ],
  ])('reads images as %s', async (_, other) => {
    expect(await readTen(npzFile(other, y))).toEqual(await readTen(npzFile(x, y)))
  })

  it('reads half precision', async () => {
    // 0, 1, 2, 65504, the smallest normal and the smallest number, as IEEE 754 has them.
    const halves = npyFile('<f2', [1, 2, 2], Uint16Array.of(0, 0x3c00, 0x0400, 0x0001))
    const one = npyFile('|u1', [1], Uint8Array.of(3))
    expect([...right(await readTen(npzFile(halves, one))).images]).toEqual([0, 1, 2 ** -14, 2 ** -24])
    const label = npyFile('<f2', [1], Uint16Array.of(0x4200))
    expect([...right(await readTen(npzFile(halves, label))).labels]).toEqual([3])
    const infinite = npyFile('<f2', [1, 2, 2], Uint16Array.of(0, 0x7c00, 0, 0))
    expect(left(await readTen(npzFile(infinite, one)))).toContain('x[0, 0, 1] is Infinity')
  })

  it.each([
    ['int64', npyFile('<i8', [2], BigInt64Array.of(7n, 0n))],
    ['uint8', npyFile('|u1', [2], Uint8Array.of(7, 0))],
    ['int32', npyFile('<i4', [2], Int32Array.of(7, 0))],
    ['float64, N×1', npyFile('<f8', [2, 1], Float64Array.of(7, 0))],
    [
      'rows with a single 1',
      npyFile('|u1', [2, 8], Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0)),
    ],
    ['booleans', npyFile('|b1', [2, 8], Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0))],
    [
      'booleans with other bytes than 0 and 1',
      npyFile('|b1', [2, 8], Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 255, 2, 0, 0, 0, 0, 0, 0, 0)),
    ],
  ])('reads labels as %s', async (_, other) => {
    expect(await readTen(npzFile(x, other))).toEqual(await readTen(npzFile(x, y)))
  })

  it('reads colour images, flat images, and images that are already scaled', async () => {
    const colours = npyFile('<f4', [2, 1, 2, 3], new Float32Array(12).fill(255))
    expect(right(await readTen(npzFile(colours, y))).shape).toEqual([1, 2, 3])
    const flat = npyFile('<f4', [2, 4], Float32Array.of(0, 0.5, 1, 0, 0, 0, 0, 0.25))
    const set = right(await readTen(npzFile(flat, y)))
    expect(set.shape).toEqual([2, 2, 1])
    expect([...set.images]).toEqual([0, 0.5, 1, 0, 0, 0, 0, 0.25])
  })

  it('moves channels that come first', async () => {
    const one = npyFile('|u1', [1], Uint8Array.of(3))
    const grey = npyFile('|u1', [1, 1, 2, 5], Uint8Array.of(255, 1, 2, 3, 4, 5, 6, 7, 8, 9))
    const read = right(await readTen(npzFile(grey, one)))
    expect(read.shape).toEqual([2, 5, 1])
    expect([...read.images.slice(0, 2)]).toEqual([1, Math.fround(1 / 255)])
    // Red, green and blue planes of one row of five pixels.
    const planes = npyFile(
      '|u1',
      [1, 3, 1, 5],
      Uint8Array.from({ length: 15 }, (_, i) => i + 1),
    )
    const colours = right(await readTen(npzFile(planes, one)))
    expect(colours.shape).toEqual([1, 5, 3])
    expect(Array.from(colours.images, pixel => Math.round(pixel * 255))).toEqual([
      1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14, 5, 10, 15,
    ])
  })

  const floats = (count: number, ...start: ReadonlyArray<number>): Float32Array =>
    Float32Array.from({ length: count }, (_, i) => start[i] ?? 2)
  it.each([
    ['NaN', npyFile('<f4', [2, 2, 3], floats(12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, NaN)), y, 'x[1, 1, 1] is NaN'],
    ['infinity', npyFile('<f4', [2, 2, 3], floats(12, Infinity)), y, 'x[0, 0, 0] is Infinity'],
    ['a negative pixel', npyFile('<f4', [2, 2, 3], floats(12, -1, 9)), y, 'x[0, 0, 0] is -1'],
    ['a pixel above 255', npyFile('<f4', [2, 2, 3], floats(12, 0, 256)), y, 'x[0, 0, 1] is 256'],
    ['a wrong number of dimensions', npyFile('<f4', [2], floats(2)), y, 'has the shape (2)'],
    ['flat images that are not square', npyFile('<f4', [2, 6], floats(12)), y, 'has the shape (2, 6)'],
    ['empty images', npyFile('<f4', [2, 0, 3], floats(0)), npyFile('<f4', [2], floats(2)), 'all at least 1'],
    ['fewer labels than images', x, npyFile('<f4', [1], floats(1)), '`x` has 2 images, but `y` has 1 labels'],
    [
      'labels of too many columns',
      x,
      npyFile('<f4', [2, 11], floats(22)),
      'rows with a single 1, (N, 10) for 10',
    ],
    ['labels of three dimensions', x, npyFile('<f4', [2, 1, 1], floats(2)), 'must have one label per image'],
    ['rows without a single 1', x, npyFile('<f4', [2, 2], floats(4, 1, 0, 1, 1)), 'the row y[1] is (1, 1)'],
    ['soft labels', x, npyFile('<f4', [2, 2], floats(4, 0.5, 0.5, 1, 0)), 'the row y[0] is (0.5, 0.5)'],
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
      'a shape that is larger than the data',
      npyFile('<f4', [2, 2, 4], floats(12)),
      y,
      'the array `x` is truncated or too long: by its shape it must have 192 bytes, but it has 176',
    ],
    [
      'a shape that is smaller',
      npyFile('<f4', [2, 1, 3], floats(12)),
      y,
      'must have 152 bytes, but it has 176',
    ],
    [
      'complex numbers',
      npyFile('<c8', [2, 2, 3], floats(24)),
      y,
      'it has the type "<c8", but must have one of bool',
    ],
    ['strings', x, npyFile('<U1', [2], new Uint32Array(2)), 'it has the type "<U1"'],
    [
      'records',
      npyOf(`{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,)}`, floats(2)),
      y,
      'records',
    ],
    ['an array that is none', Buffer.from('hello'), y, 'the array `x` cannot be read: it is no NPY file'],
    ['pickled objects', npyFile('|O', [2], new Uint8Array(8)), y, 'Python objects'],
    [
      'a header with code',
      npyOf(`{'descr': __import__('os')}`, floats(2)),
      y,
      '"__import__(\'os\')}" is not part of',
    ],
    [
      'a header without a shape',
      npyOf(`{'descr': '<f4', 'fortran_order': False}`, floats(2)),
      y,
      'exactly the fields',
    ],
    [
      'a negative size',
      npyOf(`{'descr': '<f4', 'fortran_order': False, 'shape': (-2, 3)}`, floats(2)),
      y,
      'the shape [-2,3]',
    ],
    ['a header of a deep list', npyOf('['.repeat(5000), floats(2)), y, 'nested too deeply'],
    [
      'a version of the future',
      Buffer.concat([Buffer.from([0x93]), Buffer.from('NUMPY\u0004\0\0\0\0\0')]),
      y,
      'version 4',
    ],
  ])('refuses %s', async (_, images, labels, message) => {
    expect(left(await readTen(npzFile(images, labels)))).toContain(message)
  })

  it('says which arrays there are instead', async () => {
    expect(left(await readTen(zipSync({ 'y.npy': y })))).toContain('it has no array `x`, only `y`;')
    expect(left(await readTen(zipSync({ 'x.npy': x })))).toContain('it has no array `y`, only `x`;')
    expect(left(await readTen(zipSync({ 'images.npy': x, 'labels.npy': y })))).toBe(
      'it has no array `x` and no array `y`, only `images`, `labels`; save the images as `x` and the labels as `y`: ' +
        'numpy.savez(file, x=…, y=…)',
    )
    expect(left(await readTen(zipSync({ 'notes.txt': y })))).toContain('nor any other')
  })

  it('refuses a file that is not an archive', async () => {
    expect(left(await readTen(Buffer.from('not a zip')))).toContain('not a readable NPZ (zip) archive')
    expect(left(await readTen(new Uint8Array()))).toContain('not a readable NPZ (zip) archive')
  })

  it('refuses an archive that states too large a size, before allocating it', async () => {
    const archive = Buffer.from(npzFile(x, y, 6))
    // The uncompressed size of the first entry in the central directory (signature PK\x01\x02, offset 24).
    const entry = archive.indexOf(Buffer.from([0x50, 0x4b, 1, 2]))
    archive.writeUInt32LE(0xf0000000, entry + 24)
    expect(left(await readTen(archive))).toContain('must have 176 bytes, but it has 4,026,531,840')
    const huge = npyFile('<f8', [2, 2 ** 14, 2 ** 14], new Uint8Array())
    expect(left(await readTen(npzFile(huge, y)))).toContain('more than the limit of 1,073,807,360')
    const many = npyFile('|u1', [2, 2 ** 14, 2 ** 14], new Uint8Array())
    expect(left(await readTen(npzFile(many, y)))).toContain('536,870,912 values, more than the limit')
  })

  it('refuses two members of one name', async () => {
    const archive = Buffer.from(zipSync({ 'x.npy': x, 'y.npy': y, 'z.npy': y }))
    // z becomes a second y, in its own header and in the directory.
    for (let at = archive.indexOf('z.npy'); at >= 0; at = archive.indexOf('z.npy')) archive.write('y', at)
    expect(left(await readTen(archive))).toContain('it has two members called "y.npy"')
  })

  it('refuses a file truncated at any place', async () => {
    const whole = npzFile(x, y, 6)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), async length => {
        expect(left(await readTen(whole.subarray(0, length)))).not.toBe('')
      }),
      cases(1000),
    )
  })

  it('is the same in any type and order that holds the values', async () => {
    const types = {
      '|u1': Uint8Array,
      '<u2': Uint16Array,
      '<i2': Int16Array,
      '<u4': Uint32Array,
      '<i4': Int32Array,
      '<f4': Float32Array,
      '<f8': Float64Array,
    } as const
    const names = Object.keys(types) as ReadonlyArray<keyof typeof types>
    const small = fc.integer({ min: 1, max: 4 })
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(small, small, small),
        fc.constantFrom(...names),
        fc.boolean(),
        fc.boolean(),
        fc.infiniteStream(fc.integer({ min: 0, max: 255 })),
        async ([n, h, w], descr, fortran, swapped, stream) => {
          const values = [...stream.take(n * h * w)]
          values[0] = 255
          const labels = npyFile('|u1', [n], new Uint8Array(n))
          const plain = npyFile('|u1', [n, h, w], Uint8Array.from(values))
          const index = (i: number): number => {
            // The i-th value in Fortran order: its indices are counted from the first on.
            const [a, b, c] = [i % n, Math.floor(i / n) % h, Math.floor(i / (n * h))]
            return (a * h + b) * w + c
          }
          const laid = fortran ? values.map((_, i) => values[index(i)]!) : values
          const data = types[descr].from(laid)
          const file = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
          if (swapped && data.BYTES_PER_ELEMENT === 2) file.swap16()
          if (swapped && data.BYTES_PER_ELEMENT === 4) file.swap32()
          if (swapped && data.BYTES_PER_ELEMENT === 8) file.swap64()
          const other = npyFile(swapped ? descr.replace('<', '>') : descr, [n, h, w], file, fortran)
          expect(await readTen(npzFile(other, labels, 6))).toEqual(await readTen(npzFile(plain, labels)))
        },
      ),
      cases(2000),
    )
  })
})

describe('a damaged NPZ', () => {
  it('never throws, whatever byte is changed', async () => {
    const whole = npzFile(x, y, 6)
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: whole.length - 1 }), fc.nat({ max: 255 }), async (place, value) => {
        const set = await readTen(whole.map((byte, i) => (i === place ? value : byte)))
        if (E.isRight(set)) expect(set.right.labels.every(label => label < 10)).toBe(true)
      }),
      cases(5000),
    )
  })
})
