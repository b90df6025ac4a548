import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { zipSync } from 'fflate'
import { afterAll } from 'vitest'
import type { ShellError } from '../../../src/shell/base/ShellError.js'

/** The committed 600/400 split. */
export const npzFolder = fileURLToPath(new URL('../../data/mnist-1k-60-40', import.meta.url))

/** A new folder for a test file, removed when its tests are done. */
export const scratch = (): ((...names: ReadonlyArray<string>) => Promise<string>) => {
  const made = mkdtemp(join(tmpdir(), 'bilevel-data-'))
  afterAll(async () => rm(await made, { recursive: true, force: true }))
  return async (...names) => join(await made, ...names)
}

export const put = async (path: string, bytes: Uint8Array | string): Promise<string> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, bytes)
  return path
}

export const right = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(`expected a Right, but got ${JSON.stringify(result.left)}`)
  return result.right
}

export const left = <B>(result: E.Either<B, unknown>): B => {
  if (E.isRight(result)) throw new Error('expected a Left, but got a Right')
  return result.left
}

/** The message of an error of this kind; it must be one paragraph of full sentences. */
export const messageOf = (tag: ShellError['_tag'], result: E.Either<ShellError, unknown>): string => {
  const error = left(result)
  if (error._tag !== tag) throw new Error(`expected ${tag}, but got ${error._tag}: ${error.message}`)
  if (!/^[A-Z].*[.?]$/.test(error.message)) throw new Error(`not a paragraph of sentences: ${error.message}`)
  return error.message
}

/** An NPY file, written by hand, so that the reader is not tested against its own library. */
export const npyFile = (
  descr: string,
  shape: ReadonlyArray<number>,
  data: ArrayBufferView,
  fortran = false,
): Uint8Array => {
  const list = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const dictionary = `{'descr': '${descr}', 'fortran_order': ${fortran ? 'True' : 'False'}, 'shape': (${list}), }`
  const header = `${dictionary.padEnd(Math.ceil((11 + dictionary.length) / 64) * 64 - 11)}\n`
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length & 255, header.length >> 8]),
    Buffer.from(header),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ])
}

export const npzFile = (x: Uint8Array, y: Uint8Array, level: 0 | 6 = 0): Uint8Array =>
  zipSync({ 'x.npy': x, 'y.npy': y }, { level })

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A tarball's hash, as npm writes it. */
export const integrityOf = (bytes: Uint8Array): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`

/** The number of labels of each of ten classes. */
export const histogram = (labels: Uint8Array): ReadonlyArray<number> =>
  Array.from({ length: 10 }, (_, digit) => labels.filter(label => label === digit).length)

/** The mean byte of each channel. */
export const channelMeans = (pixels: Uint8Array, channels: number): ReadonlyArray<number> => {
  const sums = Array.from({ length: channels }, () => 0)
  for (let i = 0; i < pixels.length; i++) sums[i % channels]! += pixels[i]!
  return sums.map(sum => (sum * channels) / pixels.length)
}
