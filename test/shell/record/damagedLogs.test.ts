/**
 * Damages a real log. A damaged log is never accepted, unless its content is still byte for byte the same.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { cases, deep } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { numerics } from '../../../src/core/log/numerics.js'
import { commandLine } from '../../../src/shell/cli/commandLine.js'
import { methods } from '../../../src/shell/record/Methods.js'
import { replayRun } from '../../../src/shell/record/replayRun.js'
import { bodiesOf, readAll, recordedRuns, sealed, textOf } from '../../support/logText.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const replay = replayRun(methods)
const whole = textOf(recordedRuns.find(run => run.name === 'd2' && run.numerics === numerics)?.folder ?? '')
const lines = whole.split('\n').length - 1
/** The run after some steps: a log that replays quickly. */
const short = `${whole.split('\n').slice(0, 8).join('\n')}\n`

const withLog = (use: (path: string) => void | Promise<void>): Promise<void> =>
  withFolder(folder => use(join(folder, 'run.jsonl')))

const flipped = (bytes: Buffer, index: number, flip: number): Buffer => {
  const changed = Buffer.from(bytes)
  changed[index]! ^= flip
  return changed
}

/** Flips some bits of one byte. */
const flips = (length: number) => fc.tuple(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }))

/** In depth every byte; in `npm test` every seventh, which comes to all bits of a byte and all columns of a line. */
const stride = deep ? 1 : 7

describe('a flipped byte', () => {
  it('anywhere in a complete run is found by replay', () =>
    withLog(path => {
      const bytes = Buffer.from(whole)
      fc.assert(
        fc.property(flips(bytes.length - 1), ([index, flip]) => {
          writeFileSync(path, flipped(bytes, index, flip))
          const error = left(replay(path))
          expect(['Mismatch', 'BadInput']).toContain(error._tag)
          const line = whole.slice(0, index).split('\n').length
          // Removing a newline joins two lines; a new one breaks a line in two.
          expect(error.message).toContain(`Line ${line} of ${path}`)
        }),
        cases(60, 'heavy'),
      )
    }))

  it('anywhere in a complete run is found from its lines alone', () =>
    withLog(path => {
      const bytes = Buffer.from(whole)
      fc.assert(
        fc.property(flips(bytes.length), ([index, flip]) => {
          writeFileSync(path, flipped(bytes, index, flip))
          expect(
            readAll(path).some(
              line => E.isLeft(line) || line.right.digest.expected !== line.right.digest.found,
            ),
          ).toBe(true)
        }),
        cases(800),
      )
    }))

  it('at bytes of the header and of a record is found by replay', () =>
    withLog(path => {
      const two = `${whole.split('\n').slice(0, 2).join('\n')}\n`
      const bytes = Buffer.from(two)
      for (let index = 0; index < bytes.length - 1; index += stride) {
        writeFileSync(path, flipped(bytes, index, 1 << (index % 8)))
        expect(E.isLeft(replay(path)), `byte ${index}`).toBe(true)
      }
    }))

  it('that gives invalid UTF-8 is not confused with a replacement character', () =>
    withLog(path => {
      // EF BF BD is U+FFFD, which a decoder also returns for invalid bytes such as F1 BF BD.
      const bodies = bodiesOf(short).map(body => body.replace('"backend":"wasm"', '"backend":"\uFFFD"'))
      const bytes = Buffer.from(sealed(bodies))
      writeFileSync(path, bytes)
      right(replay(path))
      writeFileSync(path, flipped(bytes, bytes.indexOf('\uFFFD'), 0xef ^ 0xf1))
      expect(left(replay(path)).message).toContain('is not UTF-8 text')
    }))

  it('that changes the last newline leaves an incomplete line', () =>
    withLog(path => {
      for (const flip of [1, 2, 128]) {
        writeFileSync(path, flipped(Buffer.from(short), short.length - 1, flip))
        expect(right(replay(path))).toMatchObject({ torn: 8, steps: 6 })
      }
    }))
})

describe('a truncated log', () => {
  it('at bytes of its last record is valid up to the record before, with a notice and exit code 2', () =>
    withLog(async path => {
      const last = short.lastIndexOf('\n', short.length - 2) + 1
      for (let length = short.length - 1; length > last; length -= stride) {
        writeFileSync(path, short.slice(0, length))
        expect(right(replay(path))).toMatchObject({ torn: 8, steps: 6, halted: false })
      }
      let [out, err] = ['', '']
      const terminal = {
        out: (text: string) => void (out += text),
        err: (text: string) => void (err += text),
      }
      expect(await commandLine(terminal)(['replay', path])).toBe(2)
      expect(out).toContain('the first 6 steps replay as logged')
      expect(err).toMatch(/^bilevel: Line 8 of .* is incomplete and was dropped/)
    }))

  it('at bytes of the final record ends in an incomplete line', () =>
    withLog(path => {
      const bytes = Buffer.from(whole)
      const last = bytes.lastIndexOf(10, bytes.length - 2) + 1
      for (let length = bytes.length - 1; length > last; length -= stride) {
        writeFileSync(path, bytes.subarray(0, length))
        expect(readAll(path).at(-1)).toEqual(E.left({ _tag: 'Torn', line: lines }))
      }
      expect(right(replay(path))).toMatchObject({ torn: lines, steps: lines - 2, halted: false })
    }))

  it('at any byte ends in an incomplete line, or between two records', () =>
    withLog(path => {
      fc.assert(
        fc.property(fc.nat(short.length), length => {
          writeFileSync(path, short.slice(0, length))
          const result = replay(path)
          const complete = short.slice(0, length).split('\n').length - 1
          if (complete === 0) expect(left(result)._tag).toBe('BadInput')
          else
            expect(right(result)).toMatchObject({
              steps: complete - 1,
              torn: short[length - 1] === '\n' ? null : complete + 1,
            })
        }),
        cases(300),
      )
    }))
})
