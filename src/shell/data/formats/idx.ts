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

interface Header {
  readonly sizes: ReadonlyArray<number>
  /** Where the values begin. */
  readonly start: number
  /** Where they end, which is the size of the file. */
  readonly end: number
}

/** Reads a header of `dimensions` dimensions. `null`: the bytes are too few for a header. */
const header =
  (dimensions: number, what: string) =>
  (bytes: Uint8Array): E.Either<string, Header | null> => {
    const start = 4 + 4 * dimensions
    if (bytes.length < start) return E.right(null)
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
    // The product of three uint32 may be inexact in a double, but not below this limit.
    if (total > maxPixels)
      return E.left(`its header states ${shape} values, more than the limit of ${group(maxPixels)}`)
    return E.right({ sizes, start, end: start + total })
  }

/** Reads a header and the values after it. */
const values =
  (dimensions: number, what: string) =>
  (
    bytes: Uint8Array,
  ): E.Either<string, { readonly sizes: ReadonlyArray<number>; readonly data: Uint8Array }> =>
    pipe(
      header(dimensions, what)(bytes),
      E.chain(
        E.fromNullable(
          `it is truncated: an IDX header has ${4 + 4 * dimensions} bytes, but the file has ${group(bytes.length)}`,
        ),
      ),
      E.filterOrElse(
        ({ end }) => bytes.length === end,
        ({ sizes, end }) =>
          `it ${bytes.length < end ? 'is truncated' : 'is too long'}: its header states ${sizes.join('×')} values, ` +
          `so it must have ${group(end)} bytes, but it has ${group(bytes.length)}`,
      ),
      E.map(({ sizes, start }) => ({ sizes, data: bytes.subarray(start) })),
    )

/** The size of a file of images for so many labels, from its first bytes; `null` if they are too few to tell. */
export const imagesSize =
  (labels: number) =>
  (head: Uint8Array): E.Either<string, number | null> =>
    pipe(
      header(3, 'images')(head),
      E.filterOrElse(
        found => found === null || found.sizes[0] === labels,
        found => `it has ${group(found?.sizes[0] ?? 0)} images, but there are ${group(labels)} labels`,
      ),
      E.map(found => found?.end ?? null),
    )

/** The same for a file of labels. */
export const labelsSize = (head: Uint8Array): E.Either<string, number | null> =>
  pipe(
    header(1, 'labels')(head),
    E.map(found => found?.end ?? null),
  )

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
