/**
 * A network as plain functions: the shapes of its parameters, their initialisation, and a forward and backward pass.
 *
 * Weights are one flat float32 vector w. {@link Parameter} gives the offset of each tensor in it. Weights become tensors only
 * while a batch is computed.
 */
import type * as tf from '@tensorflow/tfjs-core'
import { uniforms, make as makeRng } from '../../core/numeric/Rng.js'
import type { ConvLayers } from '../backend/kernels/conv/convNetwork.js'
import type { DenseLayer } from '../backend/kernels/DenseNetwork.js'
import type { Layer, ParameterShape, Shape } from './Layer.js'

/** One tensor of parameters, at `offset` in the flat weights. */
export interface Parameter extends ParameterShape {
  readonly layer: string
  readonly offset: number
  readonly size: number
}

/** The result of a forward pass, with the function for the backward pass. */
export interface NetworkPass {
  /** B × classes. */
  readonly logits: tf.Tensor
  /** From ∂/∂logits to ∂/∂parameters, in the order of {@link Network.parameters}. */
  readonly backward: (dLogits: tf.Tensor) => ReadonlyArray<tf.Tensor>
}

/** A network as plain functions; it holds no weights. */
export interface Network {
  /** A name for messages, such as `mlp 784-100-10`. */
  readonly name: string
  /** Height, width, channels. */
  readonly inputShape: readonly [number, number, number]
  readonly classes: number
  readonly parameters: ReadonlyArray<Parameter>
  /** The number of weights. */
  readonly size: number
  /** Its layers, if all of them are dense layers on flat images; otherwise `null`. */
  readonly dense: ReadonlyArray<DenseLayer> | null
  /** Its layers, if they are convolutions and poolings, then `flatten`, then dense layers; otherwise `null`. */
  readonly convolutional: ConvLayers | null
  /** The shape in which {@link pass} takes an image: flat if the first layer is `flatten`, otherwise the input shape. */
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

/** Applies layers one after the other. The backward pass stops at the first layer with parameters. */
const chain = (layers: ReadonlyArray<Layer>) => {
  const first = layers.findIndex(layer => layer.parameters.length > 0)
  const starts = layers.map((_, i) =>
    layers.slice(0, i).reduce((count, layer) => count + layer.parameters.length, 0),
  )
  return (tensors: ReadonlyArray<tf.Tensor>, images: tf.Tensor): NetworkPass => {
    let output = images
    const passes = layers.map((layer, i) => {
      const start = starts[i]!
      const pass = layer.forward(tensors.slice(start, start + layer.parameters.length), output)
      output = pass.output
      return pass
    })
    return {
      logits: output,
      backward: dLogits => {
        let gradients: ReadonlyArray<tf.Tensor> = []
        let dOutput: tf.Tensor | null = dLogits
        for (let i = layers.length - 1; i >= first && dOutput !== null; i--) {
          const back: ReturnType<(typeof passes)[number]['backward']> = passes[i]!.backward(
            dOutput,
            i > first,
          )
          gradients = [...back.parameters, ...gradients]
          dOutput = back.input
        }
        return gradients
      },
    }
  }
}

const denseOf = ([flatten, ...layers]: ReadonlyArray<Layer>): Network['dense'] => {
  const dense = layers.flatMap(layer => layer.dense ?? [])
  return flatten?.name === 'flatten' && dense.length === layers.length && dense.length > 0 ? dense : null
}

const convolutionalOf = (layers: ReadonlyArray<Layer>): Network['convolutional'] => {
  const flatten = layers.findIndex(({ name }) => name === 'flatten')
  const images = layers.slice(0, Math.max(0, flatten))
  const spatial = images.flatMap(layer => layer.spatial ?? [])
  const dense = denseOf(layers.slice(images.length))
  const whole = images.every(({ outputShape }) => outputShape.every(side => side > 0))
  return dense !== null && whole && spatial.length === images.length && spatial.length > 0
    ? { spatial, dense }
    : null
}

/**
 * The network that applies `layers` one after the other. The outputs of the last layer are the logits.
 *
 * @example
 * ```ts
 * import { dense, flatten, type Parameter, sequential } from 'bilevel-hpo/shell'
 *
 * const network = sequential('two layers', [3, 3, 1], 2, [
 *   flatten([3, 3, 1]), dense('first', 9, 5, 'relu'), dense('last', 5, 2, 'linear'),
 * ])
 * const parameters: ReadonlyArray<Parameter> = network.parameters
 * parameters.map(({ layer, role, offset }) => [layer, role, offset])
 *   // The bias of the last layer begins behind all other weights.
 *   .at(-1) // => ['last', 'bias', 60]
 * ```
 */
export const sequential = (
  name: string,
  inputShape: readonly [number, number, number],
  classes: number,
  layers: ReadonlyArray<Layer>,
): Network => {
  const parameters = placed(layers)
  return {
    name,
    inputShape,
    entryShape: layers[0]?.name === 'flatten' ? layers[0].outputShape : inputShape,
    dense: denseOf(layers),
    convolutional: convolutionalOf(layers),
    classes,
    parameters,
    size: parameters.reduce((sum, { size }) => sum + size, 0),
    pass: chain(layers),
  }
}

/** The random stream of initial weights, one of several per seed. */
const initialisationStream = 1

/**
 * Initial weights: kernels uniform in ±√(6 / (fanIn + fanOut)) (Glorot & Bengio 2010), biases zero.
 *
 * Each tensor has its own random stream, so that a layer's initial weights do not depend on the layers before it.
 *
 * @example
 * ```ts
 * import { initialWeights, mlp } from 'bilevel-hpo/shell'
 *
 * const weights = initialWeights(mlp([28, 28, 1], 10, [100]))(0)
 * weights.length // => 79510
 * // Within ±√(6/(784 + 100)), and a bias of zero.
 * weights.every(w => Math.abs(w) <= Math.sqrt(6 / 110)) // => true
 * weights.at(-1) // => 0
 * ```
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

/** A shape for messages: `784` or `28×28×1`. */
export const shapeText = (shape: Shape): string => shape.join('×')
