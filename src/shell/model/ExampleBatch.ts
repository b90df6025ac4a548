/**
 * Examples of a set that are computed together. A batch refers to its examples and does not copy them, because each trainer
 * needs them in another form.
 */
import { size, type ImageSet } from '../data/set/ImageSet.js'
import type { Target, Term } from './families/Family.js'

/** The examples `from` … `to` − 1. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Examples of a set. An array of indices may be overwritten by the next minibatch. */
export interface Chosen {
  readonly set: ImageSet
  readonly examples: Range | Int32Array
  /** B × pixels: the images of these examples where they are not the set's own, because they were augmented. */
  readonly images?: Float32Array
}

/** B labelled images. */
export interface ExampleBatch extends Chosen {
  /** B labels. */
  readonly labels: Uint8Array
  /** Changes the examples' costs; without it, they are the cross-entropies. Its `examples` are those of this batch. */
  readonly target?: Target
  /** A term that is added to the mean cost. */
  readonly term?: Term
}

const isRange = (examples: Chosen['examples']): examples is Range => !(examples instanceof Int32Array)

/** A name for the examples, if they are a range; `null` for a minibatch, whose examples change. */
export const rangeOf = ({ examples }: Chosen): string | null =>
  isRange(examples) ? `${examples.from}-${examples.to}` : null

/** The indices of the examples. */
export const indicesOf = ({ examples }: Chosen): Int32Array => {
  if (!isRange(examples)) return examples
  const indices = new Int32Array(examples.to - examples.from)
  for (let i = 0; i < indices.length; i++) indices[i] = examples.from + i
  return indices
}

/** The examples `from` … `to` − 1 of a set. */
export const piece = (set: ImageSet, from: number, to: number): ExampleBatch => ({
  set,
  examples: { from, to },
  labels: set.labels.subarray(from, to),
})

// Buffers for copies of minibatches, one per sequence of minibatches. Allocating an array per step would take as long as
// filling it.
const copies = new WeakMap<Int32Array, Float32Array>()

/** The images, B × pixels row-major: a view, or a copy that is valid until the next call with the same array of examples. */
export const imagesOf = ({ set: { images, labels }, examples, images: own }: Chosen): Float32Array => {
  if (own !== undefined) return own
  const pixels = images.length / labels.length
  if (isRange(examples)) return images.subarray(examples.from * pixels, examples.to * pixels)
  const copy = copies.get(examples) ?? new Float32Array(examples.length * pixels)
  copies.set(examples, copy)
  for (let i = 0; i < examples.length; i++)
    copy.set(images.subarray(examples[i]! * pixels, (examples[i]! + 1) * pixels), i * pixels)
  return copy
}

/** The whole set. */
export const whole = (set: ImageSet): ExampleBatch => piece(set, 0, size(set))
