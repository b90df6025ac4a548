/**
 * Images without their dark pixels. A dense layer begins with x·W + b; where four fifths of x are zeros, as in MNIST, a product
 * that leaves them out is eight times as fast.
 *
 * Notation: P pixels an image (all channels). An image x is the sparse row (x, 1): its last column, P, multiplies the biases, which
 * lie behind the P rows of W in the flat weights, so that one product computes x·W + b and another both gradients.
 */
import { rowsOf, type SparseRows } from '../backend/kernels/sparseRows.js'
import type { ImageSet } from '../data/ImageSet.js'

/** Above this share of lit pixels a dense product is nearly as fast (`test/bench/sparsity.ts`: as fast from .8 or .9 on). */
export const mostLit = 0.6
/** Above this many lit pixels (128 MB) no second copy of a set's images is kept. */
const mostKept = 2 ** 24

const litPixels = (images: Float32Array): number => {
  let count = 0
  for (const value of images) if (value !== 0) count++
  return count
}

/** The images of a set without their dark pixels, however many those are. */
export const sparseRows = ({ images, labels: { length: count } }: ImageSet): SparseRows => {
  const lit = litPixels(images)
  const pixels = images.length / count
  const starts = new Uint32Array(count + 1)
  const entries = new Uint32Array(2 * (lit + count))
  const values = new Float32Array(entries.buffer)
  let at = 0
  const add = (column: number, value: number): void => {
    entries[2 * at] = column
    values[2 * at + 1] = value
    at++
  }
  for (let example = 0; example < count; example++) {
    for (let pixel = 0; pixel < pixels; pixel++) {
      const value = images[example * pixels + pixel]!
      if (value !== 0) add(pixel, value)
    }
    add(pixels, 1)
    starts[example + 1] = at
  }
  return { columns: pixels + 1, starts, entries }
}

// A set is gone through again and again.
const known = new WeakMap<Float32Array, SparseRows | null>()

/** The images of a set without their dark pixels; `null` where that does not pay. */
export const sparseImages = (set: ImageSet): SparseRows | null => {
  const found = known.get(set.images)
  if (found !== undefined) return found
  const lit = litPixels(set.images)
  const made = lit > mostLit * set.images.length || lit > mostKept ? null : sparseRows(set)
  known.set(set.images, made)
  return made
}

/** Rows from … to − 1, where they are. */
export const between = (rows: SparseRows, from: number, to: number): SparseRows => ({
  ...rows,
  starts: rows.starts.subarray(from, to + 1),
})

/** Copies of chosen rows; `count` of them at a time, each time over those before. */
export const gatherer = (rows: SparseRows, count: number): ((chosen: Int32Array) => SparseRows) => {
  const { starts, entries } = rows
  let longest = 0
  for (let row = 0; row < rowsOf(rows); row++) longest = Math.max(longest, starts[row + 1]! - starts[row]!)
  const gathered = {
    ...rows,
    starts: new Uint32Array(count + 1),
    entries: new Uint32Array(2 * count * longest),
  }
  return chosen => {
    let at = 0
    for (let i = 0; i < count; i++) {
      const [from, to] = [starts[chosen[i]!]!, starts[chosen[i]! + 1]!]
      gathered.entries.set(entries.subarray(2 * from, 2 * to), 2 * at)
      at += to - from
      gathered.starts[i + 1] = at
    }
    return gathered
  }
}

/** The images with their dark pixels, B × P row-major. */
export const withDarkPixels = (rows: SparseRows): Float32Array => {
  const { columns, starts, entries } = rows
  const pixels = columns - 1
  const values = new Float32Array(entries.buffer, entries.byteOffset, entries.length)
  const images = new Float32Array(rowsOf(rows) * pixels)
  for (let row = 0; row < rowsOf(rows); row++)
    // The last entry is not a pixel.
    for (let at = starts[row]!; at < starts[row + 1]! - 1; at++)
      images[row * pixels + entries[2 * at]!] = values[2 * at + 1]!
  return images
}
