/**
 * The one place where weights and images become tensors: a batch's loss, and its gradient by the weights.
 *
 * Weights go in and gradients come out as flat host arrays. A copy of them costs far less than a step, and no
 * tensor outlives a call.
 */
import * as tf from '@tensorflow/tfjs-core'
import type { Backend } from '../backend/Backend.js'
import { crossEntropy, type LossSum } from './CrossEntropy.js'
import type { Network } from './Network.js'

/** Labelled images that are computed together. */
export interface Batch {
  /** B × height × width × channels, row-major. */
  readonly images: Float32Array
  /** B labels. */
  readonly labels: Uint8Array
}

export interface Gradient {
  /** Σ of the data loss over a batch. */
  readonly loss: (weights: Float32Array, batch: Batch) => LossSum
  /** The same, and scale·∇_w of it added to `gradient`. */
  readonly lossAndGradient: (
    weights: Float32Array,
    batch: Batch,
    scale: number,
    gradient: Float64Array,
  ) => LossSum
}

/** The losses and gradients of a network on a backend. */
export const gradientOf = (backend: Backend, network: Network): Gradient => {
  const { parameters, inputShape, classes } = network
  const pass = (weights: Float32Array, { images, labels }: Batch) =>
    network.pass(
      parameters.map(({ shape, offset, size }) =>
        tf.tensor(weights.subarray(offset, offset + size), [...shape]),
      ),
      tf.tensor4d(images, [labels.length, ...inputShape]),
    )
  return {
    loss: (weights, batch) =>
      backend.tidy(() => crossEntropy(pass(weights, batch).logits.dataSync(), batch.labels, classes)),
    lossAndGradient: (weights, batch, scale, gradient) =>
      backend.tidy(() => {
        const { logits, backward } = pass(weights, batch)
        const dLogits = new Float32Array(batch.labels.length * classes)
        const sum = crossEntropy(logits.dataSync(), batch.labels, classes, dLogits, scale)
        for (const [k, dParameter] of backward(
          tf.tensor2d(dLogits, [batch.labels.length, classes]),
        ).entries()) {
          const { offset, size } = parameters[k]!
          const values = dParameter.dataSync()
          for (let i = 0; i < size; i++) gradient[offset + i]! += values[i]!
        }
        return sum
      }),
  }
}
