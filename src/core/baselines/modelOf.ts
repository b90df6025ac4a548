/**
 * A Gaussian process of F over the unit cube, from trials: mean, variance and their gradients, in standardized units,
 * in which the values have mean 0 and variance 1.
 *
 * The values are those of trained weights. Their noise is fitted with the hyperparameters; a training that failed counts
 * as the worst value of all.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { MethodError } from '../protocol/MethodError.js'
import { dimension, type SearchSpace, toUnit } from '../protocol/SearchSpace.js'
import * as Fit from '../surrogate/gp/Fit.js'
import * as GaussianProcess from '../surrogate/gp/GaussianProcess.js'
import type { KernelName } from '../surrogate/gp/Kernel.js'
import type { Sample } from '../surrogate/Sample.js'
import * as Standardization from '../surrogate/Standardization.js'
import { temper } from './temper.js'
import { isTrained, type Trial } from './Trial.js'

/**
 * Noise of F that the fit starts from, as a share of the standard deviation of its values: trainings at next to the same λ
 * end up with losses that differ by a percent. The fit multiplies its square by what it finds, over orders of magnitude.
 */
const usualNoise = 0.01

/** A millionth of the scale, squared: the smallest noise variance of a value. */
const noiseFloor = 1e-12

const fitting: Fit.FitOptions = { starts: 4, maxIterations: 60, maxRows: 200, noiseFloor }

/** The observations that a process gets: tempered losses, standardized by `scale`. */
interface Seen {
  readonly observations: ReadonlyArray<GaussianProcess.GpObservation>
  readonly scale: number
}

const seenOf = (space: SearchSpace, trials: ReadonlyArray<Trial>, losses: ReadonlyArray<number>): Seen => {
  const samples = trials.map(({ lambda }, i): Sample => ({
    lambda,
    value: losses[i]!,
    gradient: null,
    valueNoise: null,
    gradientNoise: null,
  }))
  // Tempered losses have no outliers left.
  const standardization = { ...Standardization.of(space, samples), limits: null }
  const standardize = Standardization.toObservation(space, standardization, noiseFloor)
  return {
    observations: samples.map(sample => ({ ...standardize(sample), valueNoise: usualNoise ** 2 })),
    scale: standardization.scale,
  }
}

/** The tempered losses of trials; a failed training counts as the worst. */
const tempered = (space: SearchSpace, trials: ReadonlyArray<Trial>): ReadonlyArray<number> => {
  const worst = trials.filter(isTrained).reduce((most, { upper }) => Math.max(most, upper), -Infinity)
  const units = toUnit(space)
  return temper(trials.map(({ lambda, upper }) => ({ unit: units(lambda), loss: upper ?? worst })))
}

const fitted = (
  kernel: KernelName,
  d: number,
  observations: ReadonlyArray<GaussianProcess.GpObservation>,
  options: Fit.FitOptions,
): E.Either<MethodError, GaussianProcess.Gp> =>
  pipe(
    Fit.fit(options)(Fit.unfitted(kernel, d), observations),
    E.chain(({ hyperparameters }) => GaussianProcess.conditionOn(hyperparameters)(observations)),
  )

/** The process conditioned on the trials. Errors: `Numerical` if no hyperparameters can be fitted. */
export const modelOf = (
  space: SearchSpace,
  kernel: KernelName,
  trials: ReadonlyArray<Trial>,
): E.Either<MethodError, GaussianProcess.Gp> =>
  fitted(kernel, dimension(space), seenOf(space, trials, tempered(space, trials)).observations, fitting)

/** Almost no noise: a hundred thousandth of the scale, squared. */
const quiet = 1e-10

/**
 * How much more likely trials have to be with noise than without, for noise to be believed. The prior
 * of the length scales counts: an F that changes from trial to trial is noise by another name. That of the noise does not.
 */
const demanded = 20

/** If one trial has more than this share of the squared residuals, it is an outlier, and the others show the noise. */
const outlierShare = 0.5

interface Shown {
  readonly noise: number
  /** Index of the trial that is an outlier above the process, or `null`. */
  readonly outlier: number | null
}

/** The noise fitted to these trials; `null` unless noise makes them far more likely. */
const shownBy = (space: SearchSpace, kernel: KernelName, trials: ReadonlyArray<Trial>): Shown | null => {
  const { observations, scale } = seenOf(
    space,
    trials,
    trials.map(({ upper }) => upper ?? 0),
  )
  const d = dimension(space)
  const fit = (options: Fit.FitOptions) => fitted(kernel, d, observations, options)
  const likelihood = (gp: GaussianProcess.Gp): number =>
    GaussianProcess.logDensity(gp) + Fit.logShapePrior(d, gp.hyperparameters)
  return pipe(
    E.Do,
    E.bind('noisy', () => fit(fitting)),
    E.bind('without', () => fit({ ...fitting, noiseCeiling: quiet })),
    E.match(
      () => null,
      ({ noisy, without }) => {
        if (!(likelihood(noisy) - likelihood(without) > Math.log(demanded))) return null
        const above = observations.map(
          ({ x, value }) => (value ?? 0) - GaussianProcess.marginal(noisy)(x).mean,
        )
        const highest = Math.max(...above)
        const squares = above.reduce((sum, residual) => sum + residual * residual, 0)
        return {
          noise: scale * usualNoise * Math.sqrt(noisy.hyperparameters.noiseVariance),
          outlier: highest > 0 && highest * highest > outlierShare * squares ? above.indexOf(highest) : null,
        }
      },
    ),
  )
}

/**
 * The deviation of the noise that trials show, in units of F: what is fitted to them, if they are far more likely with
 * noise than without. A few trials of a smooth F are explained by noise as well as by F itself. Losses that were drawn in
 * are left out: a cliff is not noise. A single outlier is left out, too: one training that went wrong says nothing of the others' noise.
 */
export const shownNoise = (space: SearchSpace, kernel: KernelName, trials: ReadonlyArray<Trial>): number => {
  const losses = tempered(space, trials)
  const ordinary = trials.filter(({ upper }, i) => upper === losses[i])
  const all = shownBy(space, kernel, ordinary)
  if (all === null) return 0
  if (all.outlier === null) return all.noise
  const rest = shownBy(
    space,
    kernel,
    ordinary.filter((_, i) => i !== all.outlier),
  )
  return rest?.noise ?? 0
}

/**
 * The difference of two losses that noise of this deviation explains: two deviations of such a difference, which is √2 times
 * as uncertain as either.
 */
export const explainedBy = (noise: number): number => 2 * Math.SQRT2 * noise
