/**
 * Adds a term to the loss of one batch. Its value is multiplied by the number of examples, because losses are summed first
 * and divided later. Its derivatives are added to those of the data loss.
 */
import { imagesOf, type ExampleBatch } from '../../model/ExampleBatch.js'
import { lossOf, type LossSum } from '../../model/crossEntropy.js'
import type { Examples, Term } from '../../model/families/Family.js'
import type { LossGradient, OnGradient } from './LossGradient.js'

/** The examples of a batch. Images are only copied when a term reads them. */
export const examplesOf = (batch: ExampleBatch, logits: Float32Array): Examples => ({
  labels: batch.labels,
  logits,
  get images() {
    return imagesOf(batch)
  },
})

export const hasTerm = ({ term }: ExampleBatch): boolean => term !== undefined

/** The sums to which derivatives are added, with the factor `scale` per example. */
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

/** B times the term's value. Adds its derivatives to `slopes`. */
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

/** The summed loss of a batch, with its term. `direct`: sum of ∂/∂w of terms at fixed logits. */
export const costOf = (
  weights: Float32Array,
  logits: Float32Array,
  batch: ExampleBatch,
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

/** Wraps `onGradient` so that it gets gradients plus `direct`, the derivatives of terms by the weights themselves. */
export const withDirect =
  (parameters: LossGradient['parameters'], direct: Float64Array, onGradient: OnGradient): OnGradient =>
  (k, values) => {
    const { offset } = parameters[k]!
    onGradient(
      k,
      values.map((value, i) => value + direct[offset + i]!),
    )
  }
