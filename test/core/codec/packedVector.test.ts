/** Packed vectors, and long vectors in a log: no bit is lost, and every input is checked. */
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Base64 from '../../../src/core/codec/base64.js'
import { decode, Vector } from '../../../src/core/codec/Codec.js'
import { nothingKnown, packAll, remembered, unpackAll } from '../../../src/core/log/logVectors.js'
import { longest, longestPlain, pack, unpack } from '../../../src/core/codec/packedVector.js'
import { left, right } from '../../support/recordedRun.js'

/** Every finite number, including subnormal ones and −0. */
const number = fc.double({ noNaN: true, noDefaultInfinity: true })
const narrow = fc.float({ noNaN: true, noDefaultInfinity: true })
const long = (of: fc.Arbitrary<number>) => fc.array(of, { minLength: longestPlain + 1, maxLength: 200 })
const vectors = fc.oneof(long(number), long(narrow), long(fc.constantFrom(0, -0, Number.MIN_VALUE, 1e-45)))

const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

/** `toEqual` treats −0 and 0 as equal in some places, so compare the bits. */
const bits = (vector: ReadonlyArray<number>): ReadonlyArray<bigint> =>
  Array.from(new BigUint64Array(Float64Array.from(vector).buffer))

describe('base64', () => {
  it('agrees with Node’s base64', () =>
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), bytes => {
        const text = Base64.encode(bytes)
        expect(text).toBe(Buffer.from(bytes).toString('base64'))
        expect(Base64.decode(text)).toEqual(bytes)
        expect(Base64.lengthOf(text)).toBe(bytes.length)
      }),
    ))

  it.each(['A', 'AA', 'AAA', '====', 'A===', 'AA=A', 'AB==', 'AAB=', 'AAA\u0141', 'AA A', 'AAAA=', '-_-_'])(
    '%j is refused',
    text => expect(Base64.decode(text)).toBeNull(),
  )
})

describe('a long vector', () => {
  it('survives being packed as JSON, bit for bit', () =>
    fc.assert(
      fc.property(vectors, vector => {
        const packed = throughJson(pack(vector))
        expect(bits(right(unpack(packed as Record<string, unknown>)))).toEqual(bits(vector))
        expect(bits(right(decode(Vector)(throughJson(Vector.encode(vector)))))).toEqual(bits(vector))
      }),
    ))

  it('takes the shortest of the forms', () => {
    const times = (of: (k: number) => number) => Array.from({ length: 5000 }, (_, k) => of(k))
    expect(pack(times(() => 0.1))).toEqual({ all: 0.1, length: 5000 })
    expect(Object.keys(pack(times(() => -0)))).toEqual(['float32'])
    expect(Object.keys(pack(times(k => k / 4)))).toEqual(['float32'])
    expect(Object.keys(pack(times(k => k / 3)))).toEqual(['float64'])
    expect(JSON.stringify(pack(times(k => k / 4)))).toHaveLength(14 + 4 * Math.ceil(20_000 / 3))
  })

  it('is a list if it is short, and its codec reads both forms', () => {
    const short = Array.from({ length: longestPlain }, (_, k) => k / 3)
    expect(Vector.encode(short)).toBe(short)
    const one = [...short, 0.5]
    expect(right(decode(Vector)(one))).toEqual(one)
    expect(right(decode(Vector)(pack(one)))).toEqual(one)
  })

  it.each([
    ['too short', { all: 1, length: longestPlain }, 'not an integer above'],
    ['too long', { all: 1, length: longest + 1 }, 'of more than 65536'],
    ['without end', { all: 1, length: 1e300 }, 'not an integer above'],
    ['of half a number', { all: 1, length: 70.5 }, 'not an integer above'],
    ['of nothing', { all: null, length: 100 }, 'not an integer above'],
    ['infinite', { all: Infinity, length: 100 }, 'not a number'],
    ['too long a text', { float32: 'A'.repeat(4 * (longest + 1) * 2) }, 'of more than 65536'],
    ['no text', { float64: 'é'.repeat(1200) }, 'not base64'],
    ['a part of a number', { float64: 'A'.repeat(1204) }, 'not base64 of whole numbers'],
    ['NaN', { float64: Base64.encode(new Uint8Array(800).fill(255)) }, 'not finite'],
    [
      'infinite, in 32 bits',
      { float32: Base64.encode(new Uint8Array(400).map((_, i) => [0, 0, 128, 127][i % 4]!)) },
      'not finite',
    ],
  ])('is refused if it is %s', (_, packed, reason) => expect(left(unpack(packed))).toContain(reason))
})

/** Records in which vectors repeat, as λ does. */
const records = fc.array(long(number), { minLength: 1, maxLength: 5 }).chain(pool =>
  fc.array(
    fc.record({
      info: fc.record({ lambda: fc.constantFrom(...pool), loss: number.map(x => x + 0) }),
      commands: fc.array(fc.record({ lambda: fc.constantFrom(...pool), short: fc.constant([1, 2.5]) }), {
        maxLength: 3,
      }),
      other: vectors,
    }),
    { maxLength: 12 },
  ),
)

describe('the vectors of a log', () => {
  it('are read back as they were written, line after line', () =>
    fc.assert(
      fc.property(records, lines => {
        let [writing, reading] = [nothingKnown, nothingKnown]
        for (const line of lines) {
          const written = packAll(writing)(line)
          const read = right(unpackAll(reading, 1e6)(throughJson(written.value)))
          expect(read.value).toEqual(line)
          expect(read.known).toEqual(written.known)
          writing = written.known
          reading = read.known
        }
      }),
    ))

  it('are written once, and referred to', () => {
    const lambda = Array.from({ length: 100 }, (_, k) => k / 3)
    const { value, known } = packAll(nothingKnown)([
      { lambda },
      { lambda: [...lambda] },
      { zeros: lambda.map(() => 0) },
    ])
    expect(value).toEqual([
      { lambda: { vector: 0, ...pack(lambda) } },
      { lambda: { vector: 0 } },
      { zeros: { all: 0, length: 100 } },
    ])
    expect(packAll(known)({ lambda }).value).toEqual({ lambda: { vector: 0 } })
  })

  it('are remembered for a limited time, however long the log is', () => {
    const vector = (i: number) => Array.from({ length: 100 }, (_, k) => i + k / 3)
    const all = Array.from({ length: remembered + 1 }, (_, i) => vector(i))
    const { known } = packAll(nothingKnown)(all)
    expect(known.latest).toHaveLength(remembered)
    expect(packAll(known)(vector(1)).value).toEqual({ vector: 1 })
    expect(packAll(known)(vector(0)).value).toEqual({ vector: remembered + 1, ...pack(vector(0)) })
    expect(left(unpackAll(known, 1e6)({ vector: 0 }))).toContain('refers to vector 0, which is not among')
  })

  it.each([
    ['a reference to a vector that is not there yet', [{ vector: 1 }], 'refers to vector 1'],
    ['a reference that is not a number', [{ vector: 'x' }], 'refers to vector "x"'],
    ['a fraction', [{ vector: 0.5 }], 'refers to vector 0.5'],
    ['a vector number out of sequence', [{ vector: 3, float32: 'A'.repeat(800) }], 'where 0 is next'],
    [
      'a million numbers in few bytes',
      Array.from({ length: 20 }, () => ({ all: 0, length: 65_536 })),
      'more than 1000000 numbers',
    ],
  ])('are refused if there is %s', (_, value, reason) =>
    expect(unpackAll(nothingKnown, 1e6)(value)).toEqual(E.left(expect.stringContaining(reason))),
  )
})
