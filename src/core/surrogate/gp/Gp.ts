/**
 * A conditioned Gaussian process as plain data: its observations, the factor of their covariance, and the weights.
 *
 * Notation
 *
 * | symbol | name           | shape | meaning                                                                       |
 * | ------ | -------------- | ----- | ----------------------------------------------------------------------------- |
 * | n, d   |                |       | number of observations, dimension of x                                        |
 * | N      |                |       | rows: one for each observed value, d for each observed gradient               |
 * | y      | `targets`      | N     | the observed numbers, row by row                                              |
 * | K      |                | N × N | prior covariance of the noiseless rows                                        |
 * | S      |                | N     | noise variance of each row                                                    |
 * | η      | `jitter`       |       | K_ii is multiplied by 1+η; 0 unless the factorization failed without          |
 * | L      | `factor`       | N × N | Cholesky factor of K + η·diag K + diag S                                      |
 * | z      | `whitened`     | N     | L⁻¹ y                                                                         |
 * | α      | `weights`      | N     | L⁻ᵀ z                                                                         |
 *
 * The prior mean is 0.
 */
import * as t from 'io-ts'
import * as Cholesky from '../../numeric/Cholesky.js'
import { Finite, NonNegative, nullable, Positive, Vector } from '../../codec/Codec.js'
import { KernelName, scaled, type Site } from './Kernel.js'

export const Hyperparameters = t.readonly(
  t.strict({
    kernel: KernelName,
    signalVariance: Positive,
    lengthScales: t.readonlyArray(Positive),
    /** Multiplies the noise variance of each observed value. */
    noiseVariance: NonNegative,
    /** Multiplies the noise variances of each observed gradient. */
    gradientNoiseVariance: NonNegative,
  }),
  'Hyperparameters',
)
/**
 * The kernel with its parameters, and the multipliers of the observations' own noise variances.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { decode, GaussianProcess } from 'bilevel-hpo'
 *
 * const known = { kernel: 'rbf', signalVariance: 0, lengthScales: [1], noiseVariance: 0, gradientNoiseVariance: 0 }
 * const refused = decode(GaussianProcess.Hyperparameters)(known)
 * refused // => left('`signalVariance` must be a finite number > 0, but is 0')
 * ```
 */
export type Hyperparameters = t.TypeOf<typeof Hyperparameters>

export const GpObservation = t.readonly(
  t.strict({
    x: Vector,
    value: nullable(Finite),
    gradient: nullable(Vector),
    /** Noise variance of the value, before it is multiplied by `noiseVariance`. */
    valueNoise: NonNegative,
    /** Noise variance of each component of the gradient, before it is multiplied by `gradientNoiseVariance`. */
    gradientNoise: t.readonlyArray(NonNegative),
  }),
  'GpObservation',
)
/**
 * A value, a gradient, or both, observed at x with noise. `gradientNoise` has d entries, or is empty without
 * a gradient.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, GaussianProcess } from 'bilevel-hpo'
 *
 * const seen = { x: [0.5, 0.5], value: 2, gradient: [0.1, -3], valueNoise: 0, gradientNoise: [0, 0] }
 * decode(GaussianProcess.GpObservation)(seen) // => right(seen)
 * ```
 */
export type GpObservation = t.TypeOf<typeof GpObservation>

const shape = t.readonly(
  t.strict({
    hyperparameters: Hyperparameters,
    observations: t.readonlyArray(GpObservation),
    targets: Vector,
    factor: Cholesky.Cholesky,
    whitened: Vector,
    weights: Vector,
    jitter: NonNegative,
  }),
)

/** The part of an observation that determines its covariances. */
export const siteOf = (hyperparameters: Hyperparameters): ((observation: GpObservation) => Site) => {
  const scale = scaled(hyperparameters)
  return ({ x, value, gradient }) => ({
    scaled: scale(x),
    hasValue: value !== null,
    hasGradient: gradient !== null,
  })
}

/** Number of rows of an observation. */
export const rowCount = ({ x, value, gradient }: GpObservation): number =>
  (value === null ? 0 : 1) + (gradient === null ? 0 : x.length)

/** Whether an observation tells anything. */
export const isSeen = (observation: GpObservation): boolean =>
  observation.value !== null || observation.gradient !== null

/** The latest observations that together have at most `rows` rows, but at least `least` of them. */
export const latestWithin =
  (rows: number, least: number) =>
  (observations: ReadonlyArray<GpObservation>): ReadonlyArray<GpObservation> => {
    let from = observations.length
    for (let left = rows; from > 0; from--) {
      left -= rowCount(observations[from - 1]!)
      if (left < 0 && observations.length - from >= least) break
    }
    return observations.slice(from)
  }

/** The rows of y of an observation. */
export const targetsOf = (observation: GpObservation): ReadonlyArray<number> => [
  ...(observation.value === null ? [] : [observation.value]),
  ...(observation.gradient ?? []),
]

/** The rows of S of an observation. */
export const noiseOf =
  (hyperparameters: Hyperparameters) =>
  (observation: GpObservation): ReadonlyArray<number> => [
    ...(observation.value === null ? [] : [hyperparameters.noiseVariance * observation.valueNoise]),
    ...(observation.gradient === null
      ? []
      : observation.gradientNoise.map(noise => hyperparameters.gradientNoiseVariance * noise)),
  ]

/** For each row of an observation: `null` for the value, else the index of the gradient's component. */
export const componentsOf = (observation: GpObservation): ReadonlyArray<number | null> => [
  ...(observation.value === null ? [] : [null]),
  ...(observation.gradient === null ? [] : observation.gradient.map((_, k) => k)),
]

export const Gp = t.refinement(
  shape,
  ({ observations, targets, factor, whitened, weights, hyperparameters }) =>
    observations.every(
      ({ x, gradient, gradientNoise }) =>
        x.length === hyperparameters.lengthScales.length &&
        (gradient === null || (gradient.length === x.length && gradientNoise.length === x.length)),
    ) &&
    observations.reduce((rows, observation) => rows + rowCount(observation), 0) === targets.length &&
    Cholesky.size(factor) === targets.length &&
    whitened.length === targets.length &&
    weights.length === targets.length,
  'a Gaussian process whose parts fit together',
)
/**
 * A Gaussian process conditioned on observations; plain JSON, and a JSON round trip leaves it unchanged.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { decode, GaussianProcess } from 'bilevel-hpo'
 *
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0 } as const
 * const gp = GaussianProcess.condition(config)([[0]], [2])
 * const revived = pipe(gp, E.flatMap(known => decode(GaussianProcess.Gp)(JSON.parse(JSON.stringify(known)))))
 * revived // => gp
 * ```
 */
export type Gp = t.TypeOf<typeof shape>
