import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolders } from '../../../src/shell/base/folders.js'

const root = mkdtempSync(join(tmpdir(), 'bilevel-folders-'))
afterAll(() => rmSync(root, { recursive: true }))

describe('makeFolders', () => {
  it('creates a folder and its parents, and leaves existing folders alone', () => {
    const deep = join(root, 'a', 'b', 'c')
    makeFolders(deep)
    makeFolders(deep)
    expect(statSync(deep).isDirectory()).toBe(true)
  })

  it('throws if a file is in the way', () => {
    const file = join(root, 'file')
    writeFileSync(file, '')
    expect(() => makeFolders(file)).toThrow('EEXIST')
    expect(() => makeFolders(join(file, 'below'))).toThrow()
  })

  it.skipIf(!existsSync('/proc/self'))(
    'throws, and does not hang, if the file system refuses a folder',
    () => {
      expect(() => makeFolders('/proc/bilevel/run')).toThrow('ENOENT')
    },
  )
})
