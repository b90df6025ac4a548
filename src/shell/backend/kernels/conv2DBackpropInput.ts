/**
 * ∂/∂input of a 2-D convolution. With stride 1 it is a convolution of the output gradient with the rotated filter, which
 * on wasm takes a quarter of the time of the backend's own kernel. Other strides, and a padding wider than the filter, use
 * the backend's kernel.
 *
 * Notation, NHWC: output gradient dy (B×h×w×D), filter r×c×C×D, padding p; the result is B×H×W×C.
 *
 *     dx[b, y, x, ·] = Σ over i, j of dy[b, y + p − i, x + p − j, ·] · filter[i, j, ·, ·]ᵀ
 */
import * as tf from '@tensorflow/tfjs-core'
import { attributesOf, InputGradientAttributes } from './attributes.js'

/** The padding of one side of dy for which the rotated filter has `size` positions. */
const margins = (size: number, outputs: number, filter: number, padding: number): [number, number] => {
  const before = filter - 1 - padding
  return [before, size + filter - 1 - outputs - before]
}

const gradientBy = (dy: tf.Tensor4D, filter: tf.Tensor4D, attributes: InputGradientAttributes) => {
  const { strides, pad, dimRoundingMode, inputShape } = attributes
  const info = tf.backend_util.computeConv2DInfo(
    inputShape,
    filter.shape,
    strides,
    1,
    pad,
    dimRoundingMode,
    false,
    'channelsLast',
  )
  const { padInfo, strideHeight, strideWidth } = info
  const rows = margins(info.inHeight, info.outHeight, info.filterHeight, padInfo.top)
  const columns = margins(info.inWidth, info.outWidth, info.filterWidth, padInfo.left)
  if (strideHeight !== 1 || strideWidth !== 1 || Math.min(...rows, ...columns) < 0) return null
  return tf.tidy(() =>
    tf.conv2d(
      tf.pad(dy, [[0, 0], rows, columns, [0, 0]]),
      tf.transpose<tf.Tensor4D>(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]),
      1,
      'valid',
    ),
  )
}

/** The backend's kernel, except that stride 1 is computed by a convolution. */
export const conv2DBackpropInput = (theirs: tf.KernelConfig): tf.KernelConfig => ({
  ...theirs,
  kernelFunc: call =>
    gradientBy(
      call.inputs['dy'] as tf.Tensor4D,
      call.inputs['filter'] as tf.Tensor4D,
      attributesOf(tf.Conv2DBackpropInput, InputGradientAttributes, call.attrs),
    ) ?? theirs.kernelFunc(call),
})
