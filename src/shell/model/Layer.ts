/**
 * A layer of a network: a function of parameters and input, and how a gradient goes back through it.
 *
 * Written out instead of left to automatic differentiation, because the tape costs as much as a small
 * kernel for each operation, and because `@tensorflow/tfjs-core` alone registers no gradients.
 *
 * Shapes leave the batch out: B×784 images have the shape [784].
 */
import type * as tf from '@tensorflow/tfjs-core'
import * as Kernels from '../backend/kernels/dense.js'
import type { DenseLayer } from '../backend/kernels/DenseNetwork.js'
import { tfjs } from '../backend/kernels/tfjs.js'

/** Lengths of a tensor's axes. */
export type Shape = ReadonlyArray<number>

/** A tensor of parameters that a layer wants; `fanIn` and `fanOut` scale its initialisation. */
export interface ParameterShape {
  readonly role: 'kernel' | 'bias'
  readonly shape: Shape
  readonly fanIn: number
  readonly fanOut: number
}

/** What has gone forward through a layer and can go back. */
export interface Pass {
  readonly output: tf.Tensor
  /** From ∂/∂output: ∂/∂parameters, and ∂/∂input where it is wanted. */
  readonly backward: (
    dOutput: tf.Tensor,
    wantsInput: boolean,
  ) => { readonly input: tf.Tensor | null; readonly parameters: ReadonlyArray<tf.Tensor> }
}

/** One step of a network, forward and back. */
export interface Layer {
  readonly name: string
  readonly parameters: ReadonlyArray<ParameterShape>
  readonly outputShape: Shape
  /** What there is to know of a dense layer, for who computes it otherwise; its parameters are W and b. */
  readonly dense?: DenseLayer
  readonly forward: (parameters: ReadonlyArray<tf.Tensor>, input: tf.Tensor) => Pass
}

const sizeOf = (shape: Shape): number => shape.reduce((product, side) => product * side, 1)

/** All axes but the first into one. */
export const flatten = (inputShape: Shape): Layer => ({
  name: 'flatten',
  parameters: [],
  outputShape: [sizeOf(inputShape)],
  forward: (_, input) => ({
    // Images that a network begins with come flat already.
    output: input.rank === 2 ? input : tfjs().reshape(input, [input.shape[0], sizeOf(inputShape)]),
    backward: dOutput => ({ input: tfjs().reshape(dOutput, input.shape), parameters: [] }),
  }),
})

/** y = x·W + b, and max(0, y) where asked. W: inputs × units. */
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

/** max(0, x ∗ K + b) with stride 1. K: size × size × channels in × channels out. */
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

/** The largest of each 2×2 square; an odd last row or column is left out. */
export const maxPool = (inputShape: readonly [number, number, number]): Layer => {
  const [height, width, channels] = inputShape
  return {
    name: 'pool',
    parameters: [],
    outputShape: [Math.floor(height / 2), Math.floor(width / 2), channels],
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
