/**
 * What a dense layer is made of, as few operations as a backend has it in. libtensorflow computes a step of a small network
 * quickly, but takes some 20 µs to begin each operation, and tfjs-node begins many: seven for a step function, a reshape
 * before and after a fused product, a tensor of axes for a sum. By the operations that libtensorflow has for these, a
 * step of 784-100-10 takes it .4 ms instead of .8.
 *
 * The names are no kernels of tfjs; {@link denseKernels} are to be registered before the functions are used.
 */
import type * as tf from '@tensorflow/tfjs-core'
import { tfjs } from './tfjs.js'
import { nativeOf } from './Native.js'

const forward = 'bilevel-hpo/Dense'
const reluGrad = 'bilevel-hpo/ReluGrad'
const biasGrad = 'bilevel-hpo/BiasGrad'

export type Activation = 'relu' | 'linear'

/** x·W + b, and max(0, ·) of it where asked. x: B×n, W: n×m, b: m. */
export const dense = (
  x: tf.Tensor,
  kernel: tf.Tensor,
  bias: tf.Tensor,
  activation: Activation,
): tf.Tensor2D => tfjs().engine().runKernel(forward, { x, kernel, bias }, { activation })

/** ∂/∂(before ReLU): dy where the ReLU's own output y is positive, else 0, which at 0 itself is a subgradient. */
export const throughRelu = (dy: tf.Tensor, y: tf.Tensor): tf.Tensor =>
  tfjs().engine().runKernel(reluGrad, { dy, y })

/** ∂/∂b of y + b: Σ dy over all axes but the last. */
export const biasGradient = (dy: tf.Tensor): tf.Tensor1D => tfjs().engine().runKernel(biasGrad, { dy })

const taking = (inputs: tf.NamedTensorInfoMap, ...names: string[]): tf.Tensor[] =>
  names.map(name => inputs[name] as tf.Tensor)

/** The kernels as tfjs registers them. */
export const denseKernels = (backendName: string): ReadonlyArray<tf.KernelConfig> => [
  {
    kernelName: forward,
    backendName,
    kernelFunc: ({ inputs, attrs, backend }) => {
      const [x, kernel, bias] = taking(inputs, 'x', 'kernel', 'bias')
      const activation = attrs?.['activation'] === 'relu' ? 'relu' : 'linear'
      const native = nativeOf(backend)
      if (native === null) return tfjs().fused.matMul({ a: x!, b: kernel!, bias: bias!, activation })
      return tfjs().tidy(() => {
        const sums = native.run('BiasAdd', [tfjs().matMul(x!, kernel!), bias!])
        return activation === 'relu' ? native.run('Relu', [sums]) : sums
      })
    },
  },
  {
    kernelName: reluGrad,
    backendName,
    kernelFunc: ({ inputs, backend }) => {
      const [dy, y] = taking(inputs, 'dy', 'y')
      const native = nativeOf(backend)
      return native === null
        ? tfjs().tidy(() => tfjs().mul(dy!, tfjs().step(y!)))
        : native.run('ReluGrad', [dy!, y!])
    },
  },
  {
    kernelName: biasGrad,
    backendName,
    kernelFunc: ({ inputs, backend }) => {
      const [dy] = taking(inputs, 'dy')
      const native = nativeOf(backend)
      return native === null
        ? tfjs().sum(
            dy!,
            dy!.shape.slice(1).map((_, axis) => axis),
          )
        : native.run('BiasAddGrad', [dy!])
    },
  },
]
