/**
 * One training step as tfjs itself does it: ordinary operations, its tape (`tf.variableGrads` inside an optimizer), its
 * own momentum optimizer, tensors that stay on the backend. Nothing of ours takes part.
 */
import * as tf from '@tensorflow/tfjs-core'
import type { Network } from '../../../src/shell/model/Network.js'

/** A network's forward pass written with tfjs' operations; `w` are its parameters in our order. */
export type Forward = (w: ReadonlyArray<tf.Tensor>, images: tf.Tensor4D) => tf.Tensor2D

const dense = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor): tf.Tensor2D =>
  tf.add(tf.matMul(x as tf.Tensor2D, w), b)

export const mlpForward: Forward = ([w1, b1, w2, b2], images) =>
  dense(tf.relu(dense(tf.reshape(images, [images.shape[0], -1]), w1!, b1!)), w2!, b2!)

export const lenetForward: Forward = (w, images) => {
  const convolved = (x: tf.Tensor4D, k: number, pad: 'same' | 'valid'): tf.Tensor4D =>
    tf.maxPool(
      tf.relu<tf.Tensor4D>(tf.add(tf.conv2d(x, w[k] as tf.Tensor4D, 1, pad), w[k + 1]!)),
      2,
      2,
      'valid',
    )
  const small = convolved(convolved(images, 0, images.shape[1] < 32 ? 'same' : 'valid'), 2, 'valid')
  const flat = tf.reshape(small, [images.shape[0], -1])
  return dense(tf.relu(dense(tf.relu(dense(flat, w[4]!, w[5]!)), w[6]!, w[7]!)), w[8]!, w[9]!)
}

export interface StockRun {
  /** One step on the next batch. */
  readonly step: () => void
  readonly weights: () => Float32Array
  readonly dispose: () => void
}

/**
 * Training of ½·decay·Σ‖kernel‖² + mean cross-entropy from `start`: on the whole set, or on minibatches that are gathered on
 * the backend from the set's tensor, in an order shuffled anew for every epoch.
 */
export const stockRun = (
  network: Network,
  forward: Forward,
  set: { readonly images: Float32Array; readonly labels: Uint8Array },
  batchSize: number | null,
  start: Float32Array,
  { rate, momentum, decay }: { readonly rate: number; readonly momentum: number; readonly decay: number },
): StockRun => {
  const count = set.labels.length
  const images = tf.tensor4d(set.images, [count, ...network.inputShape])
  const oneHot = tf.tidy(() =>
    tf.cast(tf.oneHot(tf.tensor1d(set.labels, 'int32'), network.classes), 'float32'),
  )
  const variables = network.parameters.map(({ shape, offset, size }) =>
    tf.tidy(() => tf.variable(tf.tensor(start.slice(offset, offset + size), [...shape]))),
  )
  const optimizer = tf.train.momentum(rate, momentum, true)
  let order: Uint32Array = new Uint32Array(0)
  const draw = (): readonly [tf.Tensor4D, tf.Tensor2D] => {
    if (batchSize === null) return [images, oneHot as tf.Tensor2D]
    if (order.length < batchSize) order = tf.util.createShuffledIndices(count)
    const chosen = tf.tensor1d(Int32Array.from(order.subarray(0, batchSize)), 'int32')
    order = order.subarray(batchSize)
    return [tf.gather(images, chosen), tf.gather(oneHot as tf.Tensor2D, chosen)]
  }
  const loss = (): tf.Scalar => {
    const [x, y] = draw()
    const data = tf.losses.softmaxCrossEntropy<tf.Tensor2D, tf.Scalar>(y, forward(variables, x))
    const penalty = network.parameters.flatMap(({ role }, k) =>
      role === 'kernel' ? [tf.sum<tf.Scalar>(tf.square(variables[k]!))] : [],
    )
    return tf.add(data, tf.mul(decay / 2, tf.addN(penalty)))
  }
  return {
    step: () => {
      tf.tidy(() => {
        optimizer.minimize(loss, false, [...variables])
        // Backends may compute late; one number read back says that the step is done.
        variables[variables.length - 1]!.dataSync()
      })
    },
    weights: () => {
      const all = new Float32Array(network.size)
      for (const [k, { offset }] of network.parameters.entries()) all.set(variables[k]!.dataSync(), offset)
      return all
    },
    dispose: () => {
      optimizer.dispose()
      tf.dispose([images, oneHot, ...variables])
    },
  }
}
