/**
 * Products with a transposed factor. The wasm backend computes them by plain loops: 3 to 7 ms for 784×64 · 64×100, against
 * .3 ms for transposing first and multiplying then, which is what these kernels do before they hand over to the backend's.
 */
import * as tf from '@tensorflow/tfjs-core'

/** The last two axes exchanged. */
const transposed = (x: tf.Tensor): tf.Tensor => {
  const axes = x.shape.map((_, axis) => axis)
  const [last, before] = [axes.pop()!, axes.pop()!]
  return tf.transpose(x, [...axes, last, before])
}

/** The backend's `BatchMatMul` or `_FusedMatMul`, its flags `transposeA` and `transposeB` done by transposing. */
export const transposingFirst = (theirs: tf.KernelConfig): tf.KernelConfig => ({
  ...theirs,
  kernelFunc: call => {
    const { inputs, attrs } = call
    const [flipA, flipB] = [attrs?.['transposeA'] === true, attrs?.['transposeB'] === true]
    if (!flipA && !flipB) return theirs.kernelFunc(call)
    return tf.tidy((): tf.Tensor => {
      const [a, b] = [inputs['a'] as tf.Tensor, inputs['b'] as tf.Tensor]
      return tf
        .engine()
        .runKernel(
          theirs.kernelName,
          { ...inputs, a: flipA ? transposed(a) : a, b: flipB ? transposed(b) : b },
          { ...attrs, transposeA: false, transposeB: false },
        )
    })
  },
})
