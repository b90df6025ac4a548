/**
 * φ̂, the surrogate of the lower-level optimal value function φ(λ) = min_w f(λ, w).
 *
 * A probabilistic model over the unit cube, fed with samples of φ and ∇φ, under the envelope's upper bound where
 * the loss is linear in the coefficients. Everything goes in and comes out in terms of λ and of the loss' own
 * units. `Model` is the one place to add another model (for instance a structured one for thousands of
 * hyperparameters): callers see samples and predictions only.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { Count, Natural, Positive } from '../protocol/Codec.js'
import type { MethodError } from '../protocol/MethodError.js'
import { dimension, SearchSpace, toUnit } from '../protocol/SearchSpace.js'
import * as Envelope from './Envelope.js'
import * as Fit from './Fit.js'
import * as GaussianProcess from './GaussianProcess.js'
import { latestWithin } from './Gp.js'
import { KernelName } from './Kernel.js'
import * as Samples from './Sample.js'
import * as Standardization from './Standardization.js'

export const Options = t.readonly(
  t.strict({
    kernel: KernelName,
    /** Whether f(λ, w) = L(w) + Σ θ_k R_k(w), θ being the space's coefficients: then the envelope bound holds. */
    linearInCoefficients: t.boolean,
    /** The least noise variance of a row, in standardized units. */
    noiseFloor: Positive,
    /** Hyperparameters are fitted to the latest samples with at most this many rows (values and slopes). */
    fitRows: Count,
    fitStarts: Count,
    fitIterations: Count,
    /** Where more rows would be held, the older half is forgotten first (but the latest sample is always kept). */
    maxRows: Count,
  }),
  'ValueFunction options',
)
/** How the value function is modelled and fitted. */
export type Options = t.TypeOf<typeof Options>

/**
 * Matérn 5/2, no envelope, a noise floor of a millionth of the scale; fits take tens of milliseconds at 30 rows.
 *
 * The paper (§4) uses the squared exponential kernel. On the φ of ridge problems that one is overconfident: 58 to 68 %
 * of its errors stay within two of its standard deviations, against 92 to 95 % with Matérn 5/2, which errs as little
 * (test/bench/gpKernels.ts): it believes φ to be analytic with one length scale all over.
 */
export const defaults: Options = {
  kernel: 'matern52',
  linearInCoefficients: false,
  noiseFloor: 1e-12,
  fitRows: 300,
  fitStarts: 3,
  fitIterations: 60,
  maxRows: GaussianProcess.maxRows,
}

/** What a lower-level solve tells of φ; noise variances left out are not known, and left to the fit. */
export type Sample = Samples.NewSample

const Dense = t.readonly(t.strict({ _tag: t.literal('Dense'), gp: GaussianProcess.Gp }))

/** What stands behind φ̂: a tagged union, of one member so far. `Dense`: one Cholesky factor of all rows. */
export const Model = Dense
export type Model = t.TypeOf<typeof Model>

export const ValueFunction = t.readonly(
  t.strict({
    space: SearchSpace,
    options: Options,
    samples: t.readonlyArray(Samples.Sample),
    /** How many samples were let go to make room for later ones. */
    forgotten: Natural,
    standardization: Standardization.Standardization,
    /** Whether the hyperparameters have been fitted; until then the standardization follows the samples. */
    fitted: t.boolean,
    model: Model,
  }),
  'ValueFunction',
)
/** The state of φ̂; plain JSON, unchanged by a JSON round trip. */
export type ValueFunction = t.TypeOf<typeof ValueFunction>

const dense = (gp: GaussianProcess.Gp): Model => ({ _tag: 'Dense', gp })

/** φ̂ before the first sample: mean 0, variance 1. Options not chosen are the {@link defaults}. */
export const make = (
  space: SearchSpace,
  chosen: Partial<Options> = {},
): E.Either<MethodError, ValueFunction> => {
  const options = { ...defaults, ...chosen }
  return pipe(
    GaussianProcess.conditionOn(Fit.unfitted(options.kernel, dimension(space)))([]),
    E.map(gp => ({
      space,
      options,
      samples: [],
      forgotten: 0,
      standardization: { center: 0, scale: 1 },
      fitted: false,
      model: dense(gp),
    })),
  )
}

const toObservation = (
  { space, options }: ValueFunction,
  standardization: Standardization.Standardization,
): ((sample: Samples.Sample) => GaussianProcess.GpObservation) =>
  Standardization.toObservation(space, standardization, options.noiseFloor)

/** φ̂ conditioned on all its samples anew. */
const conditioned = (
  phi: ValueFunction,
  standardization: Standardization.Standardization,
  hyperparameters: GaussianProcess.Hyperparameters,
): E.Either<MethodError, ValueFunction> =>
  pipe(
    phi.samples.map(toObservation(phi, standardization)),
    GaussianProcess.conditionOn(hyperparameters),
    E.map(gp => ({ ...phi, standardization, model: dense(gp) })),
  )

/** φ̂ with at most `maxRows` less `rows` rows: of its latest samples only, where it has more, at what was fitted. */
const withRoom =
  (rows: number) =>
  (phi: ValueFunction): E.Either<MethodError, ValueFunction> => {
    const { options, samples, forgotten } = phi
    const { hyperparameters, observations, targets } = phi.model.gp
    if (samples.length === 0 || targets.length + rows <= options.maxRows) return E.right(phi)
    // Half of what fits, so that the factor is not made anew at every sample.
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
  (sample: Samples.Sample) =>
  (phi: ValueFunction): E.Either<MethodError, ValueFunction> => {
    const grown = { ...phi, samples: [...phi.samples, sample] }
    const { gp } = phi.model
    const now = phi.fitted ? phi.standardization : Standardization.of(phi.space, grown.samples)
    return phi.samples.length === 0 || Standardization.outgrown(phi.standardization, now)
      ? conditioned(grown, now, gp.hyperparameters)
      : pipe(
          gp,
          GaussianProcess.append(toObservation(phi, phi.standardization)(sample)),
          E.map(appended => ({ ...grown, model: dense(appended) })),
        )
  }

/**
 * φ̂ after one more sample. The factor is appended to; hyperparameters stay. All samples are taken in again only where
 * the first ones show that the standardization was made from too few, and the latest ones where there would be more
 * than `maxRows` rows.
 *
 * Errors: `InvalidConfig` for a sample that is not finite or of the wrong length; `Numerical` where there are too
 * many rows, or no jitter makes their covariance positive definite.
 */
export const observe =
  (sample: Sample) =>
  (phi: ValueFunction): E.Either<MethodError, ValueFunction> =>
    pipe(
      Samples.checked(phi.space)(sample),
      E.chain(checked =>
        pipe(phi, withRoom(1 + (checked.gradient?.length ?? 0)), E.chain(withSample(checked))),
      ),
    )

/** How many samples φ̂ has seen, those that it has forgotten included. */
export const seen = ({ samples, forgotten }: ValueFunction): number => samples.length + forgotten

/** φ̂ with standardization and hyperparameters fitted to its samples; without samples it stays as it is. */
export const refit = (phi: ValueFunction): E.Either<MethodError, ValueFunction> => {
  if (phi.samples.length === 0) return E.right(phi)
  const { space, samples, options } = phi
  const standardization = Standardization.of(space, samples)
  return pipe(
    Fit.fit({
      starts: options.fitStarts,
      maxIterations: options.fitIterations,
      maxRows: options.fitRows,
      noiseFloor: options.noiseFloor,
    })(phi.model.gp.hyperparameters, samples.map(toObservation(phi, standardization))),
    E.chain(({ hyperparameters }) => conditioned({ ...phi, fitted: true }, standardization, hyperparameters)),
  )
}

/** The lowest upper bound on φ(λ) that a sample gives; `None` unless the loss was declared linear in θ. */
export const lowestBound =
  (lambda: ReadonlyArray<number>) =>
  ({ space, options, samples }: ValueFunction): O.Option<Envelope.Bound> =>
    options.linearInCoefficients ? Envelope.lowest(space, samples)(lambda) : O.none

/** What φ̂ says of φ at some λ, in units of f. */
export interface Estimate {
  /** The model's posterior mean or the lowest bound, whichever is lower. */
  readonly mean: number
  /** The model's posterior variance of φ(λ). */
  readonly variance: number
  /** The model's posterior mean, whatever the bound. */
  readonly modelMean: number
  /** The index of the sample whose bound `mean` is, or `null` where it is the model's mean. */
  readonly boundedBy: number | null
}

/** The same, and how it changes with λ. */
export interface Prediction extends Estimate {
  /** ∇ of `mean` by λ. */
  readonly gradient: ReadonlyArray<number>
  readonly varianceGradient: ReadonlyArray<number>
}

/** The lowest bound at λ, where it is lower than the model's mean. */
const boundBelow = (
  phi: ValueFunction,
  lambda: ReadonlyArray<number>,
  mean: number,
): O.Option<Envelope.Bound> =>
  pipe(
    lowestBound(lambda)(phi),
    O.filter(({ value }) => value < mean),
  )

const estimated = (modelMean: number, variance: number, bound: O.Option<Envelope.Bound>): Estimate => ({
  mean: O.isSome(bound) ? bound.value.value : modelMean,
  variance,
  modelMean,
  boundedBy: O.isSome(bound) ? bound.value.index : null,
})

/** The estimate at a λ of d components: half the work of {@link predict}. */
export const estimate =
  (lambda: ReadonlyArray<number>) =>
  (phi: ValueFunction): Estimate => {
    const { center, scale } = phi.standardization
    const { mean, variance } = pipe(toUnit(phi.space)(lambda), GaussianProcess.marginal(phi.model.gp))
    const modelMean = center + scale * mean
    return estimated(modelMean, scale * scale * variance, boundBelow(phi, lambda, modelMean))
  }

/** The prediction at a λ of d components, in O(N²) for N rows. */
export const predict =
  (lambda: ReadonlyArray<number>) =>
  (phi: ValueFunction): Prediction => {
    const { space, standardization, model } = phi
    const posterior = pipe(
      toUnit(space)(lambda),
      GaussianProcess.posterior(model.gp),
      Standardization.undo(space, standardization),
    )
    const bound = boundBelow(phi, lambda, posterior.mean)
    return {
      ...estimated(posterior.mean, posterior.variance, bound),
      gradient: O.isSome(bound) ? bound.value.gradient : posterior.meanGradient,
      varianceGradient: posterior.varianceGradient,
    }
  }

/** The share of itself by which each prior variance had to be raised for the factorization; 0 usually. */
export const jitter = (phi: ValueFunction): number => phi.model.gp.jitter
