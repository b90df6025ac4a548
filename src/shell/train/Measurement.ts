/** Measures weights: the losses of a problem at a λ, and their derivatives, on whole sets. */
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Metrics, SetMetrics } from '../../core/protocol/Observation.js'
import { longestPlain } from '../../core/codec/packedVector.js'
import { size, type ImageSet } from '../data/set/ImageSet.js'
import * as Losses from './Losses.js'
import type { Stopped } from './lowerLevelSolver.js'
import type { Aborted } from './Pauses.js'
import type { Problem } from './Problem.js'
import { norm } from '../model/weightNorms.js'

/** Where a training ended. */
export interface End {
  readonly weights: Float32Array
  /** f on the whole training set. */
  readonly lower: number
  /** ‖∇_w f‖₂ on the whole training set. */
  readonly gradientNorm: number
  /** The effort of the training and of the measurements above. */
  readonly effort: number
}

/** The losses of an {@link End}, in the form of an observation. */
export interface MeasuredEnd extends Omit<End, 'weights'> {
  readonly upper: number
  readonly upperGradient: ReadonlyArray<number>
  readonly lowerGradient: ReadonlyArray<number>
}

/** f at a λ on a set that trains: the training set, or in a refit both sets. Its minibatches are augmented if the solver says so. */
export const lowerOn = (
  { hyperparameters, solver: { augment } }: Pick<Problem, 'hyperparameters' | 'solver'>,
  set: ImageSet,
  lambda: ReadonlyArray<number>,
): Losses.Loss => ({
  set,
  terms: hyperparameters.lowerTerms(lambda, size(set)),
  ...(augment === undefined ? {} : { augment }),
})

/** F and f at a λ. */
export const lossesAt = (
  { splits: { train, validation }, hyperparameters, solver }: Problem,
  lambda: ReadonlyArray<number>,
): { readonly lower: Losses.Loss; readonly upper: Losses.Loss } => ({
  lower: lowerOn({ hyperparameters, solver }, train, lambda),
  upper: { set: validation, terms: hyperparameters.upperTerms(lambda, size(validation)) },
})

const notFinite = (effort: number): Stopped => ({
  _tag: 'Diverged',
  reason: 'The weights have losses that are not finite numbers.',
  effort,
})

/** Data loss and accuracy on every set. `effort`: the effort already spent on the weights, for the error. */
export const metricsOf =
  (context: Losses.TrainingContext, { splits: { train, validation, test } }: Problem) =>
  (weights: Float32Array, effort = 0): TE.TaskEither<Stopped, SetMetrics> => {
    const on =
      (set: ImageSet): TE.TaskEither<Stopped, Metrics> =>
      () =>
        Losses.metrics(context)(set)(weights)
    return pipe(
      TE.Do,
      TE.apS('train', on(train)),
      TE.bind('validation', () => on(validation)),
      TE.bind('test', () => (test === null ? TE.right(null) : on(test))),
      TE.filterOrElse(
        sets =>
          [sets.train, sets.validation, sets.test].every(set => set === null || Number.isFinite(set.loss)),
        () => notFinite(effort),
      ),
    )
  }

/** Computes f and its gradient at the end of a descent. Effort: one gradient of the training set. */
export const lookedAt =
  (context: Losses.TrainingContext, problem: Problem, lambda: ReadonlyArray<number>) =>
  ({ weights, effort }: Pick<End, 'weights' | 'effort'>): TE.TaskEither<Aborted, End> => {
    const objective = [{ coefficient: 1, loss: lossesAt(problem, lambda).lower }]
    const gradient = new Float64Array(weights.length)
    return pipe(
      () => Losses.valueAndGradient(context)(objective)(weights, gradient),
      TE.map(lower => ({
        weights,
        lower,
        gradientNorm: norm(gradient),
        effort: effort + Losses.wholeSetEffort(objective),
      })),
    )
  }

/**
 * Rounds a long gradient to float32: tensors are computed in that precision, and the log needs half the bytes. A
 * short gradient, or one that overflows float32, is returned unchanged.
 */
const asReported = (gradient: ReadonlyArray<number>): ReadonlyArray<number> => {
  if (gradient.length <= longestPlain) return gradient
  const single = gradient.map(Math.fround)
  return single.every(Number.isFinite) ? single : gradient
}

/** Adds F and the derivatives of F and f by λ. */
export const measure =
  (context: Losses.TrainingContext, problem: Problem, lambda: ReadonlyArray<number>) =>
  ({ weights, lower, gradientNorm, effort }: End): TE.TaskEither<Stopped, MeasuredEnd> => {
    const losses = lossesAt(problem, lambda)
    const upperValue: TE.TaskEither<Stopped, number> = () => Losses.value(context)(losses.upper)(weights)
    const lambdaGradient =
      (loss: Losses.Loss): TE.TaskEither<Stopped, ReadonlyArray<number>> =>
      () =>
        pipe(() => Losses.lambdaGradient(context)(loss)(weights), TE.map(asReported))()
    return pipe(
      upperValue,
      TE.filterOrElse(
        upper => [upper, lower, gradientNorm].every(Number.isFinite),
        () => notFinite(effort),
      ),
      TE.bindTo('upper'),
      TE.bindW('upperGradient', () => lambdaGradient(losses.upper)),
      TE.bindW('lowerGradient', () => lambdaGradient(losses.lower)),
      TE.map(({ upper, upperGradient, lowerGradient }) => ({
        upper,
        lower,
        upperGradient,
        lowerGradient,
        gradientNorm,
        effort,
      })),
    )
  }
