/**
 * Pixels that are not zero in some image of a batch. A dense layer on pixels needs only these columns of the images and rows of
 * its kernel: what it leaves out of its products are zeros, so that the results are the same. Of MNIST's 784 pixels,
 * 600 images together light some 600.
 *
 * Notation: P pixels an image (all channels), a batch of B images as B×P values, row-major.
 */
import type { ImageSet } from '../data/ImageSet.js'
import { size } from '../data/ImageSet.js'

/** The pixels that are lit, in ascending order, as runs of neighbours: from, to (exclusive), from, to, … */
export interface Lit {
  readonly count: number
  readonly runs: Int32Array
}

/** Above this share of lit pixels, choosing them costs more than it saves. */
const worthwhile = 0.9

/** The pixels that the images from … to − 1 light together; `null` where it is nearly all of them. */
export const litIn = (set: ImageSet, from: number, to: number): Lit | null => {
  const { images } = set
  const pixels = images.length / size(set)
  const on = new Uint8Array(pixels)
  for (let example = from; example < to; example++)
    for (let pixel = 0; pixel < pixels; pixel++) if (images[example * pixels + pixel] !== 0) on[pixel] = 1
  const runs: number[] = []
  let count = 0
  for (let pixel = 0; pixel <= pixels; pixel++) {
    if ((on[pixel] ?? 0) !== (on[pixel - 1] ?? 0)) runs.push(pixel)
    count += on[pixel] ?? 0
  }
  // A product needs one column at least.
  return count === 0 || count > worthwhile * pixels ? null : { count, runs: Int32Array.from(runs) }
}

/** The lit pixels of the images from … to − 1, row by row. */
export const litValues = (set: ImageSet, from: number, to: number, { count, runs }: Lit): Float32Array => {
  const { images } = set
  const pixels = images.length / size(set)
  const values = new Float32Array((to - from) * count)
  let at = 0
  for (let example = from; example < to; example++)
    for (let run = 0; run < runs.length; run += 2)
      for (let i = example * pixels + runs[run]!; i < example * pixels + runs[run + 1]!; i++)
        values[at++] = images[i]!
  return values
}

/** The rows of a P×`columns` matrix that lit pixels have. */
export const litRows = (matrix: Float32Array, columns: number, { count, runs }: Lit): Float32Array => {
  const rows = new Float32Array(count * columns)
  let at = 0
  for (let run = 0; run < runs.length; run += 2) {
    const part = matrix.subarray(runs[run]! * columns, runs[run + 1]! * columns)
    rows.set(part, at)
    at += part.length
  }
  return rows
}

/** Adds `rows` to those rows of a P×`columns` matrix that lit pixels have. */
export const addLitRows = (
  matrix: Float32Array,
  columns: number,
  { runs }: Lit,
  rows: Float32Array,
): void => {
  let at = 0
  for (let run = 0; run < runs.length; run += 2)
    for (let i = runs[run]! * columns; i < runs[run + 1]! * columns; i++) matrix[i]! += rows[at++]!
}
