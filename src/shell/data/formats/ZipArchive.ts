/**
 * Zip archives: the members' names, and members whose checksum is right. Read by yauzl, which knows zip64. It leaves the
 * CRC-32 to its caller; we compute it as the content arrives.
 *
 * This module needs an optional dependency: load it through `optional`.
 */
import { crc32 } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { fromBufferPromise, type Entry, type ZipFile } from 'yauzl'
import { messageOf } from '../../base/messageOf.js'
import { collected, type SizeOf } from './inflate.js'
import { group } from './limits.js'

/** An archive in memory. */
export interface ZipArchive {
  /** The names of its members, in their order. No two are equal. */
  readonly names: ReadonlyArray<string>
  /** The content of a member. A `Left` is a clause that begins with `what`, or the one of `sizeOf`. */
  readonly read: (wanted: Wanted) => TE.TaskEither<string, Uint8Array>
}

/** A member to read. */
export interface Wanted {
  readonly name: string
  /** What it is, for messages: "the array `x`". */
  readonly what: string
  /** The size that its first bytes state. The archive must state the same, before memory is allocated. */
  readonly sizeOf: SizeOf
}

/** Far more than any archive of arrays has. */
const mostMembers = 10_000

const clause = (thrown: unknown): string => messageOf(thrown).trim().replace(/\.+$/, '')

const entriesOf = async (zip: ZipFile): Promise<E.Either<string, ReadonlyMap<string, Entry>>> => {
  const entries = new Map<string, Entry>()
  if (zip.entryCount > mostMembers)
    return E.left(`it has ${group(zip.entryCount)} members, more than the limit of ${group(mostMembers)}`)
  for await (const entry of zip.eachEntry()) {
    if (entries.has(entry.fileName))
      return E.left(`it has two members called ${JSON.stringify(entry.fileName)}`)
    entries.set(entry.fileName, entry)
  }
  return E.right(entries)
}

/** The size that both the archive and the head of a member state. */
const agreed =
  (stated: number, { what, sizeOf }: Wanted): SizeOf =>
  head =>
    pipe(
      sizeOf(head),
      E.filterOrElse(
        size => size === null || size === stated,
        size =>
          `${what} is truncated or too long: by its shape it must have ${group(size ?? 0)} bytes, but it has ${group(stated)}`,
      ),
    )

const hexadecimal = (crc: number): string => crc.toString(16).padStart(8, '0')

const content = async (zip: ZipFile, entry: Entry, wanted: Wanted): Promise<E.Either<string, Uint8Array>> => {
  const { what } = wanted
  if (entry.isEncrypted()) return E.left(`${what} is encrypted`)
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)
    return E.left(
      `${what} is compressed by the method ${entry.compressionMethod}, but only deflate is read; save it by numpy.savez_compressed`,
    )
  // The member's own header repeats the name. Where it differs, the directory points to another member.
  const local = await zip.readLocalFileHeaderPromise(entry)
  if (!local.fileName.equals(entry.fileNameRaw))
    return E.left(`${what} has two different names in the archive`)
  let crc = 0
  return pipe(
    await collected(
      await zip.openReadStreamPromise(entry),
      agreed(entry.uncompressedSize, wanted),
      piece => (crc = crc32(piece, crc)),
    ),
    E.filterOrElse(
      () => crc === entry.crc32,
      () =>
        `${what} is damaged: its CRC-32 is ${hexadecimal(crc)}, but the archive states ${hexadecimal(entry.crc32)}`,
    ),
  )
}

/** Opens an archive. A `Left` is a clause about the file. */
export const open = (bytes: Uint8Array): TE.TaskEither<string, ZipArchive> =>
  pipe(
    TE.tryCatch(async () => {
      const zip = await fromBufferPromise(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
      return pipe(
        await entriesOf(zip),
        E.map((entries): ZipArchive => ({
          names: [...entries.keys()],
          read: wanted => {
            const entry = entries.get(wanted.name)
            return entry === undefined
              ? TE.left(`${wanted.what} is missing`)
              : pipe(
                  TE.tryCatch(
                    () => content(zip, entry, wanted),
                    thrown => `${wanted.what} is damaged: ${clause(thrown)}`,
                  ),
                  TE.chainEitherK(read => read),
                )
          },
        })),
      )
    }, clause),
    TE.chainEitherK(opened => opened),
  )
