/**
 * What trials say of F, as a Gaussian process over the unit cube: mean, variance and their gradients, in standardized
 * units, in which the values have mean 0 and variance 1.
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

/** A millionth of the scale, squared: the least noise that values are believed to bear. */
const noiseFloor = 1e-12

const fitting: Fit.FitOptions = { starts: 4, maxIterations: 60, maxRows: 200, noiseFloor }

/** The process conditioned on the trials. Errors: `Numerical` where no hyperparameters can be fitted. */
export const modelOf = (
  space: SearchSpace,
  kernel: KernelName,
  trials: ReadonlyArray<Trial>,
): E.Either<MethodError, GaussianProcess.Gp> => {
  const worst = trials.filter(isTrained).reduce((most, { upper }) => Math.max(most, upper), -Infinity)
  const units = toUnit(space)
  const losses = temper(trials.map(({ lambda, upper }) => ({ unit: units(lambda), loss: upper ?? worst })))
  const samples = trials.map(({ lambda }, i): Sample => ({
    lambda,
    value: losses[i]!,
    gradient: null,
    valueNoise: null,
    gradientNoise: null,
  }))
  const standardize = Standardization.toObservation(space, Standardization.of(space, samples), noiseFloor)
  const observations = samples.map(sample => ({ ...standardize(sample), valueNoise: usualNoise ** 2 }))
  return pipe(
    Fit.fit(fitting)(Fit.unfitted(kernel, dimension(space)), observations),
    E.chain(({ hyperparameters }) => GaussianProcess.conditionOn(hyperparameters)(observations)),
  )
}
