/**
 * The one place where weights and images become tensors: a batch's loss, and its gradient by the weights.
 *
 * Weights are flat host arrays, and gradients are looked at where the backend keeps them. Handing 78,510 weights to wasm
 * takes .01 ms of a step's 1 ms, less than the kernels would that updated them there; what costs is every loop over them
 * in JavaScript, about .1 ms. So who asks for a gradient is shown it tensor by tensor and does all at one go.
 */
import * as tf from '@tensorflow/tfjs-core'
import type { Backend } from '../backend/Backend.js'
import { crossEntropy, type LossSum } from './CrossEntropy.js'
import type { Network, Parameter } from './Network.js'

/** Labelled images that are computed together. */
export interface Batch {
  /** B × height × width × channels, row-major. */
  readonly images: Float32Array
  /** B labels. */
  readonly labels: Uint8Array
}

/** A batch whose summed loss counts `scale` times. */
export interface Part {
  readonly batch: Batch
  readonly scale: number
}

/** Shown ∇ by the tensor of weights `parameters[k]`, once for each k. `values` are gone when it returns. */
export type Take = (k: number, values: Float32Array) => void

export interface Gradient {
  /** What `k` counts. */
  readonly parameters: ReadonlyArray<Parameter>
  /** Σ of the data loss over a batch. */
  readonly loss: (weights: Float32Array, batch: Batch) => LossSum
  /**
   * The same for every part, and ∇_w Σ scale·loss of all parts together. `take` may write to `weights`: they have been
   * read by then.
   */
  readonly lossAndGradient: (
    weights: Float32Array,
    parts: ReadonlyArray<Part>,
    take: Take,
  ) => ReadonlyArray<LossSum>
}

/** The losses and gradients of a network on a backend. */
export const gradientOf = (backend: Backend, network: Network): Gradient => {
  const { parameters, inputShape, classes } = network
  const tensorsOf = (weights: Float32Array): ReadonlyArray<tf.Tensor> =>
    parameters.map(({ shape, offset, size }) =>
      tf.tensor(weights.subarray(offset, offset + size), [...shape]),
    )
  const pass = (tensors: ReadonlyArray<tf.Tensor>, { images, labels }: Batch) =>
    network.pass(tensors, tf.tensor4d(images, [labels.length, ...inputShape]))
  return {
    parameters,
    loss: (weights, batch) =>
      backend.tidy(() =>
        crossEntropy(backend.values(pass(tensorsOf(weights), batch).logits), batch.labels, classes),
      ),
    lossAndGradient: (weights, parts, take) =>
      backend.tidy(() => {
        const tensors = tensorsOf(weights)
        const sums: LossSum[] = []
        let total: ReadonlyArray<tf.Tensor> | null = null
        for (const { batch, scale } of parts) {
          const { logits, backward } = pass(tensors, batch)
          const dLogits = new Float32Array(batch.labels.length * classes)
          sums.push(crossEntropy(backend.values(logits), batch.labels, classes, dLogits, scale))
          const found = backward(tf.tensor2d(dLogits, [batch.labels.length, classes]))
          total = total === null ? found : total.map((sum, k) => tf.add(sum, found[k]!))
        }
        for (const [k, gradient] of (total ?? []).entries()) take(k, backend.values(gradient))
        return sums
      }),
  }
}
