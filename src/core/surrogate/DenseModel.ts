/**
 * φ̂ by a dense Gaussian process: one length scale per hyperparameter; samples extend one Cholesky factor.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { MethodError } from '../protocol/MethodError.js'
import { dimension } from '../protocol/SearchSpace.js'
import * as Fit from './gp/Fit.js'
import * as GaussianProcess from './gp/GaussianProcess.js'
import { isSeen, latestWithin } from './gp/Gp.js'
import type { Sample } from './Sample.js'
import * as Standardization from './Standardization.js'
import type { Dense, Options, ValueFunction, With } from './valueFunctionState.js'

type Phi = With<Dense>

const dense = (gp: GaussianProcess.Gp): Dense => ({ _tag: 'Dense', gp })

/** The model before the first sample. */
export const prior = (space: ValueFunction['space'], options: Options): E.Either<MethodError, Dense> =>
  pipe(GaussianProcess.conditionOn(Fit.unfitted(options.kernel, dimension(space)))([]), E.map(dense))

const toObservation = (
  { space, options }: ValueFunction,
  standardization: Standardization.Standardization,
): ((sample: Sample) => GaussianProcess.GpObservation) =>
  Standardization.toObservation(space, standardization, options.noiseFloor)

/** φ̂ conditioned on all its samples from scratch. */
const conditioned = (
  phi: Phi,
  standardization: Standardization.Standardization,
  hyperparameters: GaussianProcess.Hyperparameters,
): E.Either<MethodError, Phi> =>
  pipe(
    phi.samples.map(toObservation(phi, standardization)),
    GaussianProcess.conditionOn(hyperparameters),
    E.map(gp => ({ ...phi, standardization, model: dense(gp) })),
  )

/**
 * φ̂ with at most `maxRows` − `rows` rows. If it has more, it keeps its latest samples only, at the fitted
 * hyperparameters.
 */
const withRoom =
  (rows: number) =>
  (phi: Phi): E.Either<MethodError, Phi> => {
    const { options, samples, forgotten } = phi
    const { hyperparameters, observations, targets } = phi.model.gp
    if (samples.length === 0 || targets.length + rows <= options.maxRows) return E.right(phi)
    // Keep half of what fits, so that the factor is not rebuilt at every sample.
    const kept = latestWithin(options.maxRows / 2, 1)(observations)
    return pipe(
      GaussianProcess.conditionOn(hyperparameters)(kept),
      E.map(gp => ({
        ...phi,
        samples: samples.slice(-kept.length),
        forgotten: forgotten + samples.length - kept.length,
        model: dense(gp),
      })),
    )
  }

const withSample =
  (sample: Sample) =>
  (phi: Phi): E.Either<MethodError, Phi> => {
    const grown = { ...phi, samples: [...phi.samples, sample] }
    const { gp } = phi.model
    const now = phi.fitted ? phi.standardization : Standardization.of(phi.space, grown.samples)
    return phi.samples.length === 0 ||
      Standardization.outgrown(phi.space, grown.samples, phi.standardization, now)
      ? conditioned(grown, now, gp.hyperparameters)
      : pipe(
          gp,
          GaussianProcess.append(toObservation(phi, phi.standardization)(sample)),
          E.map(appended => ({ ...grown, model: dense(appended) })),
        )
  }

/**
 * φ̂ after one more sample. All samples are conditioned on again only if the standardization was derived from too few
 * samples. The older ones are dropped if there would be more than `maxRows` rows.
 */
export const observe =
  (sample: Sample) =>
  (phi: Phi): E.Either<MethodError, Phi> =>
    pipe(phi, withRoom(1 + (sample.gradient?.length ?? 0)), E.chain(withSample(sample)))

/** φ̂ with standardization and hyperparameters fitted to its samples; there must be at least one. */
export const refit = (phi: Phi): E.Either<MethodError, Phi> => {
  const { space, samples, options } = phi
  const standardization = Standardization.of(space, samples)
  return pipe(
    Fit.fit({
      starts: options.fitStarts,
      maxIterations: options.fitIterations,
      maxRows: options.fitRows,
      noiseFloor: options.noiseFloor,
    })(phi.model.gp.hyperparameters, samples.map(toObservation(phi, standardization)).filter(isSeen)),
    E.chain(({ hyperparameters }) => conditioned({ ...phi, fitted: true }, standardization, hyperparameters)),
  )
}

/** Mean and variance at a point of the unit cube, standardized. */
export const marginal = ({ model }: Phi): ((unit: ReadonlyArray<number>) => GaussianProcess.Marginal) =>
  GaussianProcess.marginal(model.gp)

/** The posterior at a point of the unit cube, standardized; O(N²) for N rows. */
export const posterior = ({ model }: Phi): ((unit: ReadonlyArray<number>) => GaussianProcess.Posterior) =>
  GaussianProcess.posterior(model.gp)

/** The share by which prior variances were raised. */
export const jitter = ({ model }: Phi): number => model.gp.jitter
