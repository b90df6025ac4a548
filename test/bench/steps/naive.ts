/**
 * ∂/∂filter of a convolution by seven loops, as a definition reads: what stock tfjs on wasm, which has no such kernel, is
 * given so that it trains a convolutional network at all. StepOptions 1.
 */
import * as tf from '@tensorflow/tfjs-core'

export const naiveFilterGradient = (backendName: string): tf.KernelConfig => ({
  kernelName: tf.Conv2DBackpropFilter,
  backendName,
  kernelFunc: ({ inputs, attrs }) => {
    const x = inputs['x'] as tf.Tensor4D
    const dy = inputs['dy'] as tf.Tensor4D
    const filterShape = attrs?.['filterShape'] as [number, number, number, number]
    const pad = attrs?.['pad'] as 'same' | 'valid'
    const [batch, height, width, channels] = x.shape
    const [, outHeight, outWidth, filters] = dy.shape
    const [rows, columns] = filterShape
    const before = pad === 'same' ? [Math.floor((rows - 1) / 2), Math.floor((columns - 1) / 2)] : [0, 0]
    const xs = x.dataSync<'float32'>()
    const ds = dy.dataSync<'float32'>()
    const gradient = new Float32Array(rows * columns * channels * filters)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let b = 0; b < batch; b++)
          for (let r = 0; r < outHeight; r++) {
            const y = r + i - before[0]!
            if (y < 0 || y >= height) continue
            for (let s = 0; s < outWidth; s++) {
              const z = s + j - before[1]!
              if (z < 0 || z >= width) continue
              for (let c = 0; c < channels; c++) {
                const value = xs[((b * height + y) * width + z) * channels + c]!
                const from = ((b * outHeight + r) * outWidth + s) * filters
                const to = ((i * columns + j) * channels + c) * filters
                for (let d = 0; d < filters; d++) gradient[to + d]! += value * ds[from + d]!
              }
            }
          }
    return tf.tensor4d(gradient, filterShape)
  },
})
