/**
 * Decodes PNG images with 8 bits per channel in red, green and blue, the format of CIFAR-10's package. Other kinds of PNG
 * are refused, since nothing needs them.
 *
 * fast-png allocates the size that a header states, so we check the header first. This module needs an optional
 * dependency: load it through `optional`.
 */
import { messageOf } from '../../base/messageOf.js'
import { decode } from 'fast-png'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { group } from './limits.js'

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const
/** The signature, and the chunk IHDR: length, type, 13 bytes, CRC. */
const headerBytes = 8 + 4 + 4 + 13 + 4
const ihdr = 0x49484452

export interface PngSize {
  readonly width: number
  readonly height: number
}

const checkHeader =
  ({ width, height }: PngSize) =>
  (bytes: Uint8Array): E.Either<string, void> => {
    if (bytes.length < headerBytes)
      return E.left(
        `it is truncated: a PNG header has ${headerBytes} bytes, but the file has ${group(bytes.length)}`,
      )
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    if (
      signature.some((byte, i) => bytes[i] !== byte) ||
      view.getUint32(8) !== 13 ||
      view.getUint32(12) !== ihdr
    )
      return E.left('it is not a PNG file')
    const found = { width: view.getUint32(16), height: view.getUint32(20) }
    if (found.width !== width || found.height !== height)
      return E.left(
        `its header states ${group(found.width)}×${group(found.height)} pixels, not ${group(width)}×${group(height)}`,
      )
    const [depth, colour, , , interlace] = bytes.subarray(24, 29)
    return depth === 8 && colour === 2 && interlace === 0
      ? E.right(undefined)
      : E.left('it does not have 8 bits per channel in red, green and blue without interlacing')
  }

/** Decodes an image of exactly this size into height × width × 3 bytes. A `Left` is a clause about the file. */
export const decodeRgb =
  (size: PngSize) =>
  (bytes: Uint8Array): E.Either<string, Uint8Array> =>
    pipe(
      checkHeader(size)(bytes),
      E.chain(() =>
        E.tryCatch(
          () => decode(bytes, { checkCrc: true }).data,
          cause => `it is damaged (${messageOf(cause)})`,
        ),
      ),
      // The library's type allows for other depths; the header has excluded them.
      E.filterOrElse(
        (data): data is Uint8Array<ArrayBuffer> => data instanceof Uint8Array,
        () => 'it does not have 8 bits per channel',
      ),
    )
