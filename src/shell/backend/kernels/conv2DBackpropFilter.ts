/**
 * ∂/∂filter of a 2-D convolution. The wasm backend lacks this kernel, and convolutional networks need it to train.
 *
 * Notation, NHWC: images x (B×H×W×C), output gradient dy (B×h×w×D), filter gradient dF (r×c×C×D), stride s,
 * dilation d (s or d is 1, as Conv2D requires), padding p.
 *
 *     dF[i, j, ·, ·] = Σ over b, y, x of x[b, y·s + i·d − p, x·s + j·d − p, ·] ⊗ dy[b, y, x, ·]
 *
 * This is itself a convolution: batch and channels are swapped, dy is the filter, and stride and dilation are swapped. So
 * it runs on the backend's own fast convolution. A layer of LeNet at batch 64 takes 2 ms, against 4 to 9 ms by im2col and
 * a product, and 16 to 31 ms by loops over typed arrays.
 */
import * as tf from '@tensorflow/tfjs-core'
import { attributesOf, FilterGradientAttributes } from './attributes.js'

/** The padding of one spatial side, and its length after cropping, so that exactly what the filter covered is read. */
interface ReadRange {
  readonly before: number
  readonly after: number
  readonly length: number
}

const readRange = (
  size: number,
  padding: number,
  outputs: number,
  stride: number,
  filter: number,
  dilation: number,
): ReadRange => {
  const length = (outputs - 1) * stride + (filter - 1) * dilation + 1
  return { before: padding, after: Math.max(0, length - size - padding), length }
}

/** The filter gradient of a convolution of `x`; see `tf.conv2d` for the attributes. */
export const filterGradient = (
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  { strides, pad, dimRoundingMode, dilations = 1, filterShape }: FilterGradientAttributes,
): tf.Tensor4D => {
  const info = tf.backend_util.computeConv2DInfo(
    x.shape,
    filterShape,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    false,
    'channelsLast',
  )
  const { padInfo, strideHeight, strideWidth, dilationHeight, dilationWidth } = info
  const rows = readRange(
    info.inHeight,
    padInfo.top,
    info.outHeight,
    strideHeight,
    info.filterHeight,
    dilationHeight,
  )
  const columns = readRange(
    info.inWidth,
    padInfo.left,
    info.outWidth,
    strideWidth,
    info.filterWidth,
    dilationWidth,
  )
  return tf.tidy(() => {
    const swapped = tf.transpose(x, [3, 1, 2, 0])
    const padded = tf.pad(swapped, [
      [0, 0],
      [rows.before, rows.after],
      [columns.before, columns.after],
      [0, 0],
    ])
    const read = tf.slice(
      padded,
      [0, 0, 0, 0],
      [info.inChannels, rows.length, columns.length, info.batchSize],
    )
    const filter: tf.Tensor4D = tf.transpose(dy, [1, 2, 0, 3])
    const gradient = tf.conv2d(read, filter, [dilationHeight, dilationWidth], 'valid', 'NHWC', [
      strideHeight,
      strideWidth,
    ])
    return tf.transpose(gradient, [1, 2, 0, 3])
  })
}

/** The kernel in the form that tfjs registers. */
export const conv2DBackpropFilter = (backendName: string): tf.KernelConfig => ({
  kernelName: tf.Conv2DBackpropFilter,
  backendName,
  kernelFunc: ({ inputs, attrs }) =>
    filterGradient(
      inputs['x'] as tf.Tensor4D,
      inputs['dy'] as tf.Tensor4D,
      attributesOf(tf.Conv2DBackpropFilter, FilterGradientAttributes, attrs),
    ),
})
