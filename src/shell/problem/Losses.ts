/**
 * F and f on whole sets and on minibatches: values, gradients by the weights, derivatives by λ.
 *
 * Notation: ℓ cross-entropy, N examples of a set, w flat weights.
 *
 *     loss(λ, w) = (1/N) Σ ℓ(w; example) + penalty(λ, w)
 *
 * Whole sets are computed in chunks; what is summed over chunks is summed in float64 on the host.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Metrics } from '../../core/protocol/Observation.js'
import { size, type ImageSet } from '../data/ImageSet.js'
import type { Batch, Gradient, Take } from './Gradient.js'
import type { Terms } from './Hyperparameters.js'
import { piece } from './Minibatches.js'
import type { Aborted, Pace } from './Pace.js'

/** A loss at one λ: a set, and what λ adds to its mean data loss. */
export interface Loss {
  readonly set: ImageSet
  readonly terms: Terms
}

/** A weighted loss; an objective is a sum of these. */
export interface Weighted {
  readonly coefficient: number
  readonly loss: Loss
}

/** How sets are gone through. */
export interface Machine {
  readonly gradient: Gradient
  readonly chunkSize: number
  readonly pace: Pace
}

const chunks = ({ gradient, chunkSize }: Machine, set: ImageSet): ReadonlyArray<Batch> =>
  Array.from({ length: Math.ceil(size(set) / chunkSize) }, (_, i) =>
    piece(set, i * chunkSize, Math.min(size(set), (i + 1) * chunkSize), gradient.takesSparse),
  )

/** Mean data loss and accuracy over a whole set. */
export const metrics =
  (machine: Machine) =>
  (set: ImageSet) =>
  async (weights: Float32Array): Promise<E.Either<Aborted, Metrics>> => {
    let loss = 0
    let correct = 0
    for (const chunk of chunks(machine, set)) {
      if (machine.pace.due()) {
        const paused = await machine.pace.pause()
        if (E.isLeft(paused)) return paused
      }
      const sum = machine.gradient.loss(weights, chunk)
      loss += sum.loss
      correct += sum.correct
    }
    return E.right({ loss: loss / size(set), accuracy: correct / size(set) })
  }

/** The value of a loss over its whole set. */
export const value =
  (machine: Machine) =>
  ({ set, terms }: Loss) =>
  async (weights: Float32Array): Promise<E.Either<Aborted, number>> => {
    const data = await metrics(machine)(set)(weights)
    return E.isLeft(data) ? data : E.right(data.right.loss + terms.penalty(weights))
  }

/** The examples whose gradient one whole-set gradient of an objective takes. */
export const wholeSetEffort = (objective: ReadonlyArray<Weighted>): number =>
  objective.reduce((sum, { coefficient, loss }) => (coefficient === 0 ? sum : sum + size(loss.set)), 0)

/**
 * The value of Σ coefficient·loss over whole sets; ∇_w of it overwrites `gradient`. A loss whose coefficient is 0
 * is not computed.
 */
export const valueAndGradient =
  (machine: Machine) =>
  (objective: ReadonlyArray<Weighted>) =>
  async (weights: Float32Array, gradient: Float64Array): Promise<E.Either<Aborted, number>> => {
    const { gradient: batchGradient, pace } = machine
    gradient.fill(0)
    let total = 0
    for (const { coefficient, loss } of objective) {
      if (coefficient === 0) continue
      const count = size(loss.set)
      let sum = 0
      const scale = coefficient / count
      const add: Take = (k, values) => {
        const { offset } = batchGradient.parameters[k]!
        for (let i = 0; i < values.length; i++) gradient[offset + i]! += values[i]!
      }
      for (const batch of chunks(machine, loss.set)) {
        if (pace.due()) {
          const paused = await pace.pause()
          if (E.isLeft(paused)) return paused
        }
        sum += batchGradient.lossAndGradient(weights, [{ batch, scale }], add)[0]!.loss
      }
      for (const [k, { offset, size }] of batchGradient.parameters.entries()) {
        const slope = coefficient * loss.terms.decay[k]!
        if (slope !== 0) for (let i = offset; i < offset + size; i++) gradient[i]! += slope * weights[i]!
      }
      total += coefficient * (sum / count + loss.terms.penalty(weights))
    }
    return E.right(total)
  }

/** The gradient of Σ coefficient·penalty by the k-th tensor of parameters, as a multiple of it. */
export const decayOf = (objective: ReadonlyArray<Weighted>, k: number): number =>
  objective.reduce((sum, { coefficient, loss }) => sum + coefficient * loss.terms.decay[k]!, 0)

/**
 * Σ coefficient·(mean data loss) of one minibatch of each loss, without penalties: an estimate of that over whole sets,
 * whose gradient `take` is shown.
 */
export const stochasticDataLoss =
  ({ gradient }: Machine) =>
  (objective: ReadonlyArray<Weighted & { readonly draw: () => Batch }>) =>
  (weights: Float32Array, take: Take): number => {
    const parts = objective
      .filter(({ coefficient }) => coefficient !== 0)
      .map(({ coefficient, draw }) => {
        const batch = draw()
        return { batch, scale: coefficient / batch.labels.length }
      })
    return gradient
      .lossAndGradient(weights, parts, take)
      .reduce((total, { loss }, i) => total + parts[i]!.scale * loss, 0)
  }
