/**
 * A network as plain functions: the shapes of its parameters, how they start, and a pass forward and back.
 *
 * Weights are one flat float32 vector w; {@link Parameter} says where in it each tensor lies. tfjs sees them only
 * while a batch is computed.
 */
import type * as tf from '@tensorflow/tfjs-core'
import { uniforms, make as makeRng } from '../../core/numeric/Rng.js'
import type { Layer, ParameterShape, Shape } from './Layer.js'

/** One tensor of parameters, at `offset` in the flat weights. */
export interface Parameter extends ParameterShape {
  readonly layer: string
  readonly offset: number
  readonly size: number
}

/** Logits that know how a gradient goes back from them to every parameter. */
export interface NetworkPass {
  /** B × classes. */
  readonly logits: tf.Tensor
  /** From ∂/∂logits: ∂/∂parameters, in the order of {@link Network.parameters}. */
  readonly backward: (dLogits: tf.Tensor) => ReadonlyArray<tf.Tensor>
}

/** The rest of a network behind its first sums. */
export interface AfterSums {
  /** How many sums an image has. */
  readonly units: number
  /** `parameters`: those behind W and b. `sums`: B × units. */
  readonly pass: (
    parameters: ReadonlyArray<tf.Tensor>,
    sums: tf.Tensor,
  ) => {
    readonly logits: tf.Tensor
    /** From ∂/∂logits: ∂/∂sums, and ∂/∂parameters in their order. */
    readonly backward: (dLogits: tf.Tensor) => {
      readonly sums: tf.Tensor
      readonly parameters: ReadonlyArray<tf.Tensor>
    }
  }
}

/** A network as plain functions; it holds no weights. */
export interface Network {
  /** For a person: `mlp 784-100-10`. */
  readonly name: string
  /** Height, width, channels. */
  readonly inputShape: readonly [number, number, number]
  readonly classes: number
  readonly parameters: ReadonlyArray<Parameter>
  /** The number of weights. */
  readonly size: number
  /**
   * How to go on from x·W + b, where the network begins with that of flat images x: W and b are its first two tensors of
   * parameters. `null` where it does not.
   */
  readonly afterSums: AfterSums | null
  /** What {@link pass} takes an image as: its shape, or flat where nothing but the pixels counts. */
  readonly entryShape: Shape
  /** `images`: B × the entry shape. */
  readonly pass: (parameters: ReadonlyArray<tf.Tensor>, images: tf.Tensor) => NetworkPass
}

const placed = (layers: ReadonlyArray<Layer>): ReadonlyArray<Parameter> => {
  let offset = 0
  return layers.flatMap(layer =>
    layer.parameters.map(parameter => {
      const size = parameter.shape.reduce((product, side) => product * side, 1)
      const at = { ...parameter, layer: layer.name, offset, size }
      offset += size
      return at
    }),
  )
}

/** Layers one after the other. Backwards it stops at the layer `first`: nobody wants a gradient of what is before it. */
const chain = (layers: ReadonlyArray<Layer>, first: number) => {
  const starts = layers.map((_, i) =>
    layers.slice(0, i).reduce((count, layer) => count + layer.parameters.length, 0),
  )
  return (tensors: ReadonlyArray<tf.Tensor>, input: tf.Tensor, wantsInput: boolean) => {
    let output = input
    const passes = layers.map((layer, i) => {
      const start = starts[i]!
      const pass = layer.forward(tensors.slice(start, start + layer.parameters.length), output)
      output = pass.output
      return pass
    })
    return {
      output,
      backward: (
        dOutput: tf.Tensor,
      ): { readonly input: tf.Tensor | null; readonly parameters: ReadonlyArray<tf.Tensor> } => {
        let parameters: ReadonlyArray<tf.Tensor> = []
        let dInput: tf.Tensor | null = dOutput
        for (let i = layers.length - 1; i >= first && dInput !== null; i--) {
          const back: ReturnType<(typeof passes)[number]['backward']> = passes[i]!.backward(
            dInput,
            wantsInput || i > first,
          )
          parameters = [...back.parameters, ...parameters]
          dInput = back.input
        }
        return { input: dInput, parameters }
      },
    }
  }
}

const afterSums = ([flatten, layer, ...rest]: ReadonlyArray<Layer>): AfterSums | null => {
  if (flatten?.name !== 'flatten' || layer?.afterSums === undefined) return null
  const through = chain([layer.afterSums, ...rest], 0)
  return {
    units: layer.outputShape[0]!,
    pass: (parameters, sums) => {
      const { output, backward } = through(parameters, sums, true)
      return {
        logits: output,
        backward: dLogits => {
          const back = backward(dLogits)
          return { sums: back.input!, parameters: back.parameters }
        },
      }
    },
  }
}

/** The network that applies `layers` one after the other. The last one's outputs are the logits. */
export const sequential = (
  name: string,
  inputShape: readonly [number, number, number],
  classes: number,
  layers: ReadonlyArray<Layer>,
): Network => {
  const parameters = placed(layers)
  const through = chain(
    layers,
    layers.findIndex(layer => layer.parameters.length > 0),
  )
  return {
    name,
    inputShape,
    entryShape: layers[0]?.name === 'flatten' ? layers[0].outputShape : inputShape,
    afterSums: afterSums(layers),
    classes,
    parameters,
    size: parameters.reduce((sum, { size }) => sum + size, 0),
    pass: (tensors, images) => {
      const { output, backward } = through(tensors, images, false)
      return { logits: output, backward: dLogits => backward(dLogits).parameters }
    },
  }
}

/** Names the random stream of initial weights among those of a seed. */
const initialisationStream = 1

/**
 * Initial weights: kernels uniform in ±√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010), biases zero.
 *
 * Each tensor has a stream of its own, so that a layer's start does not depend on those before it.
 */
export const initialWeights =
  (network: Network) =>
  (seed: number): Float32Array => {
    const weights = new Float32Array(network.size)
    for (const [index, { role, fanIn, fanOut, offset, size }] of network.parameters.entries()) {
      if (role === 'bias') continue
      const bound = Math.sqrt(6 / (fanIn + fanOut))
      const [drawn] = uniforms(size)(makeRng(seed, initialisationStream, index))
      for (let i = 0; i < size; i++) weights[offset + i] = bound * (2 * drawn[i]! - 1)
    }
    return weights
  }

/** The names of the layers that have a kernel, in order. */
export const layerNames = (network: Network): ReadonlyArray<string> =>
  network.parameters.filter(({ role }) => role === 'kernel').map(({ layer }) => layer)

/** `784` or `28×28×1`, for messages. */
export const shapeText = (shape: Shape): string => shape.join('×')
