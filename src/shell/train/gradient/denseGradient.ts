/** Computes networks of dense layers by our own WebAssembly. */
import { denseNetwork, type DenseLayer } from '../../backend/kernels/DenseNetwork.js'
import type { Backend } from '../../backend/Backend.js'
import type { Network } from '../../model/Network.js'
import { assembledGradient } from './assembledGradient.js'
import type { LossGradient } from './LossGradient.js'
import { placedImages } from './PlacedImages.js'

/** The losses and gradients of a network of dense `layers`. The backend is only used by terms that create tensors. */
export const denseGradient = (
  backend: Pick<Backend, 'tidy'>,
  network: Pick<Network, 'parameters' | 'classes' | 'size'>,
  layers: ReadonlyArray<DenseLayer>,
): LossGradient => {
  const computing = denseNetwork(layers)
  return assembledGradient(backend, network, computing, placedImages(computing.memory, layers[0]!.inputs))
}
