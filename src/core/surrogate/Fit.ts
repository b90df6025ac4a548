/**
 * Hyperparameters of a Gaussian process by maximum a posteriori (MAP): log evidence plus log prior, maximised over
 * the logarithms of all hyperparameters in a box, from several deterministic starts.
 *
 * It expects inputs in the unit cube and standardized outputs. The priors, as densities of the logarithms:
 *
 * | quantity                | prior of its logarithm        | why                                                             |
 * | ----------------------- | ----------------------------- | --------------------------------------------------------------- |
 * | length scale l_k        | Normal(√2 + ½ ln d, √3)       | distances grow as √d, and so must l, lest all points be far from |
 * |                         |                               | one another (Hvarfner, Hellsten & Nardi 2024, arXiv 2402.02229)  |
 * | signal variance σ²      | Normal(0, 2)                  | outputs have unit variance, but trends reach beyond the data     |
 * | noise multipliers       | Normal(0, 3)                  | the observations' own noise is right but for an order or two     |
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Lbfgs from '../numeric/Lbfgs.js'
import { numerical, type MethodError } from '../protocol/MethodError.js'
import * as GaussianProcess from './GaussianProcess.js'
import { latestWithin, type Gp, type GpObservation, type Hyperparameters } from './Gp.js'
import type { KernelName } from './Kernel.js'

export interface FitOptions {
  /** Starts of the optimizer, at most 4; the first is the hyperparameters held so far. */
  readonly starts: number
  /** Iterations of the optimizer from each start. */
  readonly maxIterations: number
  /** The evidence is that of the latest observations with no more rows than this (but always of two). */
  readonly maxRows: number
  /** The least noise variance that any row may end up with, in standardized units. */
  readonly noiseFloor: number
}

export interface Fit {
  readonly hyperparameters: Hyperparameters
  /** ln p(y) + ln prior at the optimum, up to the prior's constant. */
  readonly logPosterior: number
  readonly evaluations: number
  readonly status: Lbfgs.Status
}

/**
 * When to stop. Gains of 1e-4 in the log posterior, twice in a row, are no reason to go on (with ten times as much,
 * saddle points would be taken for maxima); near the noise floor rounding of the evidence hides less than that, and a
 * line search would look for it in vain.
 */
const stopping = { gradientTolerance: 1e-3, valueTolerance: 1e-4, maxLineEvaluations: 10 } as const

const deviation = { lengthScale: Math.sqrt(3), signalVariance: 2, noise: 3 } as const

/** The prior's mean of ln l. */
const centralLogLength = (dimension: number): number => Math.SQRT2 + 0.5 * Math.log(dimension)

/** Hyperparameters to work with before there is enough data to fit any: half the typical distance, unit variance. */
export const unfitted = (kernel: KernelName, dimension: number): Hyperparameters => ({
  kernel,
  signalVariance: 1,
  lengthScales: Array.from({ length: dimension }, () => 0.5 * Math.sqrt(dimension)),
  noiseVariance: 1,
  gradientNoiseVariance: 1,
})

// Parameters of the optimizer: [ln σ², ln l_1 … ln l_d, ln noiseVariance, ln gradientNoiseVariance].
const encode = (h: Hyperparameters): ReadonlyArray<number> =>
  [h.signalVariance, ...h.lengthScales, h.noiseVariance, h.gradientNoiseVariance].map(Math.log)

const decode =
  (kernel: KernelName) =>
  (parameters: ReadonlyArray<number>): Hyperparameters => {
    const natural = parameters.map(Math.exp)
    const d = natural.length - 3
    return {
      kernel,
      signalVariance: natural[0]!,
      lengthScales: natural.slice(1, d + 1),
      noiseVariance: natural[d + 1]!,
      gradientNoiseVariance: natural[d + 2]!,
    }
  }

const gaussian = (x: number, mean: number, sd: number): { readonly log: number; readonly slope: number } => ({
  log: -0.5 * ((x - mean) / sd) ** 2,
  slope: -(x - mean) / (sd * sd),
})

/** ln p(y) + ln prior, and its gradient by the optimizer's parameters. */
const logPosterior = (gp: Gp, parameters: ReadonlyArray<number>): Lbfgs.Evaluation => {
  const d = parameters.length - 3
  const evidence = GaussianProcess.logDensity(gp)
  const slopes = GaussianProcess.hyperGradient(gp)
  const byParameter = [
    slopes.signalVariance,
    ...slopes.lengthScales,
    slopes.noiseVariance,
    slopes.gradientNoiseVariance,
  ]
  const priors = parameters.map((x, i) =>
    i === 0
      ? gaussian(x, 0, deviation.signalVariance)
      : i <= d
        ? gaussian(x, centralLogLength(d), deviation.lengthScale)
        : gaussian(x, 0, deviation.noise),
  )
  return {
    value: priors.reduce((sum, { log }) => sum + log, evidence),
    gradient: priors.map(({ slope }, i) => byParameter[i]! + slope),
  }
}

/**
 * Bounds of the logarithm of a multiplier of these noise variances: between the floor and ten times the variance
 * of standardized data. A multiplier that multiplies nothing stays at 1.
 */
const multiplierBounds = (variances: ReadonlyArray<number>, floor: number): readonly [number, number] => {
  if (variances.length === 0) return [0, 0]
  const least = variances.reduce((min, variance) => Math.min(min, variance), Infinity)
  const lower = Math.log(Math.min(1, floor / least))
  return [lower, Math.max(lower, Math.log(10 / least))]
}

/** The box of the optimizer's parameters. */
const boxOf = (
  dimension: number,
  observations: ReadonlyArray<GpObservation>,
  noiseFloor: number,
): { readonly lower: ReadonlyArray<number>; readonly upper: ReadonlyArray<number> } => {
  const valueNoises = observations.flatMap(({ value, valueNoise }) => (value === null ? [] : [valueNoise]))
  const gradientNoises = observations.flatMap(({ gradient, gradientNoise }) =>
    gradient === null ? [] : gradientNoise,
  )
  const noise = [valueNoises, gradientNoises].map(noises => multiplierBounds(noises, noiseFloor))
  const perLength = (bound: number): ReadonlyArray<number> =>
    Array.from({ length: dimension }, () => Math.log(bound))
  return {
    lower: [Math.log(1e-3), ...perLength(0.01), ...noise.map(([least]) => least)],
    upper: [Math.log(1e5), ...perLength(100 * Math.sqrt(dimension)), ...noise.map(([, most]) => most)],
  }
}

const startsFrom = (held: Hyperparameters): ReadonlyArray<Hyperparameters> => {
  const d = held.lengthScales.length
  const withLength = (length: number): Hyperparameters => ({
    ...unfitted(held.kernel, d),
    lengthScales: Array.from({ length: d }, () => length),
  })
  const root = Math.sqrt(d)
  return [held, withLength(0.5 * root), withLength(Math.exp(centralLogLength(d))), withLength(0.15 * root)]
}

const singular = numerical(
  'No hyperparameters of the Gaussian process could be fitted: its covariance is singular from every start. ' +
    'Raise the noise of the observations, or drop some that repeat one another.',
)

/**
 * The MAP hyperparameters for these observations; the kernel is that of `held`, the hyperparameters held so far.
 *
 * Errors: `InvalidConfig` for observations that cannot be used, `Numerical` where no start gives a positive definite
 * covariance.
 */
export const fit =
  (options: FitOptions) =>
  (held: Hyperparameters, observations: ReadonlyArray<GpObservation>): E.Either<MethodError, Fit> => {
    const d = held.lengthScales.length
    const used = latestWithin(options.maxRows, 2)(observations)
    const box = boxOf(d, used, options.noiseFloor)
    const toHyperparameters = decode(held.kernel)
    return pipe(
      GaussianProcess.conditioner(d)(used),
      E.map(condition => (parameters: ReadonlyArray<number>): Lbfgs.Evaluation => {
        const gp = condition(toHyperparameters(parameters))
        if (E.isLeft(gp)) return { value: Infinity, gradient: [] }
        const { value, gradient } = logPosterior(gp.right, parameters)
        return { value: -value, gradient: gradient.map(slope => -slope) }
      }),
      E.chain(objective => {
        const minima = startsFrom(held)
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
      }),
    )
  }
