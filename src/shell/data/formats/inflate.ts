/**
 * Unpacks compressed bytes of which a head says how many there must be. So a small file that unpacks to gigabytes is refused
 * when its head has been read, or at the first byte too many; no memory is spent on the rest.
 */
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import * as E from 'fp-ts/lib/Either.js'
import { messageOf } from '../../base/messageOf.js'
import { group } from './limits.js'

/** The size that the head of some content states; `null` if the head is too short to tell. A `Left` refuses the content. */
export type SizeOf = (head: Uint8Array) => E.Either<string, number | null>

/** A head that still says nothing at this length says nothing at all. */
const longestHead = 2 ** 16

/** Receives content piece by piece. Its memory is allocated when its head has stated its size. */
const collector = (sizeOf: SizeOf) => {
  let head: Uint8Array = new Uint8Array()
  let whole: Uint8Array | null = null
  let length = 0
  const add = (piece: Uint8Array): E.Either<string, void> => {
    if (whole === null) {
      head = Buffer.concat([head, piece])
      length = head.length
      const size = sizeOf(head)
      if (E.isLeft(size)) return size
      if (size.right === null)
        return length < longestHead ? E.right(undefined) : E.left('its head does not say what it is')
      if (length > size.right) return tooLong(size.right)
      whole = new Uint8Array(size.right)
      whole.set(head)
      return E.right(undefined)
    }
    if (length + piece.length > whole.length) return tooLong(whole.length)
    whole.set(piece, length)
    length += piece.length
    return E.right(undefined)
  }
  const tooLong = (size: number): E.Either<string, never> =>
    E.left(`it is too long: it must have ${group(size)} bytes, but unpacks to more`)
  // Too short a content is returned as it is; its reader says what is missing.
  return { add, content: () => (whole === null ? head : whole.subarray(0, length)) }
}

/**
 * All that a stream gives. Each piece is passed to `onPiece`. A `Left` is a clause about the content; the stream is then
 * destroyed. Rejects as the stream does.
 */
export const collected = async (
  stream: Readable,
  sizeOf: SizeOf,
  onPiece: (piece: Uint8Array) => void = () => undefined,
): Promise<E.Either<string, Uint8Array>> => {
  const { add, content } = collector(sizeOf)
  for await (const piece of stream as AsyncIterable<Uint8Array>) {
    onPiece(piece)
    const added = add(piece)
    // Leaving the loop destroys the stream.
    if (E.isLeft(added)) return added
  }
  return E.right(content())
}

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b

/**
 * Unpacks gzipped bytes, and returns others unchanged. The first two bytes decide, not the file's name. A `Left` is a clause
 * about the file.
 */
export const gunzipped =
  (sizeOf: SizeOf) =>
  async (bytes: Uint8Array): Promise<E.Either<string, Uint8Array>> => {
    if (!isGzip(bytes)) return E.right(bytes)
    const unpacking = createGunzip({ chunkSize: 2 ** 16 })
    unpacking.end(bytes)
    try {
      return await collected(unpacking, sizeOf)
    } catch (thrown) {
      return E.left(`it is a damaged gzip file (${messageOf(thrown)})`)
    }
  }
