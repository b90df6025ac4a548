/** Examples of a set that are computed together: named, not copied, for each way to compute wants them in a form of its own. */
import { size, type ImageSet } from '../data/set/ImageSet.js'
import type { Target, Term } from './families/Family.js'

/** The examples from … to − 1. */
export interface Range {
  readonly from: number
  readonly to: number
}

/** Examples of a set; an array of them may be written over once they have been computed. */
export interface Chosen {
  readonly set: ImageSet
  readonly examples: Range | Int32Array
}

/** B labelled images. */
export interface Batch extends Chosen {
  /** B labels. */
  readonly labels: Uint8Array
  /** What its examples cost; their cross-entropy where it is absent. Its `examples` are the batch's rows. */
  readonly target?: Target
  /** What is added to their mean cost. */
  readonly term?: Term
}

const isRange = (examples: Chosen['examples']): examples is Range => !(examples instanceof Int32Array)

/** What names the examples, where they are a range; `null` where others will be there next time. */
export const rangeOf = ({ examples }: Chosen): string | null =>
  isRange(examples) ? `${examples.from}-${examples.to}` : null

/** The examples, one by one. */
export const indicesOf = ({ examples }: Chosen): Int32Array => {
  if (!isRange(examples)) return examples
  const indices = new Int32Array(examples.to - examples.from)
  for (let i = 0; i < indices.length; i++) indices[i] = examples.from + i
  return indices
}

/** The examples from … to − 1 of a set. */
export const piece = (set: ImageSet, from: number, to: number): Batch => ({
  set,
  examples: { from, to },
  labels: set.labels.subarray(from, to),
})

// Copies of minibatches, each over the one that its sequence drew before. A fresh array a step would cost as much as it holds.
const copies = new WeakMap<Int32Array, Float32Array>()

/** The images, B × pixels row-major: where they lie, or a copy that lasts until the same array of examples is asked for again. */
export const imagesOf = ({ set: { images, labels }, examples }: Chosen): Float32Array => {
  const pixels = images.length / labels.length
  if (isRange(examples)) return images.subarray(examples.from * pixels, examples.to * pixels)
  const copy = copies.get(examples) ?? new Float32Array(examples.length * pixels)
  copies.set(examples, copy)
  for (let i = 0; i < examples.length; i++)
    copy.set(images.subarray(examples[i]! * pixels, (examples[i]! + 1) * pixels), i * pixels)
  return copy
}

/** The whole set. */
export const whole = (set: ImageSet): Batch => piece(set, 0, size(set))
