/**
 * A term on one batch: its value as often as the batch has examples, for losses are summed before they are divided, and its
 * derivatives on top of those of the data loss.
 */
import type { SparseRows } from '../backend/kernels/sparseRows.js'
import type { Examples, Term } from './families/Family.js'
import { withDarkPixels } from './SparseImages.js'

export const isSparse = (images: Float32Array | SparseRows): images is SparseRows =>
  !(images instanceof Float32Array)

/** The examples of a batch. Images that came as sparse rows are written out only if someone looks at them. */
export const examplesOf = (
  { images, labels }: { readonly images: Float32Array | SparseRows; readonly labels: Uint8Array },
  logits: Float32Array,
): Examples => ({
  labels,
  logits,
  get images() {
    return isSparse(images) ? withDarkPixels(images) : images
  },
})

/** Where derivatives go; they are added, `scale` times for each example. */
export interface Slopes {
  readonly scale: number
  /** B × classes. */
  readonly byLogits: Float32Array
  /** By flat weights. */
  readonly byWeights: Float64Array
}

const addTo = (sums: Float32Array | Float64Array, slopes: ArrayLike<number> | null, factor: number): void => {
  if (slopes !== null) for (let i = 0; i < sums.length; i++) sums[i]! += factor * slopes[i]!
}

/** B times the term's value, its derivatives being added to `slopes`. */
export const addTerm = (
  term: Term,
  weights: Float32Array,
  examples: Examples,
  slopes: Slopes | null,
): number => {
  const { value, byLogits, byWeights } = term(weights, examples)
  const count = examples.labels.length
  if (slopes !== null) {
    addTo(slopes.byLogits, byLogits, slopes.scale * count)
    addTo(slopes.byWeights, byWeights, slopes.scale * count)
  }
  return count * value
}
