import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { zipSync, type Zippable } from 'fflate'
import { describe, expect, test } from 'vitest'
import { make, normals } from '../../../src/core/numeric/Rng.js'
import { isLaidOut, layOut } from '../../../src/shell/setup/deps.js'
import { planOf } from '../../../src/shell/setup/Layout.js'
import { membersOf, sha256Of, unpack } from '../../../src/shell/setup/unpack.js'
import type { PinnedWheel } from '../../../src/shell/setup/wheel.js'
import { withFolder } from '../../support/recordedRun.js'
import { left, right } from '../train/fixtures.js'

/** Bytes that compress badly, so that a member spans many chunks. */
const noise = (count: number, seed: number): Uint8Array => {
  const [values] = normals(count)(make(seed))
  return Uint8Array.from(values, value => Math.round(40 * value) & 255)
}

const library = noise(700_001, 1)
const text = (value: string): Uint8Array => new TextEncoder().encode(value)
/** A small wheel: wanted and unwanted members, compressed, stored and empty. */
const contents: Zippable = {
  'tensorflow/__init__.py': noise(200_000, 2),
  'tensorflow/libtensorflow_cc.so.2': library,
  'tensorflow/include/tensorflow/c/c_api.h': [text('// C'), { level: 0 }],
  'tensorflow/include/tensorflow/c/eager/c_api.h': text('// eager'),
  'tensorflow/include/tensorflow/c/empty.h': new Uint8Array(0),
  'tensorflow/python/big.so': [noise(300_000, 3), { level: 0 }],
  'tensorflow/libtensorflow_framework.so.2': noise(90_000, 4),
  'tensorflow/last.py': text('x'),
}
const zip = zipSync(contents)

const wheelOf = (bytes: Uint8Array): PinnedWheel => ({
  project: 'p',
  version: '1',
  file: 'p.whl',
  bytes: bytes.length,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  tags: { python: '3.11', abi: 'cp311', platform: 'any' },
})

const put = (folder: string, bytes: Uint8Array): string => {
  const path = join(folder, 'p.whl')
  writeFileSync(path, bytes)
  return path
}

describe('a zip file, read in small chunks,', () => {
  test('is listed with its sizes, and hashed', () =>
    withFolder(folder => {
      const path = put(folder, zip)
      expect(membersOf(path)).toEqual(
        Object.entries(contents).map(([name, entry]) => ({
          name,
          bytes: (Array.isArray(entry) ? entry[0] : (entry as Uint8Array)).length,
        })),
      )
      expect(sha256Of(path)).toBe(wheelOf(zip).sha256)
    }))

  test('is unpacked as planned, without its other members', () =>
    withFolder(folder => {
      const path = put(folder, zip)
      const deps = join(folder, 'deps')
      mkdirSync(deps)
      unpack(path, right(planOf(membersOf(path))), deps)
      expect(readFileSync(join(deps, 'lib/libtensorflow_cc.so.2')).equals(library)).toBe(true)
      // Read through the links, as the linker does.
      for (const name of ['libtensorflow.so', 'libtensorflow.so.2.9.1']) {
        expect(readlinkSync(join(deps, 'lib', name))).toBe('libtensorflow_cc.so.2')
        expect(readFileSync(join(deps, 'lib', name)).equals(library)).toBe(true)
      }
      expect(readFileSync(join(deps, 'include/tensorflow/c/c_api.h'), 'utf8')).toBe('// C')
      expect(readdirSync(join(deps, 'include/tensorflow/c')).sort()).toEqual(['c_api.h', 'eager', 'empty.h'])
      expect(readdirSync(deps).sort()).toEqual(['include', 'lib'])
    }))

  test('is refused if it is truncated anywhere', () =>
    withFolder(folder => {
      const layout = right(planOf(membersOf(put(folder, zip))))
      for (const [k, share] of [0.3, 0.6, 0.9].entries()) {
        const deps = join(folder, `deps${k}`)
        mkdirSync(deps)
        const path = put(folder, zip.subarray(0, Math.floor(share * zip.length)))
        expect(() => unpack(path, layout, deps)).toThrow()
      }
    }))

  test('is refused if a member is larger or smaller than its stated size', () =>
    withFolder(folder => {
      const path = put(folder, zip)
      const layout = right(planOf(membersOf(path)))
      for (const [k, more] of [-1, 1].entries()) {
        const deps = join(folder, `deps${k}`)
        mkdirSync(deps)
        const files = layout.files.map((file, i) => (i === 0 ? { ...file, bytes: file.bytes + more } : file))
        expect(() => unpack(path, { ...layout, files }, deps)).toThrow(/larger|smaller/)
      }
    }))
})

describe('layOut', () => {
  test('removes the partial folder of a killed process, but not that of a running one', () =>
    withFolder(folder => {
      const path = put(folder, zip)
      // A process that has ended, so that no process has its id.
      const { pid } = spawnSync(process.execPath, ['--version'])
      const [dead, living] = [`.${pid}-a.partial`, `.${process.ppid}-b.partial`]
      for (const name of [dead, living]) {
        mkdirSync(join(folder, name))
        writeFileSync(join(folder, name, 'half'), '')
      }
      right(layOut(folder, path, wheelOf(zip)))
      expect(readdirSync(folder).sort()).toEqual([living, 'deps', 'p.whl'])
    }))

  test('replaces deps entirely, and recognises it later', () =>
    withFolder(folder => {
      const wheel = wheelOf(zip)
      const path = put(folder, zip)
      mkdirSync(join(folder, 'deps'))
      writeFileSync(join(folder, 'deps', 'old'), '')
      expect(isLaidOut(folder, wheel)).toBe(false)
      expect(right(layOut(folder, path, wheel)).files).toHaveLength(5)
      expect(isLaidOut(folder, wheel)).toBe(true)
      expect(isLaidOut(folder, { ...wheel, sha256: 'other' })).toBe(false)
      expect(existsSync(join(folder, 'deps', 'old'))).toBe(false)
      expect(readdirSync(folder).sort()).toEqual(['deps', 'p.whl'])
    }))

  test('leaves deps unchanged if it fails, and no partial folder', () =>
    withFolder(folder => {
      mkdirSync(join(folder, 'deps'))
      writeFileSync(join(folder, 'deps', 'old'), '')
      const short = zip.subarray(0, 400_000)
      for (const bytes of [short, text('no zip at all'), zipSync({ 'a.txt': text('a') })]) {
        const error = left(layOut(folder, put(folder, bytes), wheelOf(bytes)))
        expect(error._tag).toBe('Environment')
        expect(error.message).toContain('--backend auto uses wasm')
        expect(readdirSync(folder).sort()).toEqual(['deps', 'p.whl'])
        expect(readdirSync(join(folder, 'deps'))).toEqual(['old'])
      }
    }))
})
