/**
 * F and f on whole sets and on minibatches: values, gradients by the weights, derivatives by λ.
 *
 * Notation: ℓ cross-entropy, N examples of a set, w flat weights.
 *
 *     loss(λ, w) = (1/N) Σ cost(λ, w; example) + penalty(λ, w) + term(λ, w; examples)
 *
 * The cost of an example is its cross-entropy, unless a family of hyperparameters changes it (`Target`). A term is a mean over
 * its examples, so the mean over a set is the weighted mean over the set's chunks (`Term`).
 *
 * Whole sets are computed in chunks. Sums over chunks are float64 on the host.
 */
import * as E from 'fp-ts/lib/Either.js'
import type { Metrics } from '../../core/protocol/Observation.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import type { LossSum } from '../model/crossEntropy.js'
import type { Curved, Decay } from '../model/families/Family.js'
import { piece, type ExampleBatch } from '../model/ExampleBatch.js'
import type { LossGradient, PenaltyGradient, OnGradient } from './gradient/LossGradient.js'
import type { Terms } from '../model/Hyperparameters.js'
import type { Augmentation } from './Augmentation.js'
import type { Aborted, Pauses } from './Pauses.js'

/** A loss at one λ: a set, and the terms that λ adds to its mean data loss. */
export interface Loss {
  readonly set: ImageSet
  readonly terms: Terms
  /** What is done to the images of minibatches. Whole sets are plain. */
  readonly augment?: Augmentation
}

/** A weighted loss; an objective is a sum of these. */
export interface Weighted {
  readonly coefficient: number
  readonly loss: Loss
}

/** How whole sets are computed. */
export interface TrainingContext {
  readonly gradient: LossGradient
  readonly chunkSize: number
  readonly pauses: Pauses
}

const chunks = ({ chunkSize }: TrainingContext, set: ImageSet): ReadonlyArray<ExampleBatch> =>
  Array.from({ length: Math.ceil(size(set) / chunkSize) }, (_, i) =>
    piece(set, i * chunkSize, Math.min(size(set), (i + 1) * chunkSize)),
  )

/** Adds the term of λ to a batch, if λ has one. */
export const termed =
  ({ term }: Terms) =>
  (batch: ExampleBatch): ExampleBatch =>
    term === null ? batch : { ...batch, term }

/** The chunks of a loss's set, with the targets of their examples. */
const costed = (context: TrainingContext, { set, terms }: Loss): ReadonlyArray<ExampleBatch> => {
  const batches = chunks(context, set).map(termed(terms))
  const { chunkSize } = context
  const target = terms.costs?.target
  return target === undefined
    ? batches
    : batches.map((batch, i) => {
        const examples = target.examples?.subarray(i * chunkSize, i * chunkSize + batch.labels.length) ?? null
        return { ...batch, target: { ...target, examples } }
      })
}

/** The summed loss and the number of correct predictions over all chunks. */
const summed = async (
  { gradient, pauses }: TrainingContext,
  batches: ReadonlyArray<ExampleBatch>,
  weights: Float32Array,
): Promise<E.Either<Aborted, LossSum>> => {
  let loss = 0
  let correct = 0
  for (const batch of batches) {
    if (pauses.due()) {
      const paused = await pauses.pause()
      if (E.isLeft(paused)) return paused
    }
    const sum = gradient.loss(weights, batch)
    loss += sum.loss
    correct += sum.correct
  }
  return E.right({ loss, correct })
}

/** Mean data loss, plain cross-entropy, and accuracy over a whole set. */
export const metrics =
  (context: TrainingContext) =>
  (set: ImageSet) =>
  async (weights: Float32Array): Promise<E.Either<Aborted, Metrics>> => {
    const sum = await summed(context, chunks(context, set), weights)
    return E.isLeft(sum)
      ? sum
      : E.right({ loss: sum.right.loss / size(set), accuracy: sum.right.correct / size(set) })
  }

/** The value of a loss over its whole set. */
export const value =
  (context: TrainingContext) =>
  (loss: Loss) =>
  async (weights: Float32Array): Promise<E.Either<Aborted, number>> => {
    const sum = await summed(context, costed(context, loss), weights)
    return E.isLeft(sum) ? sum : E.right(sum.right.loss / size(loss.set) + loss.terms.penalty(weights))
  }

/** ∂/∂λ of a loss over its whole set, at fixed weights. It needs a forward pass if λ changes the examples' costs or a term. */
export const lambdaGradient =
  (context: TrainingContext) =>
  ({ set, terms }: Loss) =>
  async (weights: Float32Array): Promise<E.Either<Aborted, ReadonlyArray<number>>> => {
    const { gradient, pauses } = context
    const { costs, term } = terms
    const byLambda = Float64Array.from(terms.lambdaGradient(weights))
    if (costs === null && term === null) return E.right(Array.from(byLambda))
    const losses = {
      own: new Float64Array(size(set)),
      even: new Float64Array(size(set)),
      labels: set.labels,
    }
    let at = 0
    for (const batch of chunks(context, set)) {
      if (pauses.due()) {
        const paused = await pauses.pause()
        if (E.isLeft(paused)) return paused
      }
      if (costs !== null) gradient.losses(weights, batch, losses, at)
      if (term !== null) {
        const share = batch.labels.length / size(set)
        for (const [k, slope] of gradient.term(weights, batch, term).byLambda.entries())
          byLambda[k]! += share * slope
      }
      at += batch.labels.length
    }
    for (const [k, slope] of (costs?.lambdaGradient(losses, costs.target) ?? []).entries())
      byLambda[k]! += slope
    return E.right(Array.from(byLambda))
  }

/** The effort, in examples, of one whole-set gradient of an objective. */
export const wholeSetEffort = (objective: ReadonlyArray<Weighted>): number =>
  objective.reduce((sum, { coefficient, loss }) => (coefficient === 0 ? sum : sum + size(loss.set)), 0)

/** gradient ← gradient + values + coefficient·decay·w, for the tensor at `offset`. */
const addGradient = (
  values: Float32Array,
  weights: Float32Array,
  decay: Decay,
  coefficient: number,
  gradient: Float64Array,
  offset: number,
): void => {
  const size = values.length
  const into = gradient.subarray(offset, offset + size)
  const w = weights.subarray(offset, offset + size)
  if (typeof decay !== 'number')
    for (let i = 0; i < size; i++) into[i]! += values[i]! + coefficient * decay[i]! * w[i]!
  else {
    const slope = coefficient * decay
    for (let i = 0; i < size; i++) into[i]! += values[i]! + slope * w[i]!
  }
}

/**
 * The value of Σ coefficient·loss over whole sets. Its ∇_w overwrites `gradient`. Losses with coefficient 0 are not
 * computed.
 */
export const valueAndGradient =
  (context: TrainingContext) =>
  (objective: ReadonlyArray<Weighted>) =>
  async (weights: Float32Array, gradient: Float64Array): Promise<E.Either<Aborted, number>> => {
    const { gradient: batchGradient, pauses } = context
    gradient.fill(0)
    let total = 0
    for (const { coefficient, loss } of objective) {
      if (coefficient === 0) continue
      const count = size(loss.set)
      let sum = 0
      const scale = coefficient / count
      const { decay, curved, penalty } = loss.terms
      // Memory-bound: the decay is fused into the first chunk's pass.
      let decayAdded = false
      const add: OnGradient = (k, values) => {
        const pending = decayAdded ? 0 : decay[k]!
        addGradient(values, weights, pending, coefficient, gradient, batchGradient.parameters[k]!.offset)
      }
      for (const batch of costed(context, loss)) {
        if (pauses.due()) {
          const paused = await pauses.pause()
          if (E.isLeft(paused)) return paused
        }
        sum += batchGradient.lossAndGradient(weights, [{ batch, scale }], add)[0]!.loss
        decayAdded = true
      }
      if (curved !== null)
        for (const [k, { offset }] of batchGradient.parameters.entries())
          curved(k, weights, gradient, offset, coefficient)
      total += coefficient * (sum / count + penalty(weights))
    }
    return E.right(total)
  }

/** The decay of tensor k in Σ coefficient·penalty: the gradient of the quadratic part, as multiples of the weights. */
const decayOf = (objective: ReadonlyArray<Weighted>, k: number): Decay =>
  objective.reduce<Decay>((sum, { coefficient, loss }) => {
    const decay = loss.terms.decay[k]!
    if (typeof decay !== 'number') {
      const scaled = decay.map(value => coefficient * value)
      return typeof sum === 'number'
        ? scaled.map(value => sum + value)
        : sum.map((value, i) => value + scaled[i]!)
    }
    return typeof sum === 'number' ? sum + coefficient * decay : sum.map(value => value + coefficient * decay)
  }, 0)

/** The part of Σ coefficient·penalty that is not quadratic; `null` if there is no such part. */
const curvedOf = (objective: ReadonlyArray<Weighted>): Curved | null => {
  const all = objective.flatMap(({ coefficient, loss: { terms } }) =>
    coefficient === 0 || terms.curved === null ? [] : [{ coefficient, curved: terms.curved }],
  )
  return all.length === 0
    ? null
    : (k, weights, into, at, scale) =>
        all.reduce(
          (sum, { coefficient, curved }) => sum + curved(k, weights, into, at, scale * coefficient),
          0,
        )
}

/** The gradient of Σ coefficient·penalty, in the form that a descent step needs. */
export const penaltyGradientOf = (objective: ReadonlyArray<Weighted>): PenaltyGradient => ({
  decays: (objective[0]?.loss.terms.decay ?? []).map((_, k) => decayOf(objective, k)),
  curved: curvedOf(objective),
  termed: objective.some(({ coefficient, loss: { terms } }) => coefficient !== 0 && terms.term !== null),
})
