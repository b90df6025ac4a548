/**
 * A zip file of any size, read in small chunks: its hash, what is in it, and the unpacking of a planned part of it.
 *
 * fflate keeps what belongs to a member that nobody reads, so every member gets a decoder, and that of an unwanted one
 * drops what it is given. Memory stays at a few chunks.
 */
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync, readSync, symlinkSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { Unzip, UnzipInflate, UnzipPassThrough, type UnzipDecoder } from 'fflate'
import type { Layout, Member } from './Layout.js'

const chunkBytes = 2 ** 16

/** The bytes of a file, chunk by chunk; `use` may not keep them. */
const readChunks = (path: string, use: (chunk: Uint8Array) => void): void => {
  const file = openSync(path, 'r')
  try {
    for (;;) {
      // A fresh one each time: the unzipper may hold on to the end of the last.
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

/** A decoder of the given kind for wanted members, and one that drops everything for the others. */
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

/** The SHA-256 of a file. Throws what reading it throws. */
export const sha256Of = (path: string): string => {
  const hash = createHash('sha256')
  readChunks(path, chunk => hash.update(chunk))
  return hash.digest('hex')
}

/** What a zip file says is in it. Throws where it cannot be read, or is no zip file to its end. */
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

/** Unpacks what is planned, and makes the links, in an empty folder. Throws what goes wrong with zip or disk. */
export const unpack = (path: string, { files, links }: Layout, folder: string): void => {
  const planned = new Map(files.map(file => [file.member, file]))
  const done = new Set<string>()
  // Of the member that is being read; `null` between members.
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
        if (written > wanted.bytes) throw new Error(`the member ${entry.name} is larger than it says`)
        for (let at = 0; at < data.length;) at += writeSync(output.file, data, at)
        if (!final) return
        if (written < wanted.bytes) throw new Error(`the member ${entry.name} is smaller than it says`)
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
