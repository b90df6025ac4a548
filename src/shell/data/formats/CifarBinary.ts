/**
 * The binary format of CIFAR-10: each record has one label, then 32×32 red, green and blue bytes, row-major.
 *
 * Pure. Pixels outside this module are N × height × width × channels. A `Left` is a clause about the file, such as "it
 * has 3 bytes …".
 *
 * Source: A. Krizhevsky, "The CIFAR-10 dataset", binary version.
 */
import * as E from 'fp-ts/lib/Either.js'
import { group, maxPixels } from './limits.js'
import type { Pool } from '../set/Pool.js'

export const shape = [32, 32, 3] as const
export const classes = 10

const plane = 32 * 32
/** The number of bytes of an image. */
export const imageBytes = 3 * plane
/** The number of bytes of a record. */
export const recordBytes = 1 + imageBytes

/** Decodes the images and labels of a file. */
export const decode = (bytes: Uint8Array): E.Either<string, Pool> => {
  const count = bytes.length / recordBytes
  if (count === 0 || !Number.isInteger(count))
    return E.left(
      `it has ${group(bytes.length)} bytes, but must have one or more records of ${group(recordBytes)} bytes ` +
        '(one label and 32×32 pixels in three colours)',
    )
  if (count * imageBytes > maxPixels)
    return E.left(`it has ${group(count)} images, more than the limit of ${group(maxPixels)} pixel values`)
  const labels = Uint8Array.from({ length: count }, (_, i) => bytes[i * recordBytes]!)
  const wrong = labels.findIndex(label => label >= classes)
  if (wrong >= 0)
    return E.left(
      `the label of record ${group(wrong)} (counted from 0) is ${labels[wrong]!}, outside 0…${classes - 1}`,
    )
  const pixels = new Uint8Array(count * imageBytes)
  for (let i = 0; i < count; i++) {
    const red = i * recordBytes + 1
    const to = i * imageBytes
    for (let p = 0; p < plane; p++) {
      pixels[to + 3 * p] = bytes[red + p]!
      pixels[to + 3 * p + 1] = bytes[red + plane + p]!
      pixels[to + 3 * p + 2] = bytes[red + 2 * plane + p]!
    }
  }
  return E.right({ pixels, labels, shape, classes })
}

/** Encodes images and labels in the format that {@link decode} reads. */
export const encode = ({ pixels, labels }: Pick<Pool, 'pixels' | 'labels'>): Uint8Array => {
  const bytes = new Uint8Array(labels.length * recordBytes)
  for (const [i, label] of labels.entries()) {
    const at = i * recordBytes
    const from = i * imageBytes
    bytes[at] = label
    for (let p = 0; p < plane; p++) {
      bytes[at + 1 + p] = pixels[from + 3 * p]!
      bytes[at + 1 + plane + p] = pixels[from + 3 * p + 1]!
      bytes[at + 1 + 2 * plane + p] = pixels[from + 3 * p + 2]!
    }
  }
  return bytes
}
