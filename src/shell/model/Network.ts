/**
 * A network as plain functions: the shapes of its parameters, how they start, and a pass forward and back.
 *
 * Weights are one flat float32 vector w; {@link Parameter} says where in it each tensor lies. tfjs sees them only
 * while a batch is computed.
 */
import type * as tf from '@tensorflow/tfjs-core'
import { uniforms, make as makeRng } from '../../core/numeric/Rng.js'
import type { DenseLayer } from '../backend/kernels/DenseNetwork.js'
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
  /** Its layers, where they are dense ones of flat images and no others; else `null`. */
  readonly dense: ReadonlyArray<DenseLayer> | null
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

/** Layers one after the other. Backwards it stops at the first with parameters: nobody wants a gradient of what is before it. */
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

/** The network that applies `layers` one after the other. The last one's outputs are the logits. */
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
    classes,
    parameters,
    size: parameters.reduce((sum, { size }) => sum + size, 0),
    pass: chain(layers),
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
