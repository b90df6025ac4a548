/**
 * Computes any network by tfjs. Only this file turns weights and images into tensors.
 *
 * Weights are flat host arrays, and gradients are read in the backend's own memory. Copying 78,510 weights to wasm takes
 * .01 ms, which is less than kernels would need to update them there. Each loop over them in JavaScript takes about .1 ms, so
 * the caller gets the gradient tensor by tensor and does all its work on a tensor in one loop.
 */
import type * as tf from '@tensorflow/tfjs-core'
import type { Backend } from '../../backend/Backend.js'
import { tfjs } from '../../backend/kernels/tfjs.js'
import { imagesOf, type ExampleBatch } from '../../model/ExampleBatch.js'
import { costOf, examplesOf, hasTerm, withDirect } from './batchTerm.js'
import { writeLosses, type LossSum } from '../../model/crossEntropy.js'
import type { LossGradient } from './LossGradient.js'
import { hostDescent } from './hostDescent.js'
import type { Network } from '../../model/Network.js'

/** The losses and gradients of a network on a backend. */
export const tensorGradient = (backend: Backend, network: Network): LossGradient => {
  const { parameters, entryShape, classes } = network
  const tensorsOf = (weights: Float32Array): ReadonlyArray<tf.Tensor> =>
    parameters.map(({ shape, offset, size }) =>
      tfjs().tensor(weights.subarray(offset, offset + size), [...shape]),
    )
  const pass = (tensors: ReadonlyArray<tf.Tensor>, batch: ExampleBatch) =>
    network.pass(tensors, tfjs().tensor(imagesOf(batch), [batch.labels.length, ...entryShape]))
  /** Logits that stay valid. A term may create tensors, which invalidates views of the backend's memory, so they are copied. */
  const valuesOf = (logits: tf.Tensor, batch: ExampleBatch): Float32Array =>
    hasTerm(batch) ? backend.values(logits).slice() : backend.values(logits)
  const logitsOf = (weights: Float32Array, batch: ExampleBatch): Float32Array =>
    valuesOf(pass(tensorsOf(weights), batch).logits, batch)

  const lossAndGradient: LossGradient['lossAndGradient'] = (weights, parts, onGradient) =>
    backend.tidy(() => {
      const tensors = tensorsOf(weights)
      const direct = parts.some(({ batch }) => hasTerm(batch)) ? new Float64Array(network.size) : null
      const taken = direct === null ? onGradient : withDirect(parameters, direct, onGradient)
      const sums: LossSum[] = []
      let total: ReadonlyArray<tf.Tensor> | null = null
      for (const { batch, scale } of parts) {
        const { logits, backward } = pass(tensors, batch)
        const dLogits = new Float32Array(batch.labels.length * classes)
        sums.push(costOf(weights, valuesOf(logits, batch), batch, classes, dLogits, scale, direct))
        const found = backward(tfjs().tensor2d(dLogits, [batch.labels.length, classes]))
        total = total === null ? found : total.map((sum, k) => tfjs().add(sum, found[k]!))
      }
      for (const [k, gradient] of (total ?? []).entries()) taken(k, backend.values(gradient))
      return sums
    })

  return {
    parameters,
    loss: (weights, batch) => backend.tidy(() => costOf(weights, logitsOf(weights, batch), batch, classes)),
    losses: (weights, batch, into, at) =>
      backend.tidy(() => writeLosses(logitsOf(weights, batch), batch.labels, classes, into, at)),
    term: (weights, batch, term) =>
      backend.tidy(() => term(weights, examplesOf(batch, logitsOf(weights, { ...batch, term })))),
    lossAndGradient,
    descent: hostDescent(parameters, lossAndGradient),
  }
}
