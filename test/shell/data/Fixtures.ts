import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { mkdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { zipSync } from 'fflate'
import { afterAll } from 'vitest'
import type { ShellError } from '../../../src/shell/base/ShellError.js'
import { decodeNpz } from '../../../src/shell/data/formats/decodeNpz.js'
import type { ImageSet } from '../../../src/shell/data/set/ImageSet.js'
import * as PixelScale from '../../../src/shell/data/set/PixelScale.js'

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

/** An NPY file with any text as its header, of version 1 or 2. */
export const npyOf = (header: string, data: ArrayBufferView, version: 1 | 2 = 1): Uint8Array => {
  const length = Buffer.alloc(version === 1 ? 2 : 4)
  if (version === 1) length.writeUInt16LE(header.length)
  else length.writeUInt32LE(header.length)
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from('NUMPY'), version, 0]),
    length,
    Buffer.from(header, 'latin1'),
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  ])
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
  return npyOf(`${dictionary.padEnd(Math.ceil((11 + dictionary.length) / 64) * 64 - 11)}\n`, data)
}

/** Reads an NPZ file that is alone in its task. */
export const readNpz =
  (classes: number) =>
  async (bytes: Uint8Array): Promise<E.Either<string, ImageSet>> =>
    pipe(
      await decodeNpz(classes)(bytes)(),
      E.chain(set =>
        pipe(
          PixelScale.decide(undefined)([{ name: 'training', pixels: set.pixels }]),
          E.map(scale => PixelScale.scaled(scale)(set)),
        ),
      ),
    )

/** A committed NPZ file of `test/data/npz`. */
export const committedNpz = (name: string): Promise<Uint8Array> =>
  readFile(fileURLToPath(new URL(`../../data/npz/${name}.npz`, import.meta.url)))

export const npzFile = (x: Uint8Array, y: Uint8Array, level: 0 | 6 = 0): Uint8Array =>
  zipSync({ 'x.npy': x, 'y.npy': y }, { level })

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A tarball's hash, as npm writes it. */
export const integrityOf = (bytes: Uint8Array): string =>
  `sha512-${createHash('sha512').update(bytes).digest('base64')}`

/**
 * The path of an npm that knows its environment only, for the variable `npm_execpath`. npm itself takes half a second to say what its
 * configuration is.
 */
export const plainNpm = async (at: ReturnType<typeof scratch>): Promise<string> =>
  put(
    await at('plain', 'npm-cli.js'),
    'console.log(JSON.stringify({ registry: process.env.npm_config_registry }))\n',
  )

/** The number of labels of each of ten classes. */
export const histogram = (labels: Uint8Array): ReadonlyArray<number> =>
  Array.from({ length: 10 }, (_, digit) => labels.filter(label => label === digit).length)

/** The mean byte of each channel. */
export const channelMeans = (pixels: Uint8Array, channels: number): ReadonlyArray<number> => {
  const sums = Array.from({ length: channels }, () => 0)
  for (let i = 0; i < pixels.length; i++) sums[i % channels]! += pixels[i]!
  return sums.map(sum => (sum * channels) / pixels.length)
}
