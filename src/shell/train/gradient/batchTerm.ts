/**
 * A term on one batch: its value as often as the batch has examples, for losses are summed before they are divided, and its
 * derivatives on top of those of the data loss.
 */
import { imagesOf, type Batch } from '../../model/Batch.js'
import { lossOf, type LossSum } from '../../model/crossEntropy.js'
import type { Examples, Term } from '../../model/families/Family.js'
import type { LossGradient, OnGradient } from './LossGradient.js'

/** The examples of a batch. Images are written out only if someone looks at them. */
export const examplesOf = (batch: Batch, logits: Float32Array): Examples => ({
  labels: batch.labels,
  logits,
  get images() {
    return imagesOf(batch)
  },
})

export const hasTerm = ({ term }: Batch): boolean => term !== undefined

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

/** What a batch costs, with its term. `direct`: ∂/∂w of terms, at fixed logits. */
export const costOf = (
  weights: Float32Array,
  logits: Float32Array,
  batch: Batch,
  classes: number,
  gradient: Float32Array | null = null,
  scale = 1,
  direct: Float64Array | null = null,
): LossSum => {
  const sum = lossOf(logits, batch, classes, gradient, scale)
  if (batch.term === undefined) return sum
  const slopes =
    gradient === null || direct === null ? null : { scale, byLogits: gradient, byWeights: direct }
  return { ...sum, loss: sum.loss + addTerm(batch.term, weights, examplesOf(batch, logits), slopes) }
}

/** Shows gradients with what terms add to them beside the network. */
export const withDirect =
  (parameters: LossGradient['parameters'], direct: Float64Array, onGradient: OnGradient): OnGradient =>
  (k, values) => {
    const { offset } = parameters[k]!
    onGradient(
      k,
      values.map((value, i) => value + direct[offset + i]!),
    )
  }
