/**
 * Networks of dense layers, by WebAssembly of our own and no tfjs: images, weights and velocities stay in its memory, and a row
 * of weights steps as soon as its gradient is known. Logits, which are few, come to the host for their cross-entropy.
 */
import {
  denseNetwork,
  type DenseLayer,
  type Place,
  type RowList,
} from '../../backend/kernels/DenseNetwork.js'
import type { Backend } from '../../backend/Backend.js'
import type { Batch } from '../../model/Batch.js'
import { costOf, examplesOf, hasTerm, withDirect } from './batchTerm.js'
import { lossOf, writeLosses, type LossSum } from '../../model/crossEntropy.js'
import type { LossGradient, Part } from './LossGradient.js'
import { hostDescent } from './hostDescent.js'
import type { Network } from '../../model/Network.js'
import { placedImages } from './PlacedImages.js'

/** The losses and gradients of a network that consists of `layers`. The backend is there for terms that are computed by tfjs. */
export const denseGradient = (
  { tidy }: Pick<Backend, 'tidy'>,
  { parameters, classes, size }: Pick<Network, 'parameters' | 'classes' | 'size'>,
  layers: ReadonlyArray<DenseLayer>,
): LossGradient => {
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
  const forwardAll = (
    place: Place,
    parts: ReadonlyArray<Part>,
    costs: (logits: Float32Array, part: Part, slopes: Float32Array) => LossSum,
  ) => {
    const rows = images.rows(parts.map(({ batch }) => batch))
    forward(place, rows)
    let from = 0
    const sums = parts.map(part => {
      const to = from + part.batch.labels.length * classes
      const sum = costs(logits.subarray(from, to), part, slopes.subarray(from, to))
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

  /** Logits of one batch; only what terms compute of them is tfjs'. */
  const looked = <A>(weights: Float32Array, batch: Batch, f: (found: Float32Array) => A): A =>
    placed(weights, place => {
      const found = forward(place, images.rows([batch])).subarray(0, batch.labels.length * classes)
      return hasTerm(batch) ? tidy(() => f(found)) : f(found)
    })

  const lossAndGradient: LossGradient['lossAndGradient'] = (weights, parts, onGradient) =>
    placed(weights, place => {
      const direct = parts.some(({ batch }) => hasTerm(batch)) ? new Float64Array(size) : null
      const { rows, sums, dLogits } = forwardAll(place, parts, (own, { batch, scale }, slopes) => {
        const costs = () => costOf(weights, own, batch, classes, slopes, scale, direct)
        return hasTerm(batch) ? tidy(costs) : costs()
      })
      const taken = direct === null ? onGradient : withDirect(parameters, direct, onGradient)
      computing.gradient(place, rows, dLogits, taken)
      return sums
    })
  const onHost = hostDescent(parameters, lossAndGradient)

  return {
    parameters,
    loss: (weights, batch) => looked(weights, batch, found => costOf(weights, found, batch, classes)),
    losses: (weights, batch, into, at) =>
      looked(weights, batch, found => writeLosses(found, batch.labels, classes, into, at)),
    term: (weights, batch, term) =>
      looked(weights, { ...batch, term }, found => term(weights, examplesOf(batch, found))),
    lossAndGradient,
    descent: (start, penaltyGradient) => {
      // Penalties that are not quadratic, and terms, want the weights on the host.
      if (penaltyGradient.curved !== null || penaltyGradient.termed) return onHost(start, penaltyGradient)
      const place = computing.place()
      computing.put(place, start)
      const decay = penaltyGradient.decays.map((each, k) => {
        if (typeof each === 'number') return each
        computing.putDecay(place, k, each)
        return 'own'
      })
      return {
        step: (parts, options) => {
          const { rows, sums, dLogits } = forwardAll(place, parts, (own, { batch, scale }, found) =>
            lossOf(own, batch, classes, found, scale),
          )
          const penalty = computing.step(place, rows, dLogits, { ...options, decay })
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
