/**
 * φ̂ by a structured Gaussian process: one length scale for all hyperparameters, over a window of the latest samples.
 *
 * The state holds samples and hyperparameters. The process itself is computed from them on demand, in O(n²d + n⁶), and
 * the latest one is cached.
 */
import * as E from 'fp-ts/lib/Either.js'
import { flow, pipe } from 'fp-ts/lib/function.js'
import type { MethodError } from '../protocol/MethodError.js'
import { dimension, type SearchSpace } from '../protocol/SearchSpace.js'
import * as Fit from './gp/Fit.js'
import { type GpObservation, type Hyperparameters, isSeen } from './gp/Gp.js'
import type { Marginal, Posterior } from './gp/Posterior.js'
import type { Sample } from './Sample.js'
import * as Standardization from './Standardization.js'
import * as StructuredGp from './structured/StructuredGp.js'
import type { Options, Structured, With } from './valueFunctionState.js'

/**
 * Caches the latest result of a function. A second call with the same objects does not compute again.
 *
 * Only the running time shows the cache. It holds one result, not one per object (as a WeakMap would): all states of a
 * run may be kept, for a replay or a plot, and the values derived from them must not be.
 */
export const latestOnly = <A extends ReadonlyArray<unknown>, B>(
  compute: (...of: A) => B,
): ((...of: A) => B) => {
  let latest: { readonly of: A; readonly result: B } | null = null
  return (...of) => {
    if (latest?.of.every((one, i) => one === of[i]) !== true) latest = { of, result: compute(...of) }
    return latest.result
  }
}

type Phi = With<Structured>

const structured = (hyperparameters: Hyperparameters): Structured => ({ _tag: 'Structured', hyperparameters })

/** The model before the first sample. */
export const prior = (space: SearchSpace, options: Options): E.Either<MethodError, Structured> =>
  E.right(structured(Fit.unfitted(options.kernel, dimension(space), 1)))

/**
 * The default noise of slopes if it is unknown. A single slope is expected to make up most of the scale, so the noise
 * is a hundredth of the scale. Among many, each is expected to be √d times smaller, and so is its noise.
 * (`Standardization` counts a slope g as g²/12.)
 */
const unknownSlopeNoise = (d: number): number => 1e-4 * Math.min(1, 12 / d)

/**
 * The observation of a sample. All slopes get the mean noise, in units of the cube; otherwise the components would
 * split into blocks.
 */
const toObservation = (
  space: SearchSpace,
  options: Options,
  standardization: Standardization.Standardization,
): ((sample: Sample) => GpObservation) => {
  const observation = Standardization.toObservation(space, standardization, options.noiseFloor)
  const d = dimension(space)
  return sample => {
    const observed = observation(sample)
    const { gradientNoise } = observed
    const common =
      sample.gradientNoise === null
        ? Math.max(options.noiseFloor, unknownSlopeNoise(d))
        : gradientNoise.every(variance => variance === gradientNoise[0])
          ? gradientNoise[0]!
          : gradientNoise.reduce((sum, variance) => sum + variance / d, 0)
    return { ...observed, gradientNoise: gradientNoise.map(() => common) }
  }
}

/** Length scales are equal in the unit cube, whatever the bounds of λ. */
const conditioner = (space: SearchSpace) => StructuredGp.conditioner(space.map(() => 1))

const conditioned = latestOnly(
  (
    space: SearchSpace,
    options: Options,
    samples: ReadonlyArray<Sample>,
    standardization: Standardization.Standardization,
    { hyperparameters }: Structured,
  ): E.Either<MethodError, StructuredGp.StructuredGp> =>
    pipe(
      samples.map(toObservation(space, options, standardization)).filter(isSeen),
      conditioner(space),
      E.chain(condition => condition(hyperparameters)),
    ),
)

/** The process of a state. */
const processOf = ({ space, options, samples, standardization, model }: Phi) =>
  conditioned(space, options, samples, standardization, model)

/** The state, if its process can be computed. */
const settled = (phi: Phi): E.Either<MethodError, Phi> =>
  pipe(
    processOf(phi),
    E.map(() => phi),
  )

/** φ̂ after one more sample; if the window is full, the oldest one is dropped. */
export const observe =
  (sample: Sample) =>
  (phi: Phi): E.Either<MethodError, Phi> => {
    const { options, samples, forgotten, space } = phi
    const kept = [...samples, sample].slice(-options.window)
    const now = phi.fitted ? phi.standardization : Standardization.of(space, kept)
    return settled({
      ...phi,
      samples: kept,
      forgotten: forgotten + samples.length + 1 - kept.length,
      standardization:
        samples.length === 0 || Standardization.outgrown(space, kept, phi.standardization, now)
          ? now
          : phi.standardization,
    })
  }

/** Number of samples in a fit: the latest ones with at most `rows` rows, but at least two. */
const fitted = (rows: number, d: number): number => {
  let n = 2
  while ((n + 1) * Math.min(n + 1, d + 1) <= rows) n++
  return n
}

/** φ̂ with standardization and hyperparameters fitted to its samples; there must be at least one. */
export const refit = (phi: Phi): E.Either<MethodError, Phi> => {
  const { space, samples, options, model } = phi
  const d = dimension(space)
  const standardization = Standardization.of(space, samples)
  const used = samples
    .map(toObservation(space, options, standardization))
    .filter(isSeen)
    .slice(-fitted(options.fitRows, d))
  return pipe(
    used,
    conditioner(space),
    E.chain(condition =>
      Fit.maximise({
        starts: options.fitStarts,
        maxIterations: options.fitIterations,
        noiseFloor: options.noiseFloor,
      })(model.hyperparameters, {
        dimension: d,
        evidence: flow(
          condition,
          E.map(gp => ({
            logDensity: StructuredGp.logDensity(gp),
            slopes: StructuredGp.hyperGradient(gp),
          })),
        ),
        ...Fit.noisesOf(used),
      }),
    ),
    E.chain(({ hyperparameters }) =>
      settled({ ...phi, fitted: true, standardization, model: structured(hyperparameters) }),
    ),
  )
}

/**
 * Evaluates the process of a state. Every state from `observe` and `refit` has one. A hand-made state that cannot be
 * conditioned on its samples gives the prior instead.
 */
const evaluated =
  <A>(ask: (gp: StructuredGp.StructuredGp) => A, otherwise: (signalVariance: number) => A) =>
  (phi: Phi): A =>
    pipe(
      processOf(phi),
      E.match(() => otherwise(phi.model.hyperparameters.signalVariance), ask),
    )

/** Mean and variance at a point of the unit cube, standardized. */
export const marginal =
  (phi: Phi) =>
  (unit: ReadonlyArray<number>): Marginal =>
    evaluated<Marginal>(
      gp => StructuredGp.marginal(gp)(unit),
      variance => ({ mean: 0, variance }),
    )(phi)

/** The posterior at a point of the unit cube, standardized; O(nd + n⁴) once the process is computed. */
export const posterior =
  (phi: Phi) =>
  (unit: ReadonlyArray<number>): Posterior =>
    evaluated<Posterior>(
      gp => StructuredGp.posterior(gp)(unit),
      variance => {
        const zeros = unit.map(() => 0)
        return { mean: 0, variance, meanGradient: zeros, varianceGradient: zeros }
      },
    )(phi)

/** The share by which prior variances were raised. */
export const jitter: (phi: Phi) => number = evaluated(
  gp => gp.jitter,
  () => 0,
)
