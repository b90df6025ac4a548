import { randomUUID } from 'node:crypto'
import { appendFileSync, linkSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { encodeHeader } from '../../../src/core/log/RunLog.js'
import { create, digestOf, noLines, past, reopen } from '../../../src/shell/record/logFile.js'
import { readAll } from '../../support/logText.js'
import { headerOf, left, right, withFolder } from '../../support/recordedRun.js'

const header = headerOf('none', {})

const written = async (path: string, bodies: ReadonlyArray<string>): Promise<void> => {
  const log = right(await create(path)(header)())
  for (const body of bodies) right(await log.append(body)())
  log.close()
}

describe('a new log', () => {
  const names = (folder: string): ReadonlyArray<string> => readdirSync(folder)
  const headerLine = (folder: string): string => {
    const path = join(folder, 'run.jsonl')
    return readFileSync(path, 'utf8')
  }

  it('is there with its whole header, and nothing else is', () =>
    withFolder(async folder => {
      await written(join(folder, 'run.jsonl'), [])
      expect(names(folder)).toEqual(['run.jsonl'])
      expect(headerLine(folder).endsWith('"}\n')).toBe(true)
    }))

  it('takes the place of a log without a complete header, and of no other file', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      await written(path, [])
      const whole = readFileSync(path)
      for (const length of [0, 1, 17, 27, 28, 100, whole.length - 1]) {
        writeFileSync(path, whole.subarray(0, length))
        await written(path, [])
        expect(readFileSync(path).equals(whole), `cut to ${length} bytes`).toBe(true)
        expect(names(folder)).toEqual(['run.jsonl'])
      }
      for (const text of [
        whole.toString(),
        '\n',
        '{"format":"another"',
        'notes',
        `${whole.toString()}{"step`,
      ]) {
        writeFileSync(path, text)
        expect(left(await create(path)(header)()).message).toContain('EEXIST')
        expect(readFileSync(path, 'utf8')).toBe(text)
        expect(names(folder)).toEqual(['run.jsonl'])
      }
    }))

  it('is created by one of several that create it at once', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      const all = await Promise.all(Array.from({ length: 5 }, () => create(path)(header)()))
      expect(all.filter(E.isRight)).toHaveLength(1)
      for (const log of all) if (E.isRight(log)) log.right.close()
      expect(names(folder)).toEqual(['run.jsonl'])
    }))

  it('takes away the drafts that killed processes left', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      const draft = join(folder, `run.jsonl.${randomUUID()}.part`)
      writeFileSync(draft, '{"format')
      writeFileSync(join(folder, 'run.jsonl.part'), '')
      await written(path, ['{"a":1}'])
      expect(names(folder)).toEqual(['run.jsonl', 'run.jsonl.part'])
      // Killed between the link and the removal of the draft.
      linkSync(path, draft)
      const lines = readAll(path).map(right)
      const end = lines.reduce((at, line) => past(line)(at), noLines)
      right(await reopen(path)(end, end.bytes)()).close()
      expect(names(folder)).toEqual(['run.jsonl', 'run.jsonl.part'])
    }))
})

describe('a log file', () => {
  it('is read as it was written, for any text', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 8 }), texts =>
        withFolder(async folder => {
          const path = join(folder, 'run.jsonl')
          const bodies = texts.map(text => JSON.stringify({ text }))
          await written(path, bodies)
          const lines = readAll(path).map(right)
          expect(lines.map(({ body }) => body)).toEqual([encodeHeader(header), ...bodies])
          expect(lines.every(({ digest }) => digest.expected === digest.found)).toBe(true)
          expect(lines.map(({ line }) => line)).toEqual(lines.map((_, i) => i + 1))
        }),
      ),
      cases(30),
    ))

  it('finds lines that are longer than a read chunk', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      const bodies = [10, 65_000, 65_536, 200_000, 3].map(n => JSON.stringify({ text: 'é'.repeat(n) }))
      await written(path, bodies)
      expect(
        readAll(path)
          .slice(1)
          .map(line => right(line).body),
      ).toEqual(bodies)
    }))

  it('chains its digests: the same body has another digest at another place', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      await written(path, ['{"a":1}', '{"a":1}'])
      const [first, second, third] = readAll(path).map(right)
      expect(second?.digest.found).toBe(digestOf(first!.digest.found, '{"a":1}'))
      expect(third?.digest.found).not.toBe(second?.digest.found)
    }))

  it('that is cut anywhere in its last line loses only that line', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      await written(path, ['{"a":1}', '{"b":[1,2,3]}'])
      const whole = readFileSync(path)
      const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1
      for (let length = whole.length - 1; length > lastLine; length--) {
        truncateSync(path, length)
        const lines = readAll(path)
        expect(lines.slice(0, 2).every(E.isRight)).toBe(true)
        expect(lines[2]).toEqual(E.left({ _tag: 'Torn', line: 3 }))
        writeFileSync(path, whole)
      }
    }))

  it('continues after its complete lines, wherever the last one was cut', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      const bodies = ['{"a":1}', '{"b":"é"}', '{"c":[1,2,3]}']
      await written(path, bodies)
      const whole = readFileSync(path)
      const lastLine = whole.lastIndexOf(10, whole.length - 2) + 1
      for (let length = whole.length; length >= lastLine; length--) {
        truncateSync(path, length)
        const end = readAll(path)
          .filter(E.isRight)
          .reduce((at, { right: line }) => past(line)(at), noLines)
        expect(end.bytes).toBe(length === whole.length ? length : lastLine)
        const log = right(await reopen(path)(end, length)())
        if (length < whole.length) right(await log.append(bodies[2]!)())
        log.close()
        expect(readFileSync(path).equals(whole)).toBe(true)
      }
    }))

  it('is not reopened if another process has written to it', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      const first = right(await create(path)(header)())
      const end = readAll(path).reduce((at, line) => past(right(line))(at), noLines)
      const second = right(await reopen(path)(end, end.bytes)())
      right(await second.append('{"a":1}')())
      expect(left(await first.append('{"a":2}')()).message).toContain('another process')
      // Lines that were added after the log was read are never cut off.
      expect(left(await reopen(path)(end, end.bytes)()).message).toContain('another process')
      first.close()
      second.close()
      expect(readAll(path).map(line => right(line).body)).toEqual([encodeHeader(header), '{"a":1}'])
    }))

  it('names the line that cannot be read, and stops there', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      await written(path, ['{"a":1}'])
      appendFileSync(path, 'no log line\n{"b":1}\n')
      expect(readAll(path).slice(2)).toEqual([
        E.left({ _tag: 'Unreadable', line: 3, reason: 'does not end with a digest' }),
      ])
    }))

  it('refuses an endless line without reading all of it', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      await written(path, [])
      // 100 GB of zero bytes that take no room on the disk: to read all of them would end in the test's timeout.
      truncateSync(path, 1e11)
      expect(readAll(path)[1]).toMatchObject(E.left({ _tag: 'Unreadable', line: 2 }))
    }))

  it('never overwrites another one', () =>
    withFolder(async folder => {
      const path = join(folder, 'run.jsonl')
      await written(path, ['{"a":1}'])
      const before = readFileSync(path, 'utf8')
      expect(left(await create(path)(header)())).toMatchObject({ _tag: 'Environment' })
      expect(readFileSync(path, 'utf8')).toBe(before)
    }))

  it('reports an error if it cannot be written', () =>
    withFolder(async folder => {
      await written(join(folder, 'file'), ['{"a":1}'])
      expect(left(await create(join(folder, 'file', 'run.jsonl'))(header)()).message).toContain('--out')
    }))
})
