/**
 * Networks of dense layers, by WebAssembly of our own and no tfjs: images, weights and velocities stay in its memory, and a row
 * of weights steps as soon as its gradient is known. Logits, which are few, come to the host for their cross-entropy.
 */
import { denseNetwork, type DenseLayer, type Place, type RowList } from '../backend/kernels/denseNetwork.js'
import { lossOf, writeLosses, type LossSum } from './CrossEntropy.js'
import type { Gradient, Part } from './Gradient.js'
import { hostDescent } from './HostDescent.js'
import type { Network } from './Network.js'
import { placedImages } from './PlacedImages.js'

/** The losses and gradients of a network that consists of `layers`. */
export const denseGradient = (
  { parameters, classes, size }: Pick<Network, 'parameters' | 'classes' | 'size'>,
  layers: ReadonlyArray<DenseLayer>,
): Gradient => {
  const computing = denseNetwork(layers)
  const images = placedImages(computing.memory, layers[0]!.inputs)
  // Logits, and ∂/∂logits: of the rows that were computed last.
  let logits = new Float32Array(0)
  let slopes = new Float32Array(0)

  const forward = (place: Place, rows: RowList): Float32Array => {
    const count = rows.count * classes
    if (count > logits.length) {
      logits = new Float32Array(count)
      slopes = new Float32Array(count)
    }
    computing.forward(place, rows, logits)
    return logits
  }

  /** All parts as one batch forward; then their losses, and ∂/∂logits. */
  const forwardAll = (place: Place, parts: ReadonlyArray<Part>) => {
    const rows = images.rows(parts.map(({ batch }) => batch))
    forward(place, rows)
    let from = 0
    const sums: ReadonlyArray<LossSum> = parts.map(({ batch, scale }) => {
      const to = from + batch.labels.length * classes
      const sum = lossOf(logits.subarray(from, to), batch, classes, slopes.subarray(from, to), scale)
      from = to
      return sum
    })
    return { rows, sums, dLogits: slopes.subarray(0, from) }
  }

  /** With weights placed for as long as `f` takes. */
  const placed = <A>(weights: Float32Array, f: (place: Place) => A): A => {
    const place = computing.place()
    try {
      computing.put(place, weights)
      return f(place)
    } finally {
      computing.leave(place)
    }
  }

  const lossAndGradient: Gradient['lossAndGradient'] = (weights, parts, take) =>
    placed(weights, place => {
      const { rows, sums, dLogits } = forwardAll(place, parts)
      computing.gradient(place, rows, dLogits, take)
      return sums
    })
  const onHost = hostDescent(parameters, lossAndGradient)

  return {
    parameters,
    loss: (weights, batch) =>
      placed(weights, place => lossOf(forward(place, images.rows([batch])), batch, classes, null, 1)),
    losses: (weights, batch, into, at) =>
      placed(weights, place =>
        writeLosses(forward(place, images.rows([batch])), batch.labels, classes, into, at),
      ),
    lossAndGradient,
    descent: (start, pull) => {
      // Penalties that are not quadratic are the host's.
      if (pull.curved !== null) return onHost(start, pull)
      const place = computing.place()
      computing.put(place, start)
      const decay = pull.decays.map((each, k) => {
        if (typeof each === 'number') return each
        computing.putDecay(place, k, each)
        return 'own'
      })
      return {
        step: (parts, stride) => {
          const { rows, sums, dLogits } = forwardAll(place, parts)
          const penalty = computing.step(place, rows, dLogits, { ...stride, decay })
          return sums.reduce((total, { loss }, i) => total + parts[i]!.scale * loss, penalty)
        },
        weights: () => {
          const weights = new Float32Array(size)
          computing.take(place, weights)
          return weights
        },
        end: () => computing.leave(place),
      }
    },
  }
}
