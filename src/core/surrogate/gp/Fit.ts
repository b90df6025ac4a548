/**
 * Hyperparameters of a Gaussian process by maximum a posteriori (MAP): log evidence plus log prior, maximised over
 * the logarithms of all hyperparameters in a box, from several deterministic starts.
 *
 * It expects inputs in the unit cube and standardized outputs. The priors, as densities of the logarithms:
 *
 * | quantity                | prior of its logarithm        | why                                                             |
 * | ----------------------- | ----------------------------- | --------------------------------------------------------------- |
 * | length scale l_k        | Normal(√2 + ½ ln d, √3)       | distances grow as √d, so l must, too, or all points would be     |
 * |                         |                               | far apart (Hvarfner, Hellsten & Nardi 2024, arXiv 2402.02229)    |
 * | signal variance σ²      | Normal(0, 2)                  | outputs have unit variance, but trends reach beyond the data     |
 * | noise multipliers       | Normal(0, 3)                  | the observations' own noise is right within an order or two      |
 */
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import * as Lbfgs from '../../numeric/Lbfgs.js'
import { numerical, type MethodError } from '../../protocol/MethodError.js'
import * as GaussianProcess from './GaussianProcess.js'
import { latestWithin, type GpObservation, type Hyperparameters } from './Gp.js'
import type { HyperGradient } from './Evidence.js'
import type { KernelName } from './Kernel.js'

export interface FitOptions {
  /** Starts of the optimizer, at most 4; the first is the current hyperparameters. */
  readonly starts: number
  /** Iterations of the optimizer from each start. */
  readonly maxIterations: number
  /** Fit to the latest observations with at most this many rows (but to at least two). */
  readonly maxRows: number
  /** The smallest noise variance of any row, in standardized units. */
  readonly noiseFloor: number
  /** The largest one; by default ten times the variance of standardized data. */
  readonly noiseCeiling?: number
}

export interface Fit {
  readonly hyperparameters: Hyperparameters
  /** ln p(y) + ln prior at the optimum, up to the prior's constant. */
  readonly logPosterior: number
  readonly evaluations: number
  readonly status: Lbfgs.Status
}

/**
 * When to stop. Two gains in a row below 1e-4 in the log posterior end the fit. With ten times as much, saddle points
 * would pass for maxima. Near the noise floor, rounding of the evidence hides smaller gains, and a line search would
 * search for them in vain.
 */
const stopping = { gradientTolerance: 1e-3, valueTolerance: 1e-4, maxLineEvaluations: 10 } as const

const deviation = { lengthScale: Math.sqrt(3), signalVariance: 2, noise: 3 } as const

/** The prior's mean of ln l. */
const centralLogLength = (dimension: number): number => Math.SQRT2 + 0.5 * Math.log(dimension)

/**
 * Hyperparameters before there is enough data for a fit: half the typical distance, unit variance. `count`: number of
 * length scales, if not one per dimension.
 */
export const unfitted = (kernel: KernelName, dimension: number, count = dimension): Hyperparameters => ({
  kernel,
  signalVariance: 1,
  lengthScales: Array.from({ length: count }, () => 0.5 * Math.sqrt(dimension)),
  noiseVariance: 1,
  gradientNoiseVariance: 1,
})

// Parameters of the optimizer: [ln σ², ln l_1 … ln l_m, ln noiseVariance, ln gradientNoiseVariance].
const encode = (h: Hyperparameters): ReadonlyArray<number> =>
  [h.signalVariance, ...h.lengthScales, h.noiseVariance, h.gradientNoiseVariance].map(Math.log)

const decode =
  (kernel: KernelName) =>
  (parameters: ReadonlyArray<number>): Hyperparameters => {
    const natural = parameters.map(Math.exp)
    const m = natural.length - 3
    return {
      kernel,
      signalVariance: natural[0]!,
      lengthScales: natural.slice(1, m + 1),
      noiseVariance: natural[m + 1]!,
      gradientNoiseVariance: natural[m + 2]!,
    }
  }

const gaussian = (x: number, mean: number, sd: number): { readonly log: number; readonly slope: number } => ({
  log: -0.5 * ((x - mean) / sd) ** 2,
  slope: -(x - mean) / (sd * sd),
})

/** ln prior of the signal variance and the length scales, up to a constant: of what f is like, whatever its noise. */
export const logShapePrior = (dimension: number, { signalVariance, lengthScales }: Hyperparameters): number =>
  lengthScales.reduce(
    (sum, length) => sum + gaussian(Math.log(length), centralLogLength(dimension), deviation.lengthScale).log,
    gaussian(Math.log(signalVariance), 0, deviation.signalVariance).log,
  )

/** What is fitted to: the evidence of hyperparameters, and what bounds them. */
export interface Data {
  /** d; expected length scales grow with it. */
  readonly dimension: number
  readonly evidence: (hyperparameters: Hyperparameters) => E.Either<MethodError, Evidenced>
  /** The observations' own noise variances. */
  readonly valueNoises: ReadonlyArray<number>
  readonly gradientNoises: ReadonlyArray<number>
}

/** ln p(y) and its slopes, with one length scale for each of the hyperparameters'. */
export interface Evidenced {
  readonly logDensity: number
  readonly slopes: HyperGradient
}

/** ln p(y) + ln prior, and its gradient by the optimizer's parameters. */
const logPosterior = (
  dimension: number,
  { logDensity, slopes }: Evidenced,
  parameters: ReadonlyArray<number>,
): Lbfgs.Evaluation => {
  const m = parameters.length - 3
  const byParameter = [
    slopes.signalVariance,
    ...slopes.lengthScales,
    slopes.noiseVariance,
    slopes.gradientNoiseVariance,
  ]
  const priors = parameters.map((x, i) =>
    i === 0
      ? gaussian(x, 0, deviation.signalVariance)
      : i <= m
        ? gaussian(x, centralLogLength(dimension), deviation.lengthScale)
        : gaussian(x, 0, deviation.noise),
  )
  return {
    value: priors.reduce((sum, { log }) => sum + log, logDensity),
    gradient: priors.map(({ slope }, i) => byParameter[i]! + slope),
  }
}

/** Ten times the variance of standardized data. */
const usualCeiling = 10

/**
 * Bounds of the logarithm of a multiplier of these noise variances: between the floor and the ceiling. A multiplier that
 * multiplies nothing stays at 1.
 */
const multiplierBounds = (
  variances: ReadonlyArray<number>,
  floor: number,
  ceiling: number,
): readonly [number, number] => {
  if (variances.length === 0) return [0, 0]
  const least = variances.reduce((min, variance) => Math.min(min, variance), Infinity)
  const lower = Math.log(Math.min(1, floor / least))
  return [lower, Math.max(lower, Math.log(ceiling / least))]
}

/** The box of the optimizer's parameters, for `count` length scales. */
const boxOf = (
  { dimension, valueNoises, gradientNoises }: Data,
  count: number,
  { noiseFloor, noiseCeiling = usualCeiling }: Pick<FitOptions, 'noiseFloor' | 'noiseCeiling'>,
): { readonly lower: ReadonlyArray<number>; readonly upper: ReadonlyArray<number> } => {
  const noise = [valueNoises, gradientNoises].map(noises =>
    multiplierBounds(noises, noiseFloor, noiseCeiling),
  )
  const perLength = (bound: number): ReadonlyArray<number> =>
    Array.from({ length: count }, () => Math.log(bound))
  return {
    lower: [Math.log(1e-3), ...perLength(0.01), ...noise.map(([least]) => least)],
    upper: [Math.log(1e5), ...perLength(100 * Math.sqrt(dimension)), ...noise.map(([, most]) => most)],
  }
}

const startsFrom = (held: Hyperparameters, dimension: number): ReadonlyArray<Hyperparameters> => {
  const count = held.lengthScales.length
  const withLength = (length: number): Hyperparameters => ({
    ...unfitted(held.kernel, dimension, count),
    lengthScales: Array.from({ length: count }, () => length),
  })
  const root = Math.sqrt(dimension)
  return [
    held,
    withLength(0.5 * root),
    withLength(Math.exp(centralLogLength(dimension))),
    withLength(0.15 * root),
  ]
}

const singular = numerical(
  'No hyperparameters of the Gaussian process could be fitted: its covariance is singular from every start. ' +
    'Raise the noise of the observations, or drop some that repeat one another.',
)

/**
 * The MAP hyperparameters for some data, with the kernel and the number of length scales of `held`.
 *
 * Errors: `Numerical` if no start gives a positive definite covariance.
 */
export const maximise =
  (options: Omit<FitOptions, 'maxRows'>) =>
  (held: Hyperparameters, data: Data): E.Either<MethodError, Fit> => {
    const box = boxOf(data, held.lengthScales.length, options)
    const toHyperparameters = decode(held.kernel)
    const objective = (parameters: ReadonlyArray<number>): Lbfgs.Evaluation => {
      const evidenced = data.evidence(toHyperparameters(parameters))
      if (E.isLeft(evidenced)) return { value: Infinity, gradient: [] }
      const { value, gradient } = logPosterior(data.dimension, evidenced.right, parameters)
      return { value: -value, gradient: gradient.map(slope => -slope) }
    }
    const minima = startsFrom(held, data.dimension)
      .slice(0, Math.max(1, options.starts))
      .map(start =>
        Lbfgs.minimize({
          objective,
          start: encode(start),
          ...box,
          maxIterations: options.maxIterations,
          ...stopping,
        }),
      )
    const best = minima.reduce((one, other) => (other.value < one.value ? other : one))
    return Number.isFinite(best.value)
      ? E.right({
          hyperparameters: toHyperparameters(best.x),
          logPosterior: -best.value,
          evaluations: minima.reduce((sum, { evaluations }) => sum + evaluations, 0),
          status: best.status,
        })
      : E.left(singular)
  }

/** The observations' own noise variances. */
export const noisesOf = (
  observations: ReadonlyArray<GpObservation>,
): Pick<Data, 'valueNoises' | 'gradientNoises'> => ({
  valueNoises: observations.flatMap(({ value, valueNoise }) => (value === null ? [] : [valueNoise])),
  gradientNoises: observations.flatMap(({ gradient, gradientNoise }) =>
    gradient === null ? [] : gradientNoise,
  ),
})

/**
 * The MAP hyperparameters for these observations, with the kernel of `held`, the current hyperparameters.
 *
 * Errors: `InvalidConfig` for observations that cannot be used, and those of {@link maximise}.
 */
export const fit =
  (options: FitOptions) =>
  (held: Hyperparameters, observations: ReadonlyArray<GpObservation>): E.Either<MethodError, Fit> => {
    const dimension = held.lengthScales.length
    const used = latestWithin(options.maxRows, 2)(observations)
    return pipe(
      GaussianProcess.conditioner(dimension)(used),
      E.chain(condition =>
        maximise(options)(held, {
          dimension,
          evidence: flow(
            condition,
            E.map(gp => ({
              logDensity: GaussianProcess.logDensity(gp),
              slopes: GaussianProcess.hyperGradient(gp),
            })),
          ),
          ...noisesOf(used),
        }),
      ),
    )
  }
