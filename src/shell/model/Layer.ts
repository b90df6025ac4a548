/**
 * The layers of networks: each is a function of parameters and input, with its backward pass.
 *
 * Backward passes are written by hand. Automatic differentiation spends as much time on its tape as on a small kernel, for
 * each operation, and `@tensorflow/tfjs-core` alone registers no gradients.
 *
 * Shapes omit the batch: B×784 images have the shape [784].
 */
import type * as tf from '@tensorflow/tfjs-core'
import * as Kernels from '../backend/kernels/dense.js'
import type { SpatialLayer } from '../backend/kernels/conv/Layout.js'
import type { DenseLayer } from '../backend/kernels/DenseNetwork.js'
import { tfjs } from '../backend/kernels/tfjs.js'

/** Lengths of a tensor's axes. */
export type Shape = ReadonlyArray<number>

/** The shape of a tensor of parameters. `fanIn` and `fanOut` scale its initialisation. */
export interface ParameterShape {
  readonly role: 'kernel' | 'bias'
  readonly shape: Shape
  readonly fanIn: number
  readonly fanOut: number
}

/**
 * The result of a layer's forward pass, with the function for its backward pass.
 *
 * @example
 * ```ts
 * import * as tf from '@tensorflow/tfjs-core'
 * import '@tensorflow/tfjs-backend-cpu'
 * import { flatten, linear, type NetworkPass, type Pass } from 'bilevel-hpo/shell'
 *
 * // Back through a layer without parameters: the gradient takes the shape of the input.
 * const pass: Pass = flatten([2, 2, 1]).forward([], tf.ones([3, 2, 2, 1]))
 * pass.backward(tf.ones([3, 4]), true).input?.shape // => [3, 2, 2, 1]
 * const network = linear([2, 2, 1], 2)
 * const whole: NetworkPass = network.pass([tf.zeros([4, 2]), tf.ones([2])], tf.ones([3, 4]))
 * Array.from(whole.logits.dataSync()) // => [1, 1, 1, 1, 1, 1]
 * ```
 */
export interface Pass {
  readonly output: tf.Tensor
  /** From ∂/∂output to ∂/∂parameters, and to ∂/∂input if `wantsInput`. */
  readonly backward: (
    dOutput: tf.Tensor,
    wantsInput: boolean,
  ) => { readonly input: tf.Tensor | null; readonly parameters: ReadonlyArray<tf.Tensor> }
}

/** One layer of a network. */
export interface Layer {
  readonly name: string
  readonly parameters: ReadonlyArray<ParameterShape>
  readonly outputShape: Shape
  /** The description of a dense layer, for trainers that do not use `forward`. Its parameters are W and b. */
  readonly dense?: DenseLayer
  /** The description of a convolution or pooling, likewise. A convolution's parameters are K and b. */
  readonly spatial?: SpatialLayer
  readonly forward: (parameters: ReadonlyArray<tf.Tensor>, input: tf.Tensor) => Pass
}

const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1)

/**
 * Flattens images: B × height × width × channels → B × pixels.
 *
 * @example
 * ```ts
 * import { flatten, type Layer } from 'bilevel-hpo/shell'
 *
 * const layer: Layer = flatten([28, 28, 1])
 * layer.outputShape // => [784]
 * ```
 */
export const flatten = (inputShape: Shape): Layer => ({
  name: 'flatten',
  parameters: [],
  outputShape: [sizeOf(inputShape)],
  forward: (_, input) => ({
    // As the first layer of a network, it gets flat images.
    output: input.rank === 2 ? input : tfjs().reshape(input, [input.shape[0], sizeOf(inputShape)]),
    backward: dOutput => ({ input: tfjs().reshape(dOutput, input.shape), parameters: [] }),
  }),
})

/**
 * A dense layer: y = x·W + b, or max(0, y) with the activation `relu`. x: B × inputs, W: inputs × units, b: units,
 * y: B × units.
 *
 * @example
 * ```ts
 * import { dense, type ParameterShape } from 'bilevel-hpo/shell'
 *
 * const parameters: ReadonlyArray<ParameterShape> = dense('dense1', 784, 100, 'relu').parameters
 * parameters.map(({ role, shape }) => [role, ...shape]) // => [['kernel', 784, 100], ['bias', 100]]
 * ```
 */
export const dense = (
  name: string,
  inputs: number,
  units: number,
  activation: Kernels.Activation,
): Layer => ({
  name,
  parameters: [
    { role: 'kernel', shape: [inputs, units], fanIn: inputs, fanOut: units },
    { role: 'bias', shape: [units], fanIn: inputs, fanOut: units },
  ],
  outputShape: [units],
  dense: { inputs, units, activation },
  forward: ([kernel, bias], input) => {
    const x = input as tf.Tensor2D
    const output = Kernels.dense(x, kernel!, bias!, activation)
    return {
      output,
      backward: (dOutput, wantsInput) => {
        const dy = activation === 'relu' ? Kernels.throughRelu(dOutput, output) : dOutput
        return {
          input: wantsInput ? tfjs().matMul(dy, kernel!, false, true) : null,
          parameters: [tfjs().matMul(x, dy, true, false), Kernels.biasGradient(dy)],
        }
      },
    }
  },
})

/**
 * A convolution with stride 1: max(0, x ∗ K + b). x: B × height × width × channels, K: size × size × channels × filters,
 * b: filters. `valid` shrinks each side by size − 1, `same` pads with zeros.
 *
 * @example
 * ```ts
 * import { convolution, type Shape } from 'bilevel-hpo/shell'
 *
 * const shape: Shape = convolution('conv1', [32, 32, 3], 6, 5, 'valid').outputShape
 * shape // => [28, 28, 6]
 * ```
 */
export const convolution = (
  name: string,
  inputShape: readonly [number, number, number],
  filters: number,
  size: number,
  padding: 'same' | 'valid',
): Layer => {
  const [height, width, channels] = inputShape
  const shrunk = padding === 'valid' ? size - 1 : 0
  const area = size * size
  return {
    name,
    parameters: [
      {
        role: 'kernel',
        shape: [size, size, channels, filters],
        fanIn: area * channels,
        fanOut: area * filters,
      },
      { role: 'bias', shape: [filters], fanIn: area * channels, fanOut: area * filters },
    ],
    outputShape: [height - shrunk, width - shrunk, filters],
    spatial: { kind: 'convolution', input: inputShape, filters, size, padding },
    forward: ([kernel, bias], input) => {
      const x = input as tf.Tensor4D
      const filter = kernel as tf.Tensor4D
      const output = tfjs().fused.conv2d({
        x,
        filter,
        strides: 1,
        pad: padding,
        bias: bias!,
        activation: 'relu',
      })
      return {
        output,
        backward: (dOutput, wantsInput) => {
          const dy = Kernels.throughRelu(dOutput, output) as tf.Tensor4D
          const dKernel: tf.Tensor = tfjs()
            .engine()
            .runKernel(
              tfjs().Conv2DBackpropFilter,
              { x, dy },
              { strides: 1, pad: padding, dataFormat: 'NHWC', filterShape: filter.shape },
            )
          return {
            input: wantsInput
              ? tfjs()
                  .engine()
                  .runKernel(
                    tfjs().Conv2DBackpropInput,
                    { dy, filter },
                    { strides: 1, pad: padding, dataFormat: 'NHWC', inputShape: x.shape },
                  )
              : null,
            parameters: [dKernel, Kernels.biasGradient(dy)],
          }
        },
      }
    },
  }
}

/**
 * Max pooling: the maximum of each 2 × 2 square. It halves height and width, and drops an odd last row or column.
 *
 * @example
 * ```ts
 * import { maxPool } from 'bilevel-hpo/shell'
 *
 * maxPool([29, 28, 6]).outputShape // => [14, 14, 6]
 * ```
 */
export const maxPool = (inputShape: readonly [number, number, number]): Layer => {
  const [height, width, channels] = inputShape
  return {
    name: 'pool',
    parameters: [],
    outputShape: [Math.floor(height / 2), Math.floor(width / 2), channels],
    spatial: { kind: 'pool', input: inputShape },
    forward: (_, input) => {
      const output = tfjs().maxPool(input as tf.Tensor4D, 2, 2, 'valid')
      return {
        output,
        backward: dOutput => ({
          input: tfjs()
            .engine()
            .runKernel(
              tfjs().MaxPoolGrad,
              { dy: dOutput, input, output },
              { filterSize: 2, strides: 2, pad: 'valid' },
            ),
          parameters: [],
        }),
      }
    },
  }
}
