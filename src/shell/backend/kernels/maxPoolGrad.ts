/**
 * ∂/∂x of max pooling. The wasm backend's own kernel visits every window of every input and takes 6 ms for the first
 * pooling of LeNet at batch 64; the passes here take 1 ms.
 *
 * If several entries of a window are largest, the first one (in row-major order) gets the whole gradient.
 */
import * as tf from '@tensorflow/tfjs-core'
import { attributesOf, PoolGradientAttributes } from './attributes.js'

/** Float32 tensors in the memory of the wasm backend. Views are good until a tensor is made. */
interface Heap {
  readonly makeOutput: (shape: number[], dtype: 'float32') => tf.TensorInfo
  readonly typedArrayFromHeap: (tensor: tf.TensorInfo) => Float32Array
}

const isHeap = (backend: unknown): backend is Heap =>
  typeof backend === 'object' &&
  backend !== null &&
  'makeOutput' in backend &&
  'typedArrayFromHeap' in backend

/** The memory of a backend; `null` of one that is not the wasm backend. */
const heapOf = (backend: unknown): Heap | null => (isHeap(backend) ? backend : null)

/** {@link scatter} for adjacent windows of 2×2, the usual case, without loops over a window. */
const scatterSquares = (
  x: Float32Array,
  dy: Float32Array,
  info: tf.backend_util.Conv2DInfo,
  gradient: Float32Array,
): void => {
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth } = info
  const row = inWidth * channels
  let output = 0
  for (let b = 0; b < batchSize; b++)
    for (let i = 0; i < outHeight; i++) {
      let a = (b * inHeight + 2 * i) * row
      for (let j = 0; j < outWidth; j++, a += channels)
        for (let channel = 0; channel < channels; channel++, output++, a++) {
          let largest = a
          let best = x[a]!
          if (x[a + channels]! > best) best = x[(largest = a + channels)]!
          if (x[a + row]! > best) best = x[(largest = a + row)]!
          if (x[a + row + channels]! > best) largest = a + row + channels
          gradient[largest] = dy[output]!
        }
    }
}

/**
 * Adds each window's gradient to its largest entry. `x`, `gradient` (zeros at first): B×H×W×C, `dy`: B×h×w×C, all
 * row-major.
 */
const scatter = (
  x: Float32Array,
  dy: Float32Array,
  info: tf.backend_util.Conv2DInfo,
  gradient: Float32Array,
): void => {
  const { batchSize, inHeight, inWidth, inChannels: channels, outHeight, outWidth, padInfo } = info
  const { strideHeight, strideWidth, filterHeight, filterWidth } = info
  let output = 0
  for (let b = 0; b < batchSize; b++)
    for (let row = 0; row < outHeight; row++) {
      const top = Math.max(0, row * strideHeight - padInfo.top)
      const bottom = Math.min(inHeight, row * strideHeight - padInfo.top + filterHeight)
      for (let column = 0; column < outWidth; column++) {
        const left = Math.max(0, column * strideWidth - padInfo.left)
        const right = Math.min(inWidth, column * strideWidth - padInfo.left + filterWidth)
        for (let channel = 0; channel < channels; channel++, output++) {
          let largest = -1
          let best = -Infinity
          for (let i = top; i < bottom; i++)
            for (let j = left; j < right; j++) {
              const at = ((b * inHeight + i) * inWidth + j) * channels + channel
              const value = x[at]!
              if (largest < 0 || value > best) {
                largest = at
                best = value
              }
            }
          if (largest >= 0) gradient[largest]! += dy[output]!
        }
      }
    }
}

const squares = ({
  strideHeight,
  strideWidth,
  filterHeight,
  filterWidth,
  padInfo,
}: tf.backend_util.Conv2DInfo) =>
  [strideHeight, strideWidth, filterHeight, filterWidth].every(side => side === 2) &&
  padInfo.top === 0 &&
  padInfo.left === 0 &&
  padInfo.bottom === 0 &&
  padInfo.right === 0

/** The gradient of max pooling by its input. On wasm it is written directly into the output tensor. */
export const maxPoolGradient = (
  backend: unknown,
  x: tf.Tensor4D,
  dy: tf.Tensor4D,
  { filterSize, strides, pad, dimRoundingMode }: PoolGradientAttributes,
): tf.TensorInfo => {
  const info = tf.backend_util.computePool2DInfo(
    x.shape,
    filterSize,
    strides,
    1,
    pad,
    dimRoundingMode,
    'channelsLast',
  )
  const fill = squares(info) ? scatterSquares : scatter
  const heap = heapOf(backend)
  if (heap === null) {
    const gradient = new Float32Array(x.size)
    fill(x.dataSync<'float32'>(), dy.dataSync<'float32'>(), info, gradient)
    return tf.tensor4d(gradient, x.shape)
  }
  const output = heap.makeOutput(x.shape, 'float32')
  // Take the views last: they become invalid if the heap grows.
  const gradient = heap.typedArrayFromHeap(output).fill(0)
  fill(heap.typedArrayFromHeap(x), heap.typedArrayFromHeap(dy), info, gradient)
  return output
}

/** The kernel in the form that tfjs registers. */
export const maxPoolGrad = (backendName: string): tf.KernelConfig => ({
  kernelName: tf.MaxPoolGrad,
  backendName,
  kernelFunc: ({ inputs, attrs, backend }) =>
    maxPoolGradient(
      backend,
      inputs['input'] as tf.Tensor4D,
      inputs['dy'] as tf.Tensor4D,
      attributesOf(tf.MaxPoolGrad, PoolGradientAttributes, attrs),
    ),
})
