/** The committed files of `test/data/npz`, and every single-bit flip of three of them. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { count, seed } from '../../../support/cases.js'
import { committedNpz, left, npyFile, npzFile, readNpz, right } from '../Fixtures.js'

const read = async (
  name: string,
): Promise<ReturnType<ReturnType<typeof readNpz>> extends Promise<infer A> ? A : never> =>
  readNpz(10)(await committedNpz(name))

/** The first pixels of the images that these files hold in several forms, as numpy reads them. */
const first = [121, 131, 193, 243].map(pixel => Math.fround(pixel / 255))

describe('files that numpy reads', () => {
  it.each([
    ['py2', 'a header of Python 2'],
    ['unal', 'a header whose length is no multiple of 4'],
    ['z64entry', 'a zip64 field in an entry'],
    ['dq', 'a header with double quotes'],
    ['fort', 'Fortran order'],
    ['be', 'big-endian labels'],
  ])('%s.npz is read: %s', async name => {
    const set = right(await read(name))
    expect(set.shape).toEqual([4, 4, 1])
    expect([...set.labels]).toEqual(Array.from({ length: 20 }, (_, i) => i % 10))
    expect([...set.images.subarray(0, 4)]).toEqual(first)
    expect(set).toEqual(right(await read('dq')))
  })

  it('1 within a tolerance is 1', async () => {
    const [unit, over] = [right(await read('unit')), right(await read('over'))]
    expect(unit.images[0]).toBe(Math.fround(0.4745098))
    expect(over.images[0]).toBe(1)
    expect([...over.images.subarray(1)]).toEqual([...unit.images.subarray(1)])
  })

  it.each(['crc', 'tr_bad'])('%s.npz has a wrong CRC-32 and is refused', async name => {
    expect(left(await read(name))).toMatch(
      /^the array `x` is damaged: its CRC-32 is [0-9a-f]{8}, but the archive states [0-9a-f]{8}$/,
    )
  })
})

describe('a flipped bit', () => {
  const small = (level: 0 | 6): Uint8Array =>
    npzFile(
      npyFile(
        '|u1',
        [6, 3, 3],
        Uint8Array.from({ length: 54 }, (_, i) => (i * 37) % 256),
      ),
      npyFile(
        '<i8',
        [6],
        BigInt64Array.from({ length: 6 }, (_, i) => BigInt(i)),
      ),
      level,
    )
  const files: ReadonlyArray<readonly [string, () => Promise<Uint8Array>]> = [
    ['stored members', () => Promise.resolve(small(0))],
    ['deflated members', () => Promise.resolve(small(6))],
    ['a zip64 field', () => committedNpz('z64entry')],
  ]

  it.each(files)('in a file with %s is refused or changes nothing', async (_, file) => {
    const bytes = await file()
    const expected = right(await readNpz(10)(bytes))
    const bits = 8 * bytes.length
    const tried = count(bits, 'quick')
    // All of them in depth; otherwise evenly spread ones, from another start at each seed.
    let refused = 0
    for (let k = 0; k < tried; k++) {
      const bit = tried === bits ? k : (Math.floor((k * bits) / tried) + seed) % bits
      const flipped = Uint8Array.from(bytes)
      flipped[bit >> 3]! ^= 1 << (bit & 7)
      const set = await readNpz(10)(flipped)
      if (E.isLeft(set)) refused++
      else if (JSON.stringify(set) !== JSON.stringify(E.right(expected)))
        expect([bit, set]).toEqual([bit, E.right(expected)])
    }
    expect(refused).toBeGreaterThan(0.5 * tried)
  })
})
