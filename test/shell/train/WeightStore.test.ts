import * as O from 'fp-ts/lib/Option.js'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import {
  folderPersistence,
  keepOnly,
  missingFrom,
  weightStore,
} from '../../../src/shell/train/WeightStore.js'
import { left, run } from './fixtures.js'

const root = mkdtempSync(join(tmpdir(), 'bilevel-weights-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder = ''
beforeEach(() => {
  folder = join(mkdtempSync(join(root, 'run-')), 'weights')
})

const weights = Float32Array.of(1, -2.5, 3e-8)
const initial = Float32Array.of(0, 0, 0)

describe('in a folder', () => {
  test('a later process finds the weights of an earlier one, as little-endian float32', async () => {
    await run(weightStore(initial, folderPersistence(folder)).put('w3', weights))
    expect(readdirSync(folder).sort()).toEqual(['w3.f32', 'w3.f32.sha256'])
    expect(readFileSync(join(folder, 'w3.f32')).readFloatLE(4)).toBe(-2.5)
    const later = weightStore(initial, folderPersistence(folder))
    expect(await run(later.get('w3'))).toEqual(O.some(weights))
    expect(await run(later.get('w4'))).toEqual(O.none)
    expect(await run(later.get('initial'))).toEqual(O.some(initial))
    later.release(['w3', 'w4', 'initial'])
    expect(readdirSync(folder)).toEqual([])
    expect(await run(later.get('w3'))).toEqual(O.none)
    expect(await run(later.get('initial'))).toEqual(O.some(initial))
  })

  test('clearing clears the memory, not the files', async () => {
    const store = weightStore(initial, folderPersistence(folder))
    await run(store.put('w1', weights))
    store.clear()
    expect(await run(store.get('w1'))).toEqual(O.some(weights))
  })

  test('in the folder of a killed run, missing weights are found and unneeded files are deleted', async () => {
    keepOnly(folder)(['w1'])()
    expect(missingFrom(folder)(['w1'])).toEqual(['w1'])
    const store = weightStore(initial, folderPersistence(folder))
    for (const ref of ['w1', 'w2', 'w12']) await run(store.put(ref, weights))
    for (const name of ['w1.f32.partial', 'w1.f32.sha256.partial', 'notes.txt', 'w2.txt'])
      writeFileSync(join(folder, name), '')
    expect(missingFrom(folder)(['w1', 'w3', 'w12'])).toEqual(['w3'])
    keepOnly(folder)(['w1', 'w12'])()
    expect(readdirSync(folder).sort()).toEqual([
      'notes.txt',
      'w1.f32',
      'w1.f32.sha256',
      'w12.f32',
      'w12.f32.sha256',
      'w2.txt',
    ])
  })

  test('a truncated or damaged file without a checksum is refused, and the message names it', async () => {
    const store = weightStore(initial, folderPersistence(folder))
    await run(store.put('w1', weights))
    store.clear()
    rmSync(join(folder, 'w1.f32.sha256'))
    writeFileSync(join(folder, 'w1.f32'), new Uint8Array(11))
    expect(left(await store.get('w1')()).message).toContain('w1.f32 cannot be used: it holds 11 bytes')
    const damaged = Buffer.alloc(12)
    damaged.writeFloatLE(NaN, 8)
    writeFileSync(join(folder, 'w1.f32'), damaged)
    expect(left(await store.get('w1')()).message).toContain('index 2')
  })

  test.skipIf(!existsSync('/proc/self'))('a folder that no system makes is no reason to hang', async () => {
    const error = left(await folderPersistence('/proc/bilevel-run/weights').save('w1', weights)())
    expect(error._tag).toBe('Environment')
  })

  test('a folder that cannot be created is an Environment error', async () => {
    writeFileSync(join(folder, '..', 'file'), '')
    const error = left(await folderPersistence(join(folder, '..', 'file')).save('w1', weights)())
    expect(error._tag).toBe('Environment')
    expect(error.message).toContain('w1')
  })
})
