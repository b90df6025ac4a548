import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { encode as encodePng } from 'fast-png'
import { create } from 'tar'
import { describe, expect, it } from 'vitest'
import { normals, make as makeRng } from '../../../../src/core/numeric/Rng.js'
import { cacheFolder } from '../../../../src/shell/data/stored/cache.js'
import {
  cifar10Package,
  cifar10Set,
  loadCifar10,
  type Cifar10Package,
} from '../../../../src/shell/data/stored/cifar10.js'
import { encode } from '../../../../src/shell/data/formats/CifarBinary.js'
import { loadSplits } from '../../../../src/shell/data/loadSplits.js'
import type { DataProgress } from '../../../../src/shell/data/stored/DataProgress.js'
import { fetchSet, folderOf, statusOf } from '../../../../src/shell/data/stored/StoredSet.js'
import { channelMeans, histogram, integrityOf, messageOf, put, right, scratch, sha256 } from '../Fixtures.js'

const at = scratch()

const perBatch = 4
const batchNames = [
  'data_batch_1',
  'data_batch_2',
  'data_batch_3',
  'data_batch_4',
  'data_batch_5',
  'test_batch',
]

const noise = (seed: number): Uint8Array => {
  const [values] = normals(perBatch * 3072)(makeRng(seed))
  return Uint8Array.from(values, value => 128 + 40 * value)
}
/** Pixels and labels of each batch: image i of batch k has the class (k + i) mod 10. */
const batches = batchNames.map((name, k) => ({
  name,
  pixels: noise(k),
  labels: Uint8Array.from({ length: perBatch }, (_, i) => (k + i) % 10),
}))
const labelList = (from: number, to: number): string =>
  JSON.stringify(batches.slice(from, to).flatMap(({ labels }) => [...labels]))

const pngOf = (pixels: Uint8Array): Uint8Array =>
  encodePng({ width: 1024, height: perBatch, data: pixels, channels: 3, depth: 8 })

/** The files of a small package like the real one: six batches of four images. */
const sources = (): Record<string, Uint8Array> => ({
  ...Object.fromEntries(batches.map(({ name, pixels }) => [`${name}.png`, pngOf(pixels)])),
  'train_lables.json': Buffer.from(labelList(0, 5)),
  'test_lables.json': Buffer.from(labelList(5, 6)),
})

interface Packed {
  readonly from: Cifar10Package
  readonly spec: string
}

/** A package that is pinned by the hash of its own tarball, with any files. */
const packed = async (name: string, files: Record<string, Uint8Array>): Promise<Packed> => {
  const root = await at(name)
  for (const [path, bytes] of Object.entries(files)) await put(join(root, 'package', path), bytes)
  await put(join(root, 'package', 'package.json'), JSON.stringify({ name: 'tiny-cifar', version: '1.0.0' }))
  const tarball = await at(`${name}.tgz`)
  await create({ gzip: true, cwd: root, file: tarball, portable: true }, ['package'])
  const bytes = await readFile(tarball)
  return {
    spec: `file:${tarball}`,
    from: {
      name: 'tiny-cifar',
      version: '1.0.0',
      integrity: integrityOf(bytes),
      packedBytes: bytes.length,
      files: Object.entries(files).map(([path, content]) => ({
        name: path,
        path: `package/${path}`,
        bytes: content.length,
        sha256: sha256(content),
      })),
      byHand: 'Or get it by hand.',
      perBatch,
      batches: batches.map(batch => {
        const binary = encode(batch)
        return { name: `${batch.name}.bin`, bytes: binary.length, sha256: sha256(binary) }
      }),
    },
  }
}
const whole = packed('whole', sources())

describe('CIFAR-10 from a package of PNG images', () => {
  it('is fetched once, cached in its official form, and read from the cache', async () => {
    const { from, spec } = await whole
    const cache = await at('cache')
    const seen: DataProgress[] = []
    const options = { cache, from, spec, onProgress: (p: DataProgress) => seen.push(p) }
    const train = right(await loadCifar10('train', options)())
    expect(seen.filter(p => p._tag === 'Unpacking').map(p => p.done)).toEqual([0, 1, 2, 3, 4, 5])
    expect(seen.at(-1)).toMatchObject({ _tag: 'Stored', name: 'tiny-cifar@1.0.0' })
    expect(train.shape).toEqual([32, 32, 3])
    expect([...train.labels]).toEqual(batches.slice(0, 5).flatMap(({ labels }) => [...labels]))
    expect(Buffer.compare(train.pixels, Buffer.concat(batches.slice(0, 5).map(b => b.pixels)))).toBe(0)
    expect((await readdir(join(cache, 'cifar10'))).sort()).toEqual(batchNames.map(name => `${name}.bin`))

    seen.length = 0
    // The package no longer exists, so the cache must suffice.
    const test = right(await loadCifar10('test', { ...options, spec: 'file:not-there.tgz' })())
    expect(Buffer.compare(test.pixels, batches[5]!.pixels)).toBe(0)
    expect([...test.labels]).toEqual([...batches[5]!.labels])
    expect(seen).toEqual([])
  })

  it('is fetched again if a file is damaged or missing', async () => {
    const { from, spec } = await whole
    const cache = await at('damaged')
    const options = { cache, from, spec }
    right(await fetchSet(cifar10Set(from), options)())
    const folder = folderOf(cifar10Set(from), cache)
    await put(join(folder, 'data_batch_3.bin'), new Uint8Array(perBatch * 3073))
    expect(await statusOf(cifar10Set(from), cache)()).toMatchObject({ complete: false })
    const seen: DataProgress[] = []
    const train = right(await loadCifar10('train', { ...options, onProgress: p => seen.push(p) })())
    expect(seen[0]).toMatchObject({ _tag: 'Replacing', problem: 'its SHA-256 is not the expected one' })
    expect(
      Buffer.compare(train.pixels.subarray(2 * perBatch * 3072, 3 * perBatch * 3072), batches[2]!.pixels),
    ).toBe(0)
    expect(await statusOf(cifar10Set(from), cache)()).toMatchObject({ complete: true })
  })

  it('leaves nothing in the cache if the tarball has another hash', async () => {
    const { from, spec } = await whole
    const cache = await at('wrong-hash')
    const other = { ...from, integrity: integrityOf(Buffer.from('other')) }
    expect(messageOf('Environment', await fetchSet(cifar10Set(other), { cache, spec })())).toContain(
      'was refused',
    )
    expect(existsSync(cache)).toBe(false)
  })

  const second = pngOf(noise(77))
  const huge = Uint8Array.from(pngOf(batches[0]!.pixels))
  new DataView(huge.buffer).setUint32(20, 0xffffffff)
  it.each<[string, Record<string, Uint8Array>, string]>([
    [
      'a truncated PNG image',
      { 'data_batch_1.png': second.subarray(0, 9000) },
      '"data_batch_1.png" of the package',
    ],
    [
      'a PNG image of a huge height',
      { 'data_batch_1.png': huge },
      'states 1,024×4,294,967,295 pixels, not 1,024×4',
    ],
    [
      'a PNG image with one photograph too many',
      {
        'data_batch_2.png': encodePng({
          width: 1024,
          height: perBatch + 1,
          data: new Uint8Array((perBatch + 1) * 3072),
          channels: 3,
          depth: 8,
        }),
      },
      'states 1,024×5 pixels, not 1,024×4',
    ],
    [
      'other photographs',
      { 'test_batch.png': second },
      'the hash of the batch "test_batch.bin" made from it is not the expected one',
    ],
    [
      'a file that is not a PNG image',
      { 'test_batch.png': Buffer.from('<html>'.repeat(20)) },
      'it is not a PNG file',
    ],
    ['too few labels', { 'test_lables.json': Buffer.from('[1,2,3]') }, 'it has 3 labels, not 4'],
    [
      'a label of an 11th class',
      { 'test_lables.json': Buffer.from('[1,2,3,10]') },
      'not a list of labels in 0…9',
    ],
    ['a negative label', { 'test_lables.json': Buffer.from('[1,2,3,-1]') }, 'not a list of labels in 0…9'],
    ['a broken label', { 'test_lables.json': Buffer.from('[1,2,3,1.5]') }, 'not a list of labels in 0…9'],
    [
      'labels as text',
      { 'test_lables.json': Buffer.from('["1","2","3","4"]') },
      'not a list of labels in 0…9',
    ],
    ['labels that are not JSON', { 'train_lables.json': Buffer.from('[1,2') }, 'it is not JSON'],
    ['labels that are not UTF-8', { 'train_lables.json': Buffer.of(0xff, 0xfe) }, 'it is not JSON'],
  ])('is refused with %s, with advice', async (name, files, problem) => {
    const { from, spec } = await packed(name.replaceAll(/\W/g, '-'), { ...sources(), ...files })
    const cache = await at(`cache ${name}`)
    const message = messageOf('Environment', await loadCifar10('test', { cache, from, spec })())
    expect(message).toContain(problem)
    expect(message).toContain('Or get it by hand.')
    expect(await statusOf(cifar10Set(from), cache)()).toMatchObject({ complete: false })
  })
})

describe('CIFAR-10 from a folder of binary batches', () => {
  const filled = async (name: string): Promise<string> => {
    const folder = await at(name)
    for (const batch of batches) await put(join(folder, `${batch.name}.bin`), encode(batch))
    return folder
  }
  const config = { source: 'cifar10', train: 12, validation: 8, folder: 'official' } as const

  it('is split like any other set, and scaled to [0, 1]', async () => {
    const folder = await filled('official')
    const baseFolder = join(folder, '..')
    const { train, validation, test } = right(await loadSplits(config, { seed: 1, baseFolder })())
    expect([train.labels.length, validation.labels.length, test?.labels.length]).toEqual([12, 8, perBatch])
    expect(test?.shape).toEqual([32, 32, 3])
    expect(test?.images).toEqual(Float32Array.from(batches[5]!.pixels, byte => byte / 255))
    // Each of the twenty images is used once.
    expect(histogram(Uint8Array.of(...train.labels, ...validation.labels))).toEqual(
      histogram(Uint8Array.from(batches.slice(0, 5).flatMap(({ labels }) => [...labels]))),
    )
  })

  it('says that there are too few images', async () => {
    const folder = await filled('few')
    const few = { ...config, train: 15, folder }
    expect(messageOf('BadInput', await loadSplits(few, { seed: 1, baseFolder: '.' })())).toContain(
      'the source has only 20. Lower `data.train`',
    )
  })

  it.each<[string, (folder: string) => Promise<unknown>, string]>([
    ['no such folder', () => Promise.resolve(), 'there is no such file'],
    [
      'a truncated batch',
      async folder => put(join(folder, 'data_batch_2.bin'), encode(batches[1]!).subarray(0, 9000)),
      'it has 9,000 bytes, but must have one or more records',
    ],
    [
      'a label out of range',
      async folder =>
        put(join(folder, 'data_batch_2.bin'), encode({ ...batches[1]!, labels: Uint8Array.of(1, 2, 3, 99) })),
      'the label of record 3 (counted from 0) is 99',
    ],
    [
      'a folder instead of a batch',
      async folder => put(join(folder, 'data_batch_2.bin', 'x'), ''),
      'it is a folder',
    ],
  ])('is refused with %s, with the name of the file and advice', async (name, prepare, problem) => {
    const folder = await at(name)
    await prepare(folder)
    if (existsSync(folder)) await put(join(folder, 'data_batch_1.bin'), encode(batches[0]!))
    const message = messageOf('BadInput', await loadCifar10('train', { folder })())
    expect(message).toContain(problem)
    expect(message).toContain(`The file "${folder}`)
    expect(message).toContain('Put the six official files')
  })
})

// 139 MB: only if they are cached, or an environment variable requests them.
const wanted =
  process.env['BILEVEL_TEST_CIFAR10'] === '1' || existsSync(folderOf(cifar10Set(), cacheFolder()))

describe.runIf(wanted)('CIFAR-10 itself, cached or downloaded', () => {
  it('has the known channel means, numbers of labels and first labels', async () => {
    const train = right(await loadCifar10('train')())
    expect(train.labels.length).toBe(50_000)
    expect(histogram(train.labels)).toEqual(Array.from({ length: 10 }, () => 5000))
    const [red, green, blue] = channelMeans(train.pixels, 3)
    expect(red).toBeCloseTo(125.307, 2)
    expect(green).toBeCloseTo(122.95, 2)
    expect(blue).toBeCloseTo(113.865, 2)
    // Frog, truck, truck, deer, automobile, …: the order of the official batches.
    expect([...train.labels.subarray(0, 10)]).toEqual([6, 9, 9, 4, 1, 1, 2, 7, 8, 3])
    const test = right(await loadCifar10('test')())
    expect(histogram(test.labels)).toEqual(Array.from({ length: 10 }, () => 1000))
    expect([...test.labels.subarray(0, 10)]).toEqual([3, 8, 8, 0, 6, 6, 1, 6, 3, 1])
  })

  it('is the same from a folder, since the cached files have the official form', async () => {
    const folder = folderOf(cifar10Set(), cacheFolder())
    const [cached, given] = [
      right(await loadCifar10('test')()),
      right(await loadCifar10('test', { folder })()),
    ]
    expect(Buffer.compare(cached.pixels, given.pixels)).toBe(0)
    expect(cifar10Package.batches.every(({ bytes }) => bytes === 10_000 * 3073)).toBe(true)
  })
})
