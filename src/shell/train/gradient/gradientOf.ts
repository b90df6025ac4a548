/**
 * Who trains a network. There are two ways. Networks of dense layers have WebAssembly of their own (denseGradient.ts), which keeps
 * weights, velocities and images where it computes. All others are computed by tfjs on the backend (tensorGradient.ts).
 */
import type { Backend } from '../../backend/Backend.js'
import type { ImageSet } from '../../data/set/ImageSet.js'
import { denseGradient } from './denseGradient.js'
import type { LossGradient } from './LossGradient.js'
import type { Network } from '../../model/Network.js'
import { isDark } from './PlacedImages.js'
import { tensorGradient } from './tensorGradient.js'

/**
 * The losses and gradients of a network on a backend. `sets`: what it is trained on, for libtensorflow multiplies images
 * sooner than we do that have few dark pixels. Whatever they are, any set may be computed.
 */
export const gradientOf = (
  backend: Backend,
  network: Network,
  sets: ReadonlyArray<ImageSet>,
): LossGradient =>
  network.dense !== null && (backend.name !== 'node' || sets.every(isDark))
    ? denseGradient(backend, network, network.dense)
    : tensorGradient(backend, network)
