import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { makeFolders } from '../../../src/shell/base/folders.js'

const root = mkdtempSync(join(tmpdir(), 'bilevel-folders-'))
afterAll(() => rmSync(root, { recursive: true }))

describe('makeFolders', () => {
  it('makes a folder and all above it, and leaves alone what is there', () => {
    const deep = join(root, 'a', 'b', 'c')
    makeFolders(deep)
    makeFolders(deep)
    expect(statSync(deep).isDirectory()).toBe(true)
  })

  it('throws where a file is in the way', () => {
    const file = join(root, 'file')
    writeFileSync(file, '')
    expect(() => makeFolders(file)).toThrow('EEXIST')
    expect(() => makeFolders(join(file, 'below'))).toThrow()
  })

  it.skipIf(!existsSync('/proc/self'))('comes back where the system makes no folder', () => {
    expect(() => makeFolders('/proc/bilevel/run')).toThrow('ENOENT')
  })
})
