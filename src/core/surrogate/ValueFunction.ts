/**
 * φ̂, the surrogate of the lower-level optimal value function φ(λ) = min_w f(λ, w).
 *
 * A probabilistic model over the unit cube, fed with samples of φ and ∇φ, under the envelope's upper bound where
 * the loss is linear in the coefficients. Everything goes in and comes out in terms of λ and of the loss' own
 * units. Which model it is says ValueFunctionState; callers see samples and predictions only.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { MethodError } from '../protocol/MethodError.js'
import { type SearchSpace, toUnit } from '../protocol/SearchSpace.js'
import * as DenseModel from './DenseModel.js'
import * as Envelope from './Envelope.js'
import * as Samples from './Sample.js'
import * as Standardization from './Standardization.js'
import * as StructuredModel from './StructuredModel.js'
import {
  type Dense,
  defaults,
  type Model,
  type Options,
  type Structured,
  type ValueFunction,
  type With,
} from './valueFunctionState.js'

export { defaults, Model, ModelName, Options, ValueFunction } from './valueFunctionState.js'

/** What a lower-level solve tells of φ; noise variances left out are not known, and left to the fit. */
export type Sample = Samples.NewSample

/** φ̂ before the first sample: mean 0, variance 1. Options not chosen are the {@link defaults}. */
export const make = (
  space: SearchSpace,
  chosen: Partial<Options> = {},
): E.Either<MethodError, ValueFunction> => {
  const options = { ...defaults, ...chosen }
  return pipe(
    priorOf(space, options),
    E.map(model => ({
      space,
      options,
      samples: [],
      forgotten: 0,
      standardization: Standardization.none,
      fitted: false,
      model,
    })),
  )
}

const priorOf = (space: SearchSpace, options: Options): E.Either<MethodError, Model> => {
  switch (options.model) {
    case 'dense':
      return DenseModel.prior(space, options)
    case 'structured':
      return StructuredModel.prior(space, options)
  }
}

/** What its model's own file makes of φ̂. */
const byModel =
  <A>(dense: (phi: With<Dense>) => A, structured: (phi: With<Structured>) => A) =>
  (phi: ValueFunction): A => {
    const { model, ...rest } = phi
    switch (model._tag) {
      case 'Dense':
        return dense({ ...rest, model })
      case 'Structured':
        return structured({ ...rest, model })
    }
  }

const observed = (sample: Samples.Sample): ((phi: ValueFunction) => E.Either<MethodError, ValueFunction>) =>
  byModel<E.Either<MethodError, ValueFunction>>(DenseModel.observe(sample), StructuredModel.observe(sample))

/**
 * φ̂ after one more sample; hyperparameters stay.
 *
 * Errors: `InvalidConfig` for a sample that is not finite or of the wrong length; `Numerical` where there are too
 * many rows, or no jitter makes their covariance positive definite.
 */
export const observe =
  (sample: Sample) =>
  (phi: ValueFunction): E.Either<MethodError, ValueFunction> =>
    pipe(
      Samples.checked(phi.space)(sample),
      E.chain(checked => observed(checked)(phi)),
    )

/** How many samples φ̂ has seen, those that it has forgotten included. */
export const seen = ({ samples, forgotten }: ValueFunction): number => samples.length + forgotten

const refitted = byModel<E.Either<MethodError, ValueFunction>>(DenseModel.refit, StructuredModel.refit)

/** φ̂ with standardization and hyperparameters fitted to its samples; without samples it stays as it is. */
export const refit = (phi: ValueFunction): E.Either<MethodError, ValueFunction> =>
  phi.samples.length === 0 ? E.right(phi) : refitted(phi)

/** The lowest upper bound on φ(λ) that a sample gives; `None` unless the loss was declared linear in θ. */
export const lowestBound =
  (lambda: ReadonlyArray<number>) =>
  ({ space, options, samples }: ValueFunction): O.Option<Envelope.Bound> =>
    options.linearInCoefficients ? Envelope.lowest(space, samples)(lambda) : O.none

/** What φ̂ says of φ at some λ, in units of f. */
export interface Estimate {
  /** The model's posterior mean or the lowest bound, whichever is lower. */
  readonly mean: number
  /** The model's posterior variance of φ(λ). */
  readonly variance: number
  /** The model's posterior mean, whatever the bound. */
  readonly modelMean: number
  /** The index of the sample whose bound `mean` is, or `null` where it is the model's mean. */
  readonly boundedBy: number | null
}

/** The same, and how it changes with λ. */
export interface Prediction extends Estimate {
  /** ∇ of `mean` by λ. */
  readonly gradient: ReadonlyArray<number>
  readonly varianceGradient: ReadonlyArray<number>
}

/** The lowest bound at λ, where it is lower than the model's mean. */
const boundBelow = (
  phi: ValueFunction,
  lambda: ReadonlyArray<number>,
  mean: number,
): O.Option<Envelope.Bound> =>
  pipe(
    lowestBound(lambda)(phi),
    O.filter(({ value }) => value < mean),
  )

const estimated = (modelMean: number, variance: number, bound: O.Option<Envelope.Bound>): Estimate => ({
  mean: O.isSome(bound) ? bound.value.value : modelMean,
  variance,
  modelMean,
  boundedBy: O.isSome(bound) ? bound.value.index : null,
})

const marginalOf = byModel(DenseModel.marginal, StructuredModel.marginal)
const posteriorOf = byModel(DenseModel.posterior, StructuredModel.posterior)

/** The estimate at a λ of d components: half the work of {@link predict}. */
export const estimate =
  (lambda: ReadonlyArray<number>) =>
  (phi: ValueFunction): Estimate => {
    const { center, scale } = phi.standardization
    const { mean, variance } = pipe(toUnit(phi.space)(lambda), marginalOf(phi))
    const modelMean = center + scale * mean
    return estimated(modelMean, scale * scale * variance, boundBelow(phi, lambda, modelMean))
  }

/** The prediction at a λ of d components. */
export const predict =
  (lambda: ReadonlyArray<number>) =>
  (phi: ValueFunction): Prediction => {
    const { space, standardization } = phi
    const posterior = pipe(
      toUnit(space)(lambda),
      posteriorOf(phi),
      Standardization.undo(space, standardization),
    )
    const bound = boundBelow(phi, lambda, posterior.mean)
    return {
      ...estimated(posterior.mean, posterior.variance, bound),
      gradient: O.isSome(bound) ? bound.value.gradient : posterior.meanGradient,
      varianceGradient: posterior.varianceGradient,
    }
  }

/** The share of itself by which each prior variance had to be raised for the factorization; 0 usually. */
export const jitter: (phi: ValueFunction) => number = byModel(DenseModel.jitter, StructuredModel.jitter)
