/**
 * Chooses how a network is trained. Networks of dense layers, and those with convolutions, run on our own WebAssembly, which
 * keeps weights, velocities and images in its memory (denseGradient.ts, convGradient.ts). All other networks run on tfjs
 * (tensorGradient.ts).
 */
import type { Backend } from '../../backend/Backend.js'
import type { ImageSet } from '../../data/set/ImageSet.js'
import { convGradient } from './convGradient.js'
import { denseGradient } from './denseGradient.js'
import type { LossGradient } from './LossGradient.js'
import type { Network } from '../../model/Network.js'
import { isDark } from './PlacedImages.js'
import { tensorGradient } from './tensorGradient.js'

/**
 * The losses and gradients of a network on a backend. `sets` are the sets of the training; the choice depends on them, because
 * libtensorflow is faster on bright images. The result can compute any set.
 */
export const gradientOf = (
  backend: Backend,
  network: Network,
  sets: ReadonlyArray<ImageSet>,
): LossGradient => {
  const { dense, convolutional } = network
  if (dense !== null && (backend.name !== 'node' || sets.every(isDark)))
    return denseGradient(backend, network, dense)
  return convolutional !== null && backend.name !== 'node'
    ? convGradient(backend, network, convolutional)
    : tensorGradient(backend, network)
}
