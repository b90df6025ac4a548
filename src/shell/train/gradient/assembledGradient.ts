/**
 * Computes networks by our own WebAssembly, without tfjs. Images, weights and velocities stay in its memory, and each row of
 * weights is updated as soon as its gradient is known. Only the logits are copied to the host, where their cross-entropy is
 * computed.
 */
import type { Address, AssembledNetwork, RowList } from '../../backend/kernels/AssembledNetwork.js'
import type { Backend } from '../../backend/Backend.js'
import type { ExampleBatch } from '../../model/ExampleBatch.js'
import { costOf, examplesOf, hasTerm, withDirect } from './batchTerm.js'
import { lossOf, writeLosses, type LossSum } from '../../model/crossEntropy.js'
import type { LossGradient, Part, PenaltyGradient } from './LossGradient.js'
import { hostDescent } from './hostDescent.js'
import type { Network } from '../../model/Network.js'
import type { PlacedImages } from './PlacedImages.js'

/**
 * The losses and gradients of a network that `computing` computes, on `images` in its memory. The backend is only used by terms
 * that create tensors.
 */
export const assembledGradient = (
  { tidy }: Pick<Backend, 'tidy'>,
  { parameters, classes, size }: Pick<Network, 'parameters' | 'classes' | 'size'>,
  computing: AssembledNetwork,
  images: PlacedImages,
): LossGradient => {
  // Logits and ∂/∂logits of the last rows; reused between calls.
  let logits = new Float32Array(0)
  let slopes = new Float32Array(0)

  const forward = (place: Address, rows: RowList): Float32Array => {
    const count = rows.count * classes
    if (count > logits.length) {
      logits = new Float32Array(count)
      slopes = new Float32Array(count)
    }
    computing.forward(place, rows, logits)
    return logits
  }

  /** Computes all parts as one batch forward, then their losses and ∂/∂logits. */
  const forwardAll = (
    place: Address,
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

  /** Runs `f` with weights placed in the memory. */
  const withPlaced = <A>(weights: Float32Array, f: (place: Address) => A): A => {
    const place = computing.place()
    try {
      computing.put(place, weights)
      return f(place)
    } finally {
      computing.leave(place)
    }
  }

  /** Runs `f` on the logits of one batch. Only a term may create tensors. */
  const withLogits = <A>(weights: Float32Array, batch: ExampleBatch, f: (found: Float32Array) => A): A =>
    withPlaced(weights, place => {
      const found = forward(place, images.rows([batch])).subarray(0, batch.labels.length * classes)
      return hasTerm(batch) ? tidy(() => f(found)) : f(found)
    })

  const lossAndGradient: LossGradient['lossAndGradient'] = (weights, parts, onGradient) =>
    withPlaced(weights, place => {
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
    loss: (weights, batch) => withLogits(weights, batch, found => costOf(weights, found, batch, classes)),
    losses: (weights, batch, into, at) =>
      withLogits(weights, batch, found => writeLosses(found, batch.labels, classes, into, at)),
    term: (weights, batch, term) =>
      withLogits(weights, { ...batch, term }, found => term(weights, examplesOf(batch, found))),
    lossAndGradient,
    descent: (start, penaltyGradient) => {
      // Penalties that are not quadratic, and terms, read the weights on the host.
      if (penaltyGradient.curved !== null || penaltyGradient.termed) return onHost(start, penaltyGradient)
      const place = computing.place()
      computing.put(place, start)
      const placed = ({ decays }: PenaltyGradient) =>
        decays.map((each, k) => {
          if (typeof each === 'number') return each
          computing.putDecay(place, k, each)
          return 'own'
        })
      let decay = placed(penaltyGradient)
      return {
        step: (parts, options) => {
          const { rows, sums, dLogits } = forwardAll(place, parts, (own, { batch, scale }, found) =>
            lossOf(own, batch, classes, found, scale),
          )
          const penalty = computing.step(place, rows, dLogits, { ...options, decay })
          return sums.reduce((total, { loss }, i) => total + parts[i]!.scale * loss, penalty)
        },
        penalise: next => {
          decay = placed(next)
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
