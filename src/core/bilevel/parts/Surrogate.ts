/**
 * The part `surrogate`: φ̂, a model of φ(λ) = min_w f(λ, w), learnt from samples.
 *
 * Used in sampling (`prior`, `observe`, `consolidate`), in minimising (`observe` of the reference end) and in refining (`observe`,
 * `consolidate`, `estimate`). In: samples, each a value f(λ, w) and a gradient ∂f/∂λ. Out: mean and variance of φ at any λ.
 *
 * The default is a Gaussian process (surrogate/ValueFunction.ts). It is conditioned on the initial solves, on the solve
 * of every refinement, and, with `pair.reference: "paired"`, on the reference end of every pair that was not repeated.
 * Beyond its limit of rows the oldest samples drop out. Its mean is cut to the envelope's upper bound if f is linear in
 * the coefficients. Its hyperparameters are fitted again once the number of samples has grown by a factor of 1.5.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Natural } from '../../codec/Codec.js'
import type { MethodError } from '../../protocol/MethodError.js'
import * as SearchSpace from '../../protocol/SearchSpace.js'
import { modelFor } from '../../surrogate/valueFunctionState.js'
import type { Sample } from '../../surrogate/Sample.js'
import * as ValueFunction from '../../surrogate/ValueFunction.js'
import type { BilevelConfig } from '../BilevelConfig.js'

/**
 * Mean (unit of f) and variance (squared unit of f) of φ at a λ.
 */
export interface Estimate {
  readonly mean: number
  /** ≥ 0, in squared units of f. */
  readonly variance: number
}

/**
 * An estimate with the gradient of its mean by λ, length d.
 */
export interface Prediction extends Estimate {
  readonly gradient: ReadonlyArray<number>
}

/**
 * A surrogate model with the state V. V is plain JSON and survives a round trip through `state` unchanged.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Bilevel, Codec, Parts } from 'bilevel-hpo'
 *
 * // φ̂ is the latest value at every λ: a baseline for other surrogates.
 * const latest: Parts.Surrogate<number> = {
 *   state: Codec.Finite,
 *   prior: () => E.right(0),
 *   observe: ({ value }) => () => E.right(value),
 *   consolidate: E.right,
 *   estimate: () => (mean): Parts.Estimate => ({ mean, variance: 0 }),
 *   predict: lambda => (mean): Parts.Prediction => ({ mean, variance: 0, gradient: lambda.map(() => 0) }),
 * }
 * Bilevel.make({ surrogate: latest }).name // => 'bilevel with another surrogate'
 * ```
 */
export interface Surrogate<V> {
  readonly state: t.Type<V, unknown>
  /** φ̂ before the first sample. */
  readonly prior: (config: BilevelConfig) => E.Either<MethodError, V>
  /** φ̂ after one more sample. It must be cheap, since there are many samples. */
  readonly observe: (sample: Sample) => (phi: V) => E.Either<MethodError, V>
  /**
   * φ̂ after the samples of a batch of solves: the place to fit hyperparameters. Called after the initial design, and
   * after every lower-level solve of the search.
   */
  readonly consolidate: (phi: V) => E.Either<MethodError, V>
  /** Used by reports at every step, and for the noise of the dual step. */
  readonly estimate: (lambda: ReadonlyArray<number>) => (phi: V) => Estimate
  /** Used as the reference of the violation if `pair.reference` is `surrogate`; agrees with `estimate`. */
  readonly predict: (lambda: ReadonlyArray<number>) => (phi: V) => Prediction
}

const State = t.readonly(
  t.strict({
    valueFunction: ValueFunction.ValueFunction,
    /** Number of samples in the last fit of the hyperparameters; 0 before the first fit. */
    fittedSamples: Natural,
  }),
  'GaussianProcessSurrogate',
)
/**
 * The state of the default surrogate, `Parts.defaults.surrogate`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, decode, Parts } from 'bilevel-hpo'
 *
 * const config = decode(bilevel.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const samplesOf = ({ valueFunction }: Parts.GaussianProcessState): number => valueFunction.samples.length
 * const phi = E.isRight(config) ? Parts.defaults.surrogate.prior(config.right) : config
 * const samples = E.isRight(phi) ? samplesOf(phi.right) : NaN // => 0
 * ```
 */
export type GaussianProcessState = t.TypeOf<typeof State>

/** Fit the hyperparameters again once the number of samples has grown by this factor since the last fit. */
const refitGrowth = 1.5

/** Rows of a fit. Factoring and inverting a matrix of this size takes a fraction of a millisecond. */
const fitRows = 60

/**
 * The structured model's window of samples, and the rows of its fit: those of 12 samples, which take some milliseconds.
 */
const structured = { window: 16, fitRows: 144 } as const

/**
 * A fit starts from the previous hyperparameters; a few iterations over the latest samples follow the drift. A fit
 * needs at least two samples. If these two have more than `fitRows` rows, the iterations are reduced in proportion to
 * the cost of each.
 *
 * If φ̂ is only reported, and used for the noise at a λ that was just sampled, the latest samples are enough. If φ̂
 * stands for φ, it keeps more of them.
 */
const fitting = ({ space, pair }: BilevelConfig): Partial<ValueFunction.Options> => {
  const rows = Math.max(fitRows, 2 * (SearchSpace.dimension(space) + 1))
  return {
    fitRows,
    fitStarts: 1,
    fitIterations: Math.max(10, Math.round(20 * (fitRows / rows) ** 3)),
    maxRows: pair.reference === 'surrogate' ? 400 : 140,
  }
}

/** Few hyperparameters over a short window. Neither depends on d or on the reference. */
const structuredFitting: Partial<ValueFunction.Options> = { ...structured, fitStarts: 1, fitIterations: 20 }

/** The surrogate whose model is chosen from the configuration. */
const modelled = (
  choose: (config: BilevelConfig) => ValueFunction.ModelName,
): Surrogate<GaussianProcessState> => ({
  state: State,
  prior: config => {
    const { space, kernel, linearInCoefficients } = config
    const model = choose(config)
    const fit = model === 'structured' ? structuredFitting : fitting(config)
    return pipe(
      ValueFunction.make(space, { ...fit, model, kernel, linearInCoefficients }),
      E.map(valueFunction => ({ valueFunction, fittedSamples: 0 })),
    )
  },
  observe: sample => phi =>
    pipe(
      phi.valueFunction,
      ValueFunction.observe(sample),
      E.map(valueFunction => ({ ...phi, valueFunction })),
    ),
  consolidate: phi => {
    const count = ValueFunction.seen(phi.valueFunction)
    return count >= refitGrowth * phi.fittedSamples
      ? pipe(
          phi.valueFunction,
          ValueFunction.refit,
          E.map(valueFunction => ({ valueFunction, fittedSamples: count })),
        )
      : E.right(phi)
  },
  estimate:
    lambda =>
    ({ valueFunction }) =>
      ValueFunction.estimate(lambda)(valueFunction),
  predict:
    lambda =>
    ({ valueFunction }) =>
      ValueFunction.predict(lambda)(valueFunction),
})

/**
 * A Gaussian process over values and gradients, limited by the envelope's bound if that holds: ValueFunction.ts.
 *
 * New samples extend its Cholesky factor. It is fitted again once the samples have grown by a factor, so that all fits
 * of a run together cost about as much as the last one. Options: `kernel`, `linearInCoefficients`. For many
 * hyperparameters it uses the structured process, over the latest samples (`modelFor`). Source: the paper, §4, which
 * has values only, and no noise.
 */
export const gaussianProcess: Surrogate<GaussianProcessState> = modelled(({ space }) =>
  modelFor(structured.window, SearchSpace.dimension(space)),
)

/**
 * The same with the structured process for any number of hyperparameters: one length scale for all of them, over the
 * latest 16 samples. Source: de Roos, Gessner & Hennig 2021, arXiv 2102.07542.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, decode, Parts } from 'bilevel-hpo'
 *
 * // The default would use the dense process for one hyperparameter; this part uses the structured one.
 * const { prior } = Parts.structuredProcess
 * const config = decode(bilevel.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const phi = E.isRight(config) ? prior(config.right) : config
 * const model = E.isRight(phi) ? phi.right.valueFunction.model._tag : null // => 'Structured'
 * ```
 */
export const structuredProcess: Surrogate<GaussianProcessState> = modelled(() => 'structured')
