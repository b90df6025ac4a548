/**
 * Reads a zip file of any size in small chunks: computes its hash, lists its members, and unpacks the planned ones.
 *
 * fflate buffers the data of a member that has no reader. So each member gets a decoder, and the decoder of an
 * unwanted member drops its data. Memory stays at a few chunks.
 */
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, symlinkSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Unzip, UnzipInflate, UnzipPassThrough, type UnzipDecoder } from 'fflate'
import type { Layout, Member } from './Layout.js'

const chunkBytes = 2 ** 16

/** Passes the bytes of a file to `use`, chunk by chunk. */
const readChunks = (path: string, use: (chunk: Uint8Array) => void): void => {
  const file = openSync(path, 'r')
  try {
    for (;;) {
      // A new array each time, since the unzipper may keep the end of the last one.
      const chunk = new Uint8Array(chunkBytes)
      const read = readSync(file, chunk)
      if (read === 0) return
      use(chunk.subarray(0, read))
    }
  } finally {
    closeSync(file)
  }
}

const nothing = new Uint8Array(0)

/** A decoder that decodes wanted members with `make()`, and drops the data of all others. */
const decoderOf = (compression: number, make: () => UnzipDecoder, wanted: (name: string) => boolean) =>
  class implements UnzipDecoder {
    static readonly compression = compression
    readonly #inner: UnzipDecoder | null
    constructor(name: string) {
      this.#inner = wanted(name) ? make() : null
    }
    ondata: UnzipDecoder['ondata'] = () => undefined
    push(chunk: Uint8Array, final: boolean): void {
      if (this.#inner === null) return
      this.#inner.ondata = this.ondata
      this.#inner.push(chunk, final)
    }
  }

const reader = (wanted: (name: string) => boolean, onfile: Unzip['onfile']): Unzip => {
  const unzip = new Unzip(onfile)
  unzip.register(decoderOf(0, () => new UnzipPassThrough(), wanted))
  unzip.register(decoderOf(8, () => new UnzipInflate(), wanted))
  return unzip
}

/** The SHA-256 of a file, in hexadecimal. Throws the errors of reading it. */
export const sha256Of = (path: string): string => {
  const hash = createHash('sha256')
  readChunks(path, chunk => hash.update(chunk))
  return hash.digest('hex')
}

/** The members of a zip file, with their stated sizes. Throws if the file cannot be read, or is not a complete zip file. */
export const membersOf = (path: string): ReadonlyArray<Member> => {
  const members: Array<Member> = []
  const unzip = reader(
    () => false,
    file => {
      members.push({ name: file.name, bytes: file.originalSize })
      file.ondata = () => undefined
      file.start()
    },
  )
  readChunks(path, chunk => unzip.push(chunk))
  unzip.push(nothing, true)
  return members
}

/** Unpacks the planned files and creates the links in an empty folder. Throws on errors of the zip file or the disk. */
export const unpack = (path: string, { files, links }: Layout, folder: string): void => {
  const planned = new Map(files.map(file => [file.member, file]))
  const done = new Set<string>()
  // The output file of the current member; `null` between members.
  const output: { file: number | null } = { file: null }
  const unzip = reader(
    name => planned.has(name),
    entry => {
      const wanted = planned.get(entry.name)
      let written = 0
      entry.ondata = (error, data, final) => {
        if (error !== null) throw error
        if (wanted === undefined || output.file === null) return
        written += data.length
        if (written > wanted.bytes) throw new Error(`the member ${entry.name} is larger than its stated size`)
        for (let at = 0; at < data.length;) at += writeSync(output.file, data, at)
        if (!final) return
        if (written < wanted.bytes)
          throw new Error(`the member ${entry.name} is smaller than its stated size`)
        closeSync(output.file)
        output.file = null
        done.add(wanted.to)
      }
      if (wanted !== undefined) {
        const to = join(folder, wanted.to)
        mkdirSync(dirname(to), { recursive: true })
        output.file = openSync(to, 'wx', 0o644)
      }
      entry.start()
    },
  )
  try {
    readChunks(path, chunk => unzip.push(chunk))
    unzip.push(nothing, true)
  } finally {
    if (output.file !== null) closeSync(output.file)
  }
  const missing = files.find(({ to }) => !done.has(to))
  if (missing !== undefined) throw new Error(`the member ${missing.member} ends too early`)
  for (const { at, target } of links) symlinkSync(target, join(folder, at))
}
