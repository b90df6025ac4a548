import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  cacheFolder,
  isWritable,
  readVerified,
  writeAtomically,
} from '../../../../src/shell/data/stored/cache.js'
import { messageOf, put, scratch } from '../Fixtures.js'

const at = scratch()
afterEach(() => vi.unstubAllEnvs())

const bytes = Buffer.from('some bytes')
const pinned = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }

describe('cacheFolder', () => {
  it('is that of BILEVEL_CACHE, or the platform’s', () => {
    vi.stubEnv('BILEVEL_CACHE', 'some/where')
    expect(cacheFolder()).toBe(join(process.cwd(), 'some', 'where'))
    vi.stubEnv('BILEVEL_CACHE', '')
    expect(isAbsolute(cacheFolder())).toBe(true)
    expect(cacheFolder()).toContain('bilevel-hpo')
  })
})

describe('writeAtomically, readVerified', () => {
  it('survives a round trip, and leaves no temporary files', async () => {
    const path = await at('deep', 'er', 'file')
    expect(await writeAtomically(path, Buffer.from('older'))()).toEqual(E.right(undefined))
    expect(await writeAtomically(path, bytes)()).toEqual(E.right(undefined))
    expect(await readVerified(path, pinned)()).toEqual({ _tag: 'Whole', bytes })
    expect(await readdir(await at('deep', 'er'))).toEqual(['file'])
  })

  it('distinguishes absent from corrupt files', async () => {
    expect(await readVerified(await at('nothing'), pinned)()).toEqual({ _tag: 'Absent' })
    const path = await put(await at('cut'), bytes.subarray(1))
    expect(await readVerified(path, pinned)()).toMatchObject({
      _tag: 'Corrupt',
      problem: 'it has 9 bytes instead of 10',
    })
    await writeFile(path, Buffer.from('some bytez'))
    expect(await readVerified(path, pinned)()).toMatchObject({
      _tag: 'Corrupt',
      problem: 'its SHA-256 is not the expected one',
    })
    expect(await readVerified(await at(), { ...pinned, bytes: 4096 })()).toMatchObject({ _tag: 'Corrupt' })
  })

  it('gives advice if it cannot write, and writes nothing', async () => {
    // A file instead of a folder stops every user, the superuser too.
    const file = await put(await at('file'), bytes)
    const message = messageOf('Environment', await writeAtomically(join(file, 'inside', 'x'), bytes)())
    expect(message).toContain('BILEVEL_CACHE')
    expect(message).toContain(file)
    // With a folder at the file's path the write succeeds, but the rename fails.
    await put(await at('taken', 'x', 'y'), '')
    messageOf('Environment', await writeAtomically(await at('taken', 'x'), bytes)())
    expect(await readdir(await at('taken'))).toEqual(['x'])
    expect(await readFile(file)).toEqual(bytes)
  })

  it.skipIf(!existsSync('/proc/self'))('does not hang if no folder can be created', async () => {
    expect(messageOf('Environment', await writeAtomically('/proc/bilevel-cache/mnist/x', bytes)())).toContain(
      'BILEVEL_CACHE',
    )
  })

  it('recognises a writable folder before it exists', async () => {
    expect(await isWritable(await at('not', 'yet'))()).toBe(true)
    expect(await isWritable(await put(await at('plain'), ''))()).toBe(false)
    expect(await isWritable(await at('plain', 'inside'))()).toBe(false)
  })
})
