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
   * Which of the parameters is a kernel with a row a pixel that is multiplied by the flat images, and no more is made of
   * them; `null` where there is none. {@link pass} then takes any selection of pixels with the same one of its rows.
   */
  readonly pixelKernel: number | null
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

/** The network that applies `layers` one after the other. The last one's outputs are the logits. */
export const sequential = (
  name: string,
  inputShape: readonly [number, number, number],
  classes: number,
  layers: ReadonlyArray<Layer>,
): Network => {
  const parameters = placed(layers)
  const starts = layers.map((_, i) =>
    layers.slice(0, i).reduce((count, layer) => count + layer.parameters.length, 0),
  )
  const firstWithParameters = layers.findIndex(layer => layer.parameters.length > 0)
  return {
    name,
    inputShape,
    entryShape: layers[0]?.name === 'flatten' ? layers[0].outputShape : inputShape,
    pixelKernel: layers[0]?.name === 'flatten' && layers[1]?.product === true ? 0 : null,
    classes,
    parameters,
    size: parameters.reduce((sum, { size }) => sum + size, 0),
    pass: (tensors, images) => {
      let logits = images
      const passes = layers.map((layer, i) => {
        const start = starts[i]!
        const pass = layer.forward(tensors.slice(start, start + layer.parameters.length), logits)
        logits = pass.output
        return pass
      })
      return {
        logits,
        backward: dLogits => {
          let gradients: ReadonlyArray<tf.Tensor> = []
          let dOutput: tf.Tensor | null = dLogits
          // Nothing before the first parameters has a gradient that anyone wants.
          for (let i = layers.length - 1; i >= firstWithParameters && dOutput !== null; i--) {
            const back: ReturnType<(typeof passes)[number]['backward']> = passes[i]!.backward(
              dOutput,
              i > firstWithParameters,
            )
            gradients = [...back.parameters, ...gradients]
            dOutput = back.input
          }
          return gradients
        },
      }
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
