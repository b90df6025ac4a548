/**
 * The surrogate: φ̂, a model of the lower level's optimal value function φ(λ) = min_w f(λ, w), learnt from samples.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Natural } from '../../codec/Codec.js'
import type { MethodError } from '../../protocol/MethodError.js'
import * as SearchSpace from '../../protocol/SearchSpace.js'
import { modelFor } from '../../surrogate/modelFor.js'
import type { Sample } from '../../surrogate/Sample.js'
import * as ValueFunction from '../../surrogate/ValueFunction.js'
import type { BilevelConfig } from '../BilevelConfig.js'

/** What φ̂ says of φ at a λ, in units of f. */
export interface Estimate {
  readonly mean: number
  /** ≥ 0, in squared units of f. */
  readonly variance: number
}

/** The same, with ∇ of `mean` by λ, of length d. */
export interface Prediction extends Estimate {
  readonly gradient: ReadonlyArray<number>
}

/** A model with the state V, which is plain JSON and survives a round trip through `state` unchanged. */
export interface Surrogate<V> {
  readonly state: t.Type<V, unknown>
  /** φ̂ before the first sample. */
  readonly prior: (config: BilevelConfig) => E.Either<MethodError, V>
  /** φ̂ after one more sample; cheap, for there are many. */
  readonly observe: (sample: Sample) => (phi: V) => E.Either<MethodError, V>
  /**
   * φ̂ after the samples of a batch of solves: the time to fit hyperparameters. Called after the initial design, and
   * after every lower-level solve of the search.
   */
  readonly consolidate: (phi: V) => E.Either<MethodError, V>
  /** For reports at every step, and for the noise of the dual step. */
  readonly estimate: (lambda: ReadonlyArray<number>) => (phi: V) => Estimate
  /** For what the violation is measured against, where that is φ̂ (`pair.reference`); agrees with `estimate`. */
  readonly predict: (lambda: ReadonlyArray<number>) => (phi: V) => Prediction
}

const State = t.readonly(
  t.strict({
    valueFunction: ValueFunction.ValueFunction,
    /** How many samples its hyperparameters were fitted to; 0 before the first fit. */
    fittedSamples: Natural,
  }),
  'GaussianProcessSurrogate',
)
/** The state of the default surrogate, `Parts.defaults.surrogate`. */
export type GaussianProcessState = t.TypeOf<typeof State>

/** Fit the hyperparameters again once there are this many times the samples of the last fit. */
const refitGrowth = 1.5

/** Rows that a fit looks at: a factor of so many, and its inverse, take a fraction of a millisecond. */
const fitRows = 60

/** The structured model's samples, and the rows that a fit of it looks at: those of 12 samples, some milliseconds. */
const structured = { window: 16, fitRows: 144 } as const

/**
 * The fit starts from the hyperparameters before; a few iterations over the latest samples follow the drift. Two
 * samples are the least to fit to: where they alone have more rows, iterations are as many fewer as each costs more.
 *
 * Where φ̂ is only told, and judges the noise of what was measured at the very λ it was fed, the latest samples will
 * do; where it stands for φ, it remembers more of them.
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

/** Few hyperparameters over a short window: neither depends on d, nor on who asks. */
const structuredFitting: Partial<ValueFunction.Options> = { ...structured, fitStarts: 1, fitIterations: 20 }

/** The surrogate by the model that is chosen for a configuration. */
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
 * A Gaussian process over values and gradients, under the envelope's bound where it holds: ValueFunction.ts.
 *
 * Samples are appended to its factor; it is fitted again where they have multiplied since the last fit, so that all
 * fits of a run together cost about as much as the last one. Options: `kernel`, `linearInCoefficients`. With many
 * hyperparameters it is the structured one, over the latest samples (`modelFor`). Source: the paper, §4, which has
 * values only, and no noise.
 */
export const gaussianProcess: Surrogate<GaussianProcessState> = modelled(({ space }) =>
  modelFor(structured.window, SearchSpace.dimension(space)),
)

/**
 * The same with the structured process whatever the number of hyperparameters: one length scale for all of them, over
 * the latest 16 samples. Source: de Roos, Gessner & Hennig 2021, arXiv 2102.07542.
 */
export const structuredProcess: Surrogate<GaussianProcessState> = modelled(() => 'structured')
