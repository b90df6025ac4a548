/**
 * A conditioned Gaussian process as plain data: what was observed, the factor of its covariance, and the weights.
 *
 * Notation
 *
 * | symbol | name           | shape | meaning                                                                       |
 * | ------ | -------------- | ----- | ----------------------------------------------------------------------------- |
 * | n, d   |                |       | number of observations, dimension of x                                        |
 * | N      |                |       | rows: one for each observed value, d for each observed gradient               |
 * | y      | `targets`      | N     | what was observed, row by row                                                 |
 * | K      |                | N × N | prior covariance of the noiseless rows                                        |
 * | S      |                | N     | noise variance of each row                                                    |
 * | η      | `jitter`       |       | K_ii is taken (1+η) times; 0 unless the factorization failed without          |
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
    /** Multiplies the noise variance that each observed value bears. */
    noiseVariance: NonNegative,
    /** Multiplies the noise variances that each observed gradient bears. */
    gradientNoiseVariance: NonNegative,
  }),
  'Hyperparameters',
)
/** The kernel, and by how much the observations' own noise variances are multiplied. */
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
/** A value, a gradient, or both, observed at x with noise. `gradientNoise` has d entries, or none where there is no gradient. */
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

/** What of an observation decides its rows. */
export const siteOf = (hyperparameters: Hyperparameters): ((observation: GpObservation) => Site) => {
  const scale = scaled(hyperparameters)
  return ({ x, value, gradient }) => ({
    scaled: scale(x),
    hasValue: value !== null,
    hasGradient: gradient !== null,
  })
}

/** How many rows an observation has. */
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

/** The rows of y that an observation has. */
export const targetsOf = (observation: GpObservation): ReadonlyArray<number> => [
  ...(observation.value === null ? [] : [observation.value]),
  ...(observation.gradient ?? []),
]

/** The rows of S that an observation has. */
export const noiseOf =
  (hyperparameters: Hyperparameters) =>
  (observation: GpObservation): ReadonlyArray<number> => [
    ...(observation.value === null ? [] : [hyperparameters.noiseVariance * observation.valueNoise]),
    ...(observation.gradient === null
      ? []
      : observation.gradientNoise.map(noise => hyperparameters.gradientNoiseVariance * noise)),
  ]

/** For each row of an observation: `null` where it is the value, else the component of the gradient. */
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
/** A Gaussian process conditioned on observations; plain JSON, and a JSON round trip leaves it unchanged. */
export type Gp = t.TypeOf<typeof shape>
