/** Computes networks of convolutions, poolings and dense layers by our own WebAssembly. */
import { convNetwork, type ConvLayers } from '../../backend/kernels/conv/convNetwork.js'
import type { Backend } from '../../backend/Backend.js'
import type { Network } from '../../model/Network.js'
import { assembledGradient } from './assembledGradient.js'
import type { LossGradient } from './LossGradient.js'
import { placedImages } from './PlacedImages.js'

/** The losses and gradients of a network of `layers`. The backend is only used by terms that create tensors. */
export const convGradient = (
  backend: Pick<Backend, 'tidy'>,
  network: Pick<Network, 'parameters' | 'classes' | 'size'>,
  layers: ConvLayers,
): LossGradient => {
  const computing = convNetwork(layers)
  const pixels = layers.spatial[0]!.input.reduce((product, side) => product * side, 1)
  // Convolutions read every pixel, dark or not.
  const images = placedImages(computing.memory, pixels, { sparse: () => false })
  return assembledGradient(backend, network, computing, images)
}
