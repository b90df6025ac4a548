import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  available,
  defaultFolder,
  make,
  readIfThere,
  writeWhole,
} from '../../../src/shell/record/RunFolder.js'
import { left, right, withFolder } from '../../support/recordedRun.js'

const isRoot = process.getuid?.() === 0

describe('a run folder', () => {
  it('is created with its parents when it is needed', () =>
    withFolder(folder => {
      const run = join(folder, 'a', 'b')
      right(available(run))
      expect(existsSync(join(folder, 'a'))).toBe(false)
      right(make(run))
      expect(readdirSync(run)).toEqual([])
    }))

  it('may exist already, with other files in it', () =>
    withFolder(folder => {
      writeFileSync(join(folder, 'notes.txt'), '')
      right(make(folder))
    }))

  it.each(['run.jsonl', 'summary.json', 'timings.json', 'weights'])('is refused if it contains %s', name =>
    withFolder(folder => {
      writeFileSync(join(folder, name), '\n')
      const error = left(available(folder))
      expect(error._tag).toBe('BadInput')
      expect(error.message).toContain('already holds a run')
      expect(error.message).toContain('--out')
    }),
  )

  it('of a run that was killed as it began is taken', () =>
    withFolder(folder => {
      // An older version left an empty log; this one may leave the draft of a log.
      writeFileSync(join(folder, 'run.jsonl'), '')
      writeFileSync(join(folder, `run.jsonl.${randomUUID()}.part`), '{"format":')
      right(make(folder))
    }))

  it('is refused if a part of its path is a file', () =>
    withFolder(folder => {
      const file = join(folder, 'file')
      writeFileSync(file, '')
      for (const path of [file, join(file, 'run'), join(file, 'runs', 'a')]) {
        expect(left(available(path))).toMatchObject({ _tag: 'BadInput' })
        expect(left(make(path)).message).toContain('is a file, not a folder')
      }
    }))

  it.skipIf(isRoot)('is refused where it may not be written', () =>
    withFolder(folder => {
      const locked = join(folder, 'locked')
      mkdirSync(locked)
      chmodSync(locked, 0o500)
      expect(left(available(join(locked, 'run')))._tag).toBe('BadInput')
      chmodSync(locked, 0o700)
    }),
  )

  it.skipIf(!existsSync('/proc/self'))(
    'is refused where nothing can be made, however the system says so',
    () => {
      expect(left(make('/proc/bilevel-run'))._tag).toBe('BadInput')
    },
  )

  it('has a default name that is unused and contains no separator', () => {
    expect(defaultFolder('../my config!', 3)).toBe(join('runs', 'my-config--3'))
  })
})

describe('writing a file', () => {
  it('leaves a complete file, and nothing else', () =>
    withFolder(folder => {
      right(writeWhole(join(folder, 'a.json'))('{}'))
      expect(readdirSync(folder)).toEqual(['a.json'])
      expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('{}')
      expect(left(writeWhole(join(folder, 'no', 'a.json'))('{}'))._tag).toBe('Environment')
    }))

  it('reads a file back, returns null if there is none, and refuses one that is too large', () =>
    withFolder(folder => {
      const path = join(folder, 'a')
      expect(readIfThere(path, 10)).toEqual(E.right(null))
      writeFileSync(path, '12345')
      expect(readIfThere(path, 10)).toEqual(E.right('12345'))
      expect(left(readIfThere(path, 4))._tag).toBe('BadInput')
    }))
})
