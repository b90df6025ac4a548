/**
 * φ̂, the surrogate of the lower-level optimal value function φ(λ) = min_w f(λ, w).
 *
 * A probabilistic model over the unit cube that learns from samples of φ and ∇φ, limited by the envelope's upper bound
 * if the loss is linear in the coefficients. Inputs and outputs are in terms of λ and of the loss' own units.
 * valueFunctionState.ts says which model it is; callers see samples and predictions only.
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

/** A sample of φ from a lower-level solve; an absent noise variance is unknown, and the fit estimates it. */
export type Sample = Samples.NewSample

/**
 * φ̂ before the first sample: mean 0, variance 1, in the unit of f. The {@link defaults} supply options that are left out.
 *
 * Errors: `InvalidConfig` for hyperparameters that no process can have. The options are not checked here; the codec
 * {@link Options} checks them.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * const phi = ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }], { kernel: 'rbf' })
 * E.map(ValueFunction.estimate([-5]))(phi) // => E.right({ mean: 0, variance: 1, modelMean: 0, boundedBy: null })
 * ```
 */
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

/** Calls the function for the model of φ̂. */
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
 * φ̂ after one more sample, at the same hyperparameters.
 *
 * Errors: `InvalidConfig` for a sample that is not finite or of the wrong length; `Numerical` if there are too many
 * rows, or if no jitter makes their covariance positive definite.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * const sample: ValueFunction.Sample = { lambda: [-5], value: 0.34, gradient: [0.05] }
 * const phi = pipe(ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]), E.flatMap(ValueFunction.observe(sample)))
 * E.map(ValueFunction.seen)(phi) // => E.right(1)
 * // A gradient of another number of hyperparameters.
 * E.isLeft(E.flatMap(ValueFunction.observe({ ...sample, gradient: [1, 2] }))(phi)) // => true
 * ```
 */
export const observe =
  (sample: Sample) =>
  (phi: ValueFunction): E.Either<MethodError, ValueFunction> =>
    pipe(
      Samples.checked(phi.space)(sample),
      E.chain(checked => observed(checked)(phi)),
    )

/**
 * Number of samples that φ̂ has observed, including the forgotten ones.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * E.map(ValueFunction.seen)(ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }])) // => E.right(0)
 * ```
 */
export const seen = ({ samples, forgotten }: ValueFunction): number => samples.length + forgotten

const refitted = byModel<E.Either<MethodError, ValueFunction>>(DenseModel.refit, StructuredModel.refit)

/**
 * φ̂ with its standardization and hyperparameters fitted to its samples: the maximum of the evidence under log-normal
 * priors. Without samples it is unchanged.
 *
 * Errors: `Numerical` if no jitter makes the covariance positive definite.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * // φ(λ) = λ² at five points, with its slopes: after the fit φ̂ knows it between them, too.
 * const samples = [-2, -1, 0, 1, 2].map(x => ({ lambda: [x], value: x * x, gradient: [2 * x] }))
 * const fed = samples.reduce((phi, sample) => pipe(phi, E.flatMap(ValueFunction.observe(sample))),
 *   ValueFunction.make([{ name: 'x', lower: -2, upper: 2, scale: 'linear' }]))
 * const fitted = pipe(fed, E.flatMap(ValueFunction.refit), E.map(ValueFunction.estimate([1.5])))
 * const error = E.isRight(fitted) ? Math.abs(fitted.right.mean - 2.25) : NaN
 * error < 0.01 // => true
 * ```
 */
export const refit = (phi: ValueFunction): E.Either<MethodError, ValueFunction> =>
  phi.samples.length === 0 ? E.right(phi) : refitted(phi)

/**
 * The lowest upper bound on φ(λ) from a sample; `None` unless the loss was declared linear in θ.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] as const
 * const sample = { lambda: [0], value: 2.3, gradient: [2] }
 * const phi = pipe(ValueFunction.make(space, { linearInCoefficients: true }), E.flatMap(ValueFunction.observe(sample)))
 * // The same weights at θ = 3: 0.3 + 3·2.
 * const bound = E.isRight(phi) ? ValueFunction.lowestBound([Math.log(3)])(phi.right) : phi
 * 'value' in bound ? bound.value.value : NaN // ≈ 6.3
 * ```
 */
export const lowestBound =
  (lambda: ReadonlyArray<number>) =>
  ({ space, options, samples }: ValueFunction): O.Option<Envelope.Bound> =>
    options.linearInCoefficients ? Envelope.lowest(space, samples)(lambda) : O.none

/** φ̂'s estimate of φ at some λ, in units of f. */
export interface Estimate {
  /** The model's posterior mean or the lowest bound, whichever is lower. */
  readonly mean: number
  /** The model's posterior variance of φ(λ). */
  readonly variance: number
  /** The model's posterior mean, without the bound. */
  readonly modelMean: number
  /** Index of the sample whose bound is `mean`, or `null` if `mean` is the model's. */
  readonly boundedBy: number | null
}

/**
 * An estimate, and its gradients by λ, each of length d.
 */
export interface Prediction extends Estimate {
  /** ∇ of `mean` by λ. */
  readonly gradient: ReadonlyArray<number>
  readonly varianceGradient: ReadonlyArray<number>
}

/** The lowest bound at λ, if it is below the model's mean. */
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

/**
 * The estimate at a λ of d components, for half the work of {@link predict}.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * const sample = { lambda: [-5], value: 0.34, gradient: [0.05] }
 * const phi = pipe(ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]), E.flatMap(ValueFunction.observe(sample)))
 * const at = E.map(ValueFunction.estimate([-5]))(phi)
 * const mean = E.isRight(at) ? at.right.mean : NaN // ≈ 0.34
 * ```
 */
export const estimate =
  (lambda: ReadonlyArray<number>) =>
  (phi: ValueFunction): Estimate => {
    const { center, scale } = phi.standardization
    const { mean, variance } = pipe(toUnit(phi.space)(lambda), marginalOf(phi))
    const modelMean = center + scale * mean
    return estimated(modelMean, scale * scale * variance, boundBelow(phi, lambda, modelMean))
  }

/**
 * The prediction at a λ of d components, in the unit of f: min(m(λ), lowest bound) with its gradient by λ, and the
 * model's variance with its gradient.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * const sample = { lambda: [-5], value: 0.34, gradient: [0.05] }
 * const phi = pipe(ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]), E.flatMap(ValueFunction.observe(sample)))
 * // ∇φ̂ at a sample with a gradient is that gradient.
 * const at = E.map(ValueFunction.predict([-5]))(phi)
 * const slope = E.isRight(at) ? at.right.gradient : [] // ≈ [0.05]
 * ```
 */
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

/**
 * The relative amount by which each prior variance was raised for the factorization; usually 0.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * E.map(ValueFunction.jitter)(ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }])) // => E.right(0)
 * ```
 */
export const jitter: (phi: ValueFunction) => number = byModel(DenseModel.jitter, StructuredModel.jitter)
