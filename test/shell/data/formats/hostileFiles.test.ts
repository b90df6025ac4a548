/**
 * Hostile files: small valid files of every format, damaged in many ways, and checksums made right again so that the damage
 * is not found at once. A reader may refuse them with a clause, and must not do anything else: no exception, no second of
 * processor time, no 300 MB. In depth these are 100,000 files a run.
 */
import { crc32, gzipSync } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { encode as encodePng } from 'fast-png'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import * as CifarBinary from '../../../../src/shell/data/formats/CifarBinary.js'
import {
  decodeImages,
  decodeLabels,
  encodeImages,
  imagesSize,
} from '../../../../src/shell/data/formats/idx.js'
import { gunzipped } from '../../../../src/shell/data/formats/inflate.js'
import { decodeRgb } from '../../../../src/shell/data/formats/png.js'
import { pythonLiteral } from '../../../../src/shell/data/formats/pythonLiteral.js'
import { cases } from '../../../support/cases.js'
import { npyFile, npyOf, npzFile, readNpz } from '../Fixtures.js'

/** One change of a file. Places are shares of its length. */
type Change =
  | { readonly _tag: 'Flip'; readonly at: number; readonly bit: number }
  | { readonly _tag: 'Write'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly _tag: 'Cut'; readonly at: number; readonly length: number }
  | { readonly _tag: 'Copy'; readonly at: number; readonly from: number; readonly length: number }

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const few = fc.nat({ max: 40 })
/** Numbers that fields of sizes are tried with, and any bytes. */
const nasty = fc.oneof(
  fc.constantFrom(
    ...[0, 1, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff].map(value => {
      const bytes = new Uint8Array(4)
      new DataView(bytes.buffer).setUint32(0, value, true)
      return bytes
    }),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 8 }),
)
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({ _tag: fc.constant('Flip' as const), at: share, bit: fc.nat({ max: 7 }) }),
  fc.record({ _tag: fc.constant('Write' as const), at: share, bytes: nasty }),
  fc.record({ _tag: fc.constant('Cut' as const), at: share, length: few }),
  fc.record({ _tag: fc.constant('Copy' as const), at: share, from: share, length: few }),
)
const changes = fc.array(change, { minLength: 1, maxLength: 4 })

const changed = (file: Uint8Array, { at: place, ...how }: Change): Uint8Array => {
  const at = Math.floor(place * file.length)
  switch (how._tag) {
    case 'Flip':
      return file.map((byte, i) => (i === at ? byte ^ (1 << how.bit) : byte))
    case 'Write': {
      const written = Uint8Array.from(file)
      written.set(how.bytes.subarray(0, file.length - at), at)
      return written
    }
    case 'Cut':
      return Buffer.concat([file.subarray(0, at), file.subarray(at + how.length)])
    case 'Copy': {
      const from = Math.floor(how.from * file.length)
      return Buffer.concat([file.subarray(0, at), file.subarray(from, from + how.length), file.subarray(at)])
    }
  }
}

const damaged = (file: Uint8Array, all: ReadonlyArray<Change>): Uint8Array => all.reduce(changed, file)

/** Reads a file, and checks what it costs. */
const examine = async (read: () => unknown): Promise<void> => {
  const before = process.cpuUsage()
  const result = await Promise.resolve(read())
  const { user, system } = process.cpuUsage(before)
  expect(user + system).toBeLessThan(1e6)
  expect(process.memoryUsage().rss - atFirst).toBeLessThan(300e6)
  const either = result as E.Either<unknown, unknown>
  if (E.isLeft(either)) expect(either.left).toMatch(/\S/)
  else expect(either._tag).toBe('Right')
}

let atFirst = 0
beforeAll(() => {
  atFirst = process.memoryUsage().rss
})

const rejections: unknown[] = []
const onRejection = (cause: unknown): void => void rejections.push(cause)
beforeAll(() => {
  process.on('unhandledRejection', onRejection)
  process.on('uncaughtException', onRejection)
})
afterAll(() => {
  process.off('unhandledRejection', onRejection)
  process.off('uncaughtException', onRejection)
  expect(rejections).toEqual([])
})

const pixels = Uint8Array.from({ length: 54 }, (_, i) => (i * 37) % 256)
const x = npyFile('|u1', [6, 3, 3], pixels)
const y = npyFile(
  '<i8',
  [6],
  BigInt64Array.from({ length: 6 }, (_, i) => BigInt(i)),
)
const idxImages = encodeImages({ pixels, count: 6, height: 3, width: 3 })
const wide = 16
const png = encodePng({
  width: wide,
  height: 4,
  data: Uint8Array.from({ length: wide * 4 * 3 }, (_, i) => i % 251),
  channels: 3,
  depth: 8,
})

/** A PNG whose chunks have the right checksums, as far as its lengths allow. */
const withChecksums = (file: Uint8Array): Uint8Array => {
  const bytes = Buffer.from(file)
  for (let at = 8; at + 12 <= bytes.length;) {
    const end = at + 8 + bytes.readUInt32BE(at)
    if (end + 4 > bytes.length) break
    bytes.writeUInt32BE(crc32(bytes.subarray(at + 4, end)), end)
    at = end + 4
  }
  return bytes
}

describe('hostile files are refused or read', () => {
  it('NPZ, the archive damaged', async () => {
    const files = [npzFile(x, y), npzFile(x, y, 6)]
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), changes, async (file, all) =>
        examine(() => readNpz(10)(damaged(file, all))),
      ),
      cases(20_000),
    )
  })

  it('NPZ, its arrays damaged before they were put into it', async () => {
    await fc.assert(
      fc.asyncProperty(
        changes,
        changes,
        fc.boolean(),
        fc.constantFrom(0 as const, 6 as const),
        async (a, b, both, level) =>
          examine(() => readNpz(10)(npzFile(damaged(x, a), both ? damaged(y, b) : y, level))),
      ),
      cases(20_000),
    )
  })

  it('NPZ, with any header', async () => {
    const size = fc.oneof(fc.integer({ min: -2, max: 8 }), fc.constantFrom(2 ** 31, 2 ** 53, 1e15))
    const header = fc.record({
      descr: fc.constantFrom(
        "'|u1'",
        "'<f8'",
        "'>i8'",
        "'|O'",
        "'<U3'",
        "'|b1'",
        "[('a', '<f4')]",
        '3',
        '"<f2"',
      ),
      fortran: fc.constantFrom('True', 'False', '1', 'None'),
      shape: fc.array(size, { maxLength: 6 }).map(sizes => `(${sizes.map(n => `${n}L, `).join('')})`),
    })
    await fc.assert(
      fc.asyncProperty(header, fc.uint8Array({ maxLength: 64 }), async ({ descr, fortran, shape }, data) =>
        examine(() =>
          readNpz(10)(
            npzFile(npyOf(`{'descr': ${descr}, 'fortran_order': ${fortran}, 'shape': ${shape}}`, data), y),
          ),
        ),
      ),
      cases(10_000),
    )
  })

  it('Python literals', async () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      ',',
      ':',
      "'a'",
      '"b"',
      '1',
      '2L',
      'True',
      'None',
      ' ',
      'x',
    )
    await fc.assert(
      fc.asyncProperty(fc.array(token, { maxLength: 40 }), async tokens =>
        examine(() => pythonLiteral(tokens.join(''))),
      ),
      cases(20_000, 'quick'),
    )
  })

  it('IDX, gzipped or not', async () => {
    const read = async (file: Uint8Array): Promise<E.Either<string, unknown>> => {
      const unpacked = await gunzipped(imagesSize(6))(file)
      return E.isLeft(unpacked) ? unpacked : decodeImages(unpacked.right)
    }
    await fc.assert(
      fc.asyncProperty(
        changes,
        changes,
        fc.constantFrom('plain', 'inside', 'outside'),
        async (a, b, where) => {
          const inner = where === 'outside' ? idxImages : damaged(idxImages, a)
          const file = where === 'plain' ? inner : gzipSync(inner)
          await examine(() => read(where === 'outside' ? damaged(file, b) : file))
          await examine(() => decodeLabels(10)(inner))
        },
      ),
      cases(20_000),
    )
  })

  it('CIFAR-10 and PNG', async () => {
    const batch = CifarBinary.encode({
      pixels: new Uint8Array(2 * CifarBinary.imageBytes),
      labels: Uint8Array.of(3, 9),
    })
    await fc.assert(
      fc.asyncProperty(changes, fc.boolean(), async (all, mended) => {
        await examine(() => CifarBinary.decode(damaged(batch, all)))
        const file = damaged(png, all)
        await examine(() => decodeRgb({ width: wide, height: 4 })(mended ? withChecksums(file) : file))
      }),
      cases(10_000),
    )
  })
})
