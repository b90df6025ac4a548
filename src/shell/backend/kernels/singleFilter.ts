/**
 * ∂/∂image of a convolution from one channel to one filter, on tfjs-node. libtensorflow with oneDNN computes it wrongly on some
 * processors (seen on an AMD EPYC: off by 5 % to 100 %; right with `TF_ENABLE_ONEDNN_OPTS=0`, which halves the speed of
 * LeNet). With a second filter of zeros it is right.
 */
import * as tf from '@tensorflow/tfjs-core'

const withZeros = (tensor: tf.Tensor4D): tf.Tensor4D =>
  tf.pad(tensor, [
    [0, 0],
    [0, 0],
    [0, 0],
    [0, 1],
  ])

/** The backend's kernel, except that a single filter of a single channel gets a second one. */
export const neverSingle = (theirs: tf.KernelConfig): tf.KernelConfig => ({
  ...theirs,
  kernelFunc: call => {
    const dy = call.inputs['dy'] as tf.Tensor4D
    const filter = call.inputs['filter'] as tf.Tensor4D
    const [, , channels, filters] = filter.shape
    if (channels !== 1 || filters !== 1) return theirs.kernelFunc(call)
    const wide = { dy: withZeros(dy), filter: withZeros(filter) }
    const gradient = theirs.kernelFunc({ ...call, inputs: { ...call.inputs, ...wide } })
    tf.dispose([wide.dy, wide.filter])
    return gradient
  },
})
