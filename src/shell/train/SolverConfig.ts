/** The section `solver` of a configuration: how weights are trained. */
import * as t from 'io-ts'
import { Count, Positive, Share } from '../../core/codec/Codec.js'
import { options } from '../../core/codec/options.js'
import { Augmentation } from './Augmentation.js'

const Momentum = new t.Type<number>(
  'a number in [0, 1)',
  (u): u is number => typeof u === 'number' && u >= 0 && u < 1,
  (u, context) => (typeof u === 'number' && u >= 0 && u < 1 ? t.success(u) : t.failure(u, context)),
  t.identity,
)

const Full = t.readonly(
  t.intersection([
    t.type({
      /** Epochs of stochastic descent at the start of a training from the initial weights. */
      epochs: Positive,
      /** Examples per stochastic step. */
      batchSize: Count,
      learningRate: Positive,
      /** Nesterov momentum. */
      momentum: Momentum,
      /** Nesterov momentum within one `DescendWeights`. */
      descentMomentum: Momentum,
      /** The share of the stochastic steps at the full learning rate. In the other steps the rate falls linearly. */
      constantShare: Share,
      /** The learning rate of the last step, as a share of the full one. */
      finalShare: Share,
      /** The same within one `DescendWeights`, where the rate falls linearly from the first step on. */
      descentFinalShare: Share,
      /** Pairs of differences that the full-batch polishing (L-BFGS) keeps. */
      memory: Count,
      /** Examples of a whole set that are computed at once. It bounds the memory; it changes results only by rounding. */
      chunkSize: Count,
    }),
    /** Random crops and flips of the images of the lower level's minibatches; none by default. */
    t.partial({ augment: Augmentation }),
  ]),
)

const defaults = {
  // The paper's settings for the lower level: Nesterov SGD, minibatches of 64, 50 epochs.
  epochs: 50,
  batchSize: 64,
  // Measured on the paper's 1K split: with a constant rate of .5, weights at λ > 1.5 are noisy and sometimes useless. These
  // values give smooth, repeatable losses.
  learningRate: 0.3,
  momentum: 0.5,
  descentMomentum: 0.5,
  constantShare: 0.5,
  finalShare: 0.02,
  // From the paired descents of the same prototype: the step size falls to a tenth within a pair.
  descentFinalShare: 0.1,
  memory: 20,
  chunkSize: 1000,
} as const

export const SolverConfig = options(Full, { name: 'an object such as `{}`', defaults })
/**
 * How weights are trained: the section `solver` of a configuration.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { SolverConfig } from 'bilevel-hpo/shell'
 *
 * const solver = decode(SolverConfig)({ epochs: 20 })
 * // The given field, and a default.
 * E.map(({ epochs, batchSize }: SolverConfig) => [epochs, batchSize])(solver) // => E.right([20, 64])
 * ```
 */
export type SolverConfig = t.TypeOf<typeof SolverConfig>
