/**
 * IDX, the format of MNIST and similar data sets: a magic number 0x00 0x00 0x08 d (0x08: unsigned bytes; d: the number of
 * dimensions), d sizes as big-endian uint32, then the values, row-major.
 *
 * Pure. Nothing is copied: the result is a view of the input bytes. A `Left` is a clause about the file, such as "it is
 * truncated"; the caller adds the file's name and advice.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", file formats.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { group, maxPixels } from './limits.js'

export interface IdxImages {
  /** N × height × width bytes in 0…255, row-major. */
  readonly pixels: Uint8Array
  readonly count: number
  readonly height: number
  readonly width: number
}

const unsignedByte = 0x08

/** Reads a header of `dimensions` dimensions; returns its sizes and the values after it. */
const values =
  (dimensions: number, what: string) =>
  (
    bytes: Uint8Array,
  ): E.Either<string, { readonly sizes: ReadonlyArray<number>; readonly data: Uint8Array }> => {
    const headerBytes = 4 + 4 * dimensions
    if (bytes.length < headerBytes)
      return E.left(
        `it is truncated: an IDX header has ${headerBytes} bytes, but the file has ${group(bytes.length)}`,
      )
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const magic = view.getUint32(0)
    const expected = (unsignedByte << 8) | dimensions
    if (magic !== expected)
      return E.left(
        `it is not an IDX file of ${what}: its magic number is 0x${magic.toString(16).padStart(8, '0')}, not 0x${expected.toString(16).padStart(8, '0')}`,
      )
    const sizes = Array.from({ length: dimensions }, (_, k) => view.getUint32(4 + 4 * k))
    const total = sizes.reduce((product, size) => product * size, 1)
    const shape = sizes.join('×')
    if (total === 0) return E.left(`it has no ${what}: its header states ${shape} values`)
    // Check this before computing the length: the product of three uint32 may be inexact in a double.
    if (total > maxPixels)
      return E.left(`its header states ${shape} values, more than the limit of ${group(maxPixels)}`)
    if (bytes.length !== headerBytes + total)
      return E.left(
        `it ${bytes.length < headerBytes + total ? 'is truncated' : 'is too long'}: its header states ${shape} values, ` +
          `so it must have ${group(headerBytes + total)} bytes, but it has ${group(bytes.length)}`,
      )
    return E.right({ sizes, data: bytes.subarray(headerBytes) })
  }

/** Decodes images: N × height × width unsigned bytes. */
export const decodeImages = (bytes: Uint8Array): E.Either<string, IdxImages> =>
  pipe(
    bytes,
    values(3, 'images'),
    E.map(({ sizes, data }) => ({ pixels: data, count: sizes[0]!, height: sizes[1]!, width: sizes[2]! })),
  )

/** Decodes labels: N unsigned bytes in 0 … classes − 1. */
export const decodeLabels =
  (classes: number) =>
  (bytes: Uint8Array): E.Either<string, Uint8Array> =>
    pipe(
      bytes,
      values(1, 'labels'),
      E.chain(({ data }) => {
        const wrong = data.findIndex(label => label >= classes)
        return wrong < 0
          ? E.right(data)
          : E.left(`label ${group(wrong)} (counted from 0) is ${data[wrong]!}, outside 0…${classes - 1}`)
      }),
    )

/** Encodes images in the format that {@link decodeImages} reads. */
export const encodeImages = ({ pixels, count, height, width }: IdxImages): Uint8Array =>
  encode([count, height, width], pixels)

/** Encodes labels in the format that {@link decodeLabels} reads. */
export const encodeLabels = (labels: Uint8Array): Uint8Array => encode([labels.length], labels)

const encode = (sizes: ReadonlyArray<number>, data: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4 + 4 * sizes.length + data.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, (unsignedByte << 8) | sizes.length)
  sizes.forEach((size, k) => view.setUint32(4 + 4 * k, size))
  bytes.set(data, 4 + 4 * sizes.length)
  return bytes
}
