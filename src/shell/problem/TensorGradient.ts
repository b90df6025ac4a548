/**
 * Any network by tfjs: the one place where weights and images become tensors.
 *
 * Weights are flat host arrays, and gradients are looked at where the backend keeps them. Handing 78,510 weights to wasm
 * takes .01 ms, less than the kernels would that updated them there; what costs is every loop over them in JavaScript, about
 * .1 ms. So who asks for a gradient is shown it tensor by tensor and does all at one go.
 */
import * as tf from '@tensorflow/tfjs-core'
import type { Backend } from '../backend/Backend.js'
import { imagesOf, type Batch } from './Batch.js'
import { lossOf, writeLosses, type LossSum } from './CrossEntropy.js'
import type { Gradient } from './Gradient.js'
import { hostDescent } from './HostDescent.js'
import type { Network } from './Network.js'

/** The losses and gradients of a network on a backend. */
export const tensorGradient = (backend: Backend, network: Network): Gradient => {
  const { parameters, entryShape, classes } = network
  const tensorsOf = (weights: Float32Array): ReadonlyArray<tf.Tensor> =>
    parameters.map(({ shape, offset, size }) =>
      tf.tensor(weights.subarray(offset, offset + size), [...shape]),
    )
  const pass = (tensors: ReadonlyArray<tf.Tensor>, batch: Batch) =>
    network.pass(tensors, tf.tensor(imagesOf(batch), [batch.labels.length, ...entryShape]))
  const logitsOf = (weights: Float32Array, batch: Batch): Float32Array =>
    backend.values(pass(tensorsOf(weights), batch).logits)

  const lossAndGradient: Gradient['lossAndGradient'] = (weights, parts, take) =>
    backend.tidy(() => {
      const tensors = tensorsOf(weights)
      const sums: LossSum[] = []
      let total: ReadonlyArray<tf.Tensor> | null = null
      for (const { batch, scale } of parts) {
        const { logits, backward } = pass(tensors, batch)
        const dLogits = new Float32Array(batch.labels.length * classes)
        sums.push(lossOf(backend.values(logits), batch, classes, dLogits, scale))
        const found = backward(tf.tensor2d(dLogits, [batch.labels.length, classes]))
        total = total === null ? found : total.map((sum, k) => tf.add(sum, found[k]!))
      }
      for (const [k, gradient] of (total ?? []).entries()) take(k, backend.values(gradient))
      return sums
    })

  return {
    parameters,
    loss: (weights, batch) => backend.tidy(() => lossOf(logitsOf(weights, batch), batch, classes, null, 1)),
    losses: (weights, batch, into, at) =>
      backend.tidy(() => writeLosses(logitsOf(weights, batch), batch.labels, classes, into, at)),
    lossAndGradient,
    descent: hostDescent(parameters, lossAndGradient),
  }
}
