/**
 * Gaussian-process regression on values and gradients: condition and append; predictions are in Posterior, the
 * evidence in Evidence, both re-exported here.
 *
 * Symbols are those of Gp. Conditioning costs O(N³), appending an observation O(dN²).
 *
 * Where K + diag S is not positive definite within rounding, the prior variances are raised by the share `jitter`
 * = 1e-14, 1e-13, … until it is; the jitter used is part of the result. Appending escalates as conditioning does,
 * so both give the same factor, bit for bit.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Cholesky from '../../numeric/Cholesky.js'
import { explain } from '../../codec/Codec.js'
import { invalidConfig, numerical, type MethodError } from '../../protocol/MethodError.js'
import { componentsOf, Hyperparameters, noiseOf, siteOf, targetsOf, GpObservation, type Gp } from './Gp.js'
import { priorVariance, rowsOf, writeCovariances, type KernelName } from './Kernel.js'

export { GpObservation, Gp, Hyperparameters } from './Gp.js'
export { marginal, posterior, type Marginal, type Posterior } from './Posterior.js'
export { hyperGradient, logDensity, logEvidence, type Evidence, type HyperGradient } from './Evidence.js'

/** Rows that a process may have: beyond, its factor alone would take over 500 MB. */
export const maxRows = 12_000

const firstJitter = 1e-14
/** The largest share by which prior variances are raised. */
export const lastJitter = 1e-3

/** The share to be tried after another one has failed. */
export const nextJitter = (jitter: number): number => (jitter === 0 ? firstJitter : jitter * 10)

/** −0 becomes 0, since JSON cannot write −0. */
const plain = (x: number): number => x + 0

const checkedObservation =
  (dimension: number) =>
  (observation: GpObservation, index: number): E.Either<MethodError, GpObservation> => {
    const { x, gradient, gradientNoise } = observation
    const wrong = (what: string, length: number): E.Either<MethodError, never> =>
      E.left(
        invalidConfig(
          `observations[${index}].${what}`,
          `Observation ${index} of the Gaussian process has ${length} components in \`${what}\`, but the kernel has ` +
            `${dimension} length scales. Give one component for each length scale.`,
        ),
      )
    if (x.length !== dimension) return wrong('x', x.length)
    if (gradient !== null && gradient.length !== dimension) return wrong('gradient', gradient.length)
    if (gradient !== null && gradientNoise.length !== dimension)
      return wrong('gradientNoise', gradientNoise.length)
    return pipe(
      GpObservation.decode(observation),
      E.bimap(
        errors =>
          invalidConfig(
            `observations[${index}]`,
            `Observation ${index} of the Gaussian process cannot be used: ${explain(errors)}.`,
          ),
        () => ({
          x: x.map(plain),
          value: observation.value === null ? null : plain(observation.value),
          gradient: gradient === null ? null : gradient.map(plain),
          valueNoise: plain(observation.valueNoise),
          gradientNoise: gradient === null ? [] : gradientNoise.map(plain),
        }),
      ),
    )
  }

/** The rows of K + η·diag K + diag S of the observations from index `from` on, up to and including the diagonal. */
const covarianceRows = (
  hyperparameters: Hyperparameters,
  observations: ReadonlyArray<GpObservation>,
  from: number,
  jitter: number,
): ReadonlyArray<Float64Array> => {
  const sites = observations.map(siteOf(hyperparameters))
  const v = new Float64Array(hyperparameters.lengthScales.length)
  const offsets: number[] = [0]
  for (const site of sites) offsets.push(offsets[offsets.length - 1]! + rowsOf(site))
  return sites.slice(from).flatMap((site, added) => {
    const i = from + added
    const width = offsets[i + 1]!
    const space = new Float64Array(rowsOf(site) * width)
    const rows = Array.from({ length: rowsOf(site) }, (_, r) => space.subarray(r * width, (r + 1) * width))
    for (let j = 0; j <= i; j++) writeCovariances(hyperparameters, site, sites[j]!, rows, offsets[j]!, v)
    const noise = noiseOf(hyperparameters)(observations[i]!)
    for (const [r, component] of componentsOf(observations[i]!).entries()) {
      const diagonal = offsets[i]! + r
      rows[r]![diagonal] =
        rows[r]![diagonal]! + jitter * priorVariance(hyperparameters, component) + noise[r]!
    }
    return rows
  })
}

/** `gp` with more observations, tried at its jitter first; from another jitter on, all rows are factored anew. */
const extend = (gp: Gp, added: ReadonlyArray<GpObservation>): E.Either<MethodError, Gp> => {
  const { hyperparameters } = gp
  const observations = [...gp.observations, ...added]
  const targets = [...gp.targets, ...added.flatMap(targetsOf)]
  if (targets.length > maxRows)
    return E.left(
      numerical(
        `The Gaussian process would have ${targets.length} rows (values and gradient components), more than ` +
          `${maxRows}. Condition it on fewer observations, or on values only.`,
      ),
    )
  const finished = (factor: Cholesky.Cholesky, known: ReadonlyArray<number>, jitter: number): Gp => {
    const whitened = Cholesky.extendLower(factor)(known, targets)
    const weights = Cholesky.solveUpper(factor)(whitened)
    return { hyperparameters, observations, targets, factor, whitened, weights, jitter }
  }
  const attempt = (jitter: number): O.Option<Gp> =>
    jitter === gp.jitter
      ? pipe(
          gp.factor,
          Cholesky.append(covarianceRows(hyperparameters, observations, gp.observations.length, jitter)),
          O.map(factor => finished(factor, gp.whitened, jitter)),
        )
      : pipe(
          Cholesky.factor(covarianceRows(hyperparameters, observations, 0, jitter)),
          O.map(factor => finished(factor, [], jitter)),
        )
  for (let jitter = gp.jitter; jitter <= lastJitter; jitter = nextJitter(jitter)) {
    const found = attempt(jitter)
    if (O.isSome(found) && found.value.weights.every(Number.isFinite)) return E.right(found.value)
  }
  return E.left(
    numerical(
      `The covariance of ${targets.length} rows is not positive definite, even with its diagonal raised by ` +
        `${lastJitter} of itself. Raise the noise variances, or check the length scales for extreme values.`,
    ),
  )
}

/** The process that has observed nothing, and will raise prior variances by `jitter` at least. */
const prior = (hyperparameters: Hyperparameters, jitter = 0): Gp => ({
  hyperparameters,
  observations: [],
  targets: [],
  factor: Cholesky.empty,
  whitened: [],
  weights: [],
  jitter,
})

/** The hyperparameters, if they can be those of a process over `dimension` components. */
export const checkedHyperparameters = (
  dimension: number,
  hyperparameters: Hyperparameters,
): E.Either<MethodError, Hyperparameters> =>
  pipe(
    Hyperparameters.decode(hyperparameters),
    E.mapLeft(errors =>
      invalidConfig('hyperparameters', `The Gaussian process cannot be set up: ${explain(errors)}.`),
    ),
    E.filterOrElse(
      ({ lengthScales }) => lengthScales.length === dimension,
      ({ lengthScales }) =>
        invalidConfig(
          'lengthScales',
          `The Gaussian process has ${lengthScales.length} length scales, but x has ${dimension} components. Give ` +
            'one length scale for each component of x.',
        ),
    ),
    // Made here and nowhere else: loops over objects that were made in several places are compiled again for each.
    E.map(({ kernel, signalVariance, lengthScales, noiseVariance, gradientNoiseVariance }) => ({
      kernel,
      signalVariance,
      lengthScales: [...lengthScales],
      noiseVariance,
      gradientNoiseVariance,
    })),
  )

/** The observations, if each is finite and has `dimension` components. */
export const checkedAll = (
  dimension: number,
  observations: ReadonlyArray<GpObservation>,
): E.Either<MethodError, ReadonlyArray<GpObservation>> =>
  E.traverseArray((entry: readonly [number, GpObservation]) =>
    checkedObservation(dimension)(entry[1], entry[0]),
  )([...observations.entries()])

/**
 * Observations checked once, to be conditioned on under many hyperparameters, at a jitter of `least` or more.
 *
 * Errors: `InvalidConfig` for observations that are not finite, of the wrong sign or length; the function returned
 * gives those of {@link conditionOn}.
 */
export const conditioner =
  (dimension: number) =>
  (
    observations: ReadonlyArray<GpObservation>,
  ): E.Either<MethodError, (hyperparameters: Hyperparameters, least?: number) => E.Either<MethodError, Gp>> =>
    pipe(
      checkedAll(dimension, observations),
      E.map(
        checked => (hyperparameters, least) =>
          pipe(
            checkedHyperparameters(dimension, hyperparameters),
            E.chain(known => extend(prior(known, least), checked)),
          ),
      ),
    )

/**
 * The process conditioned on observations of values, of gradients, or both.
 *
 * Errors: `InvalidConfig` for hyperparameters or observations that are not finite, of the wrong sign or length;
 * `Numerical` where no jitter makes the covariance positive definite, or it would be too large.
 */
export const conditionOn =
  (hyperparameters: Hyperparameters) =>
  (observations: ReadonlyArray<GpObservation>): E.Either<MethodError, Gp> =>
    pipe(
      checkedHyperparameters(hyperparameters.lengthScales.length, hyperparameters),
      E.chain(known =>
        pipe(
          checkedAll(known.lengthScales.length, observations),
          E.chain(checked => extend(prior(known), checked)),
        ),
      ),
    )

/** The process after one more observation: what conditioning on all of them gives, in O(dN²) instead of O(N³). */
export const append =
  (observation: GpObservation) =>
  (gp: Gp): E.Either<MethodError, Gp> =>
    pipe(
      checkedAll(gp.hyperparameters.lengthScales.length, [observation]),
      E.chain(checked => extend(gp, checked)),
    )

/** A kernel, and the noise variance of all values alike. */
export interface ValueConfig {
  readonly kernel: KernelName
  readonly signalVariance: number
  readonly lengthScales: ReadonlyArray<number>
  readonly noiseVariance: number
}

/** An exactly observed value; its noise variance is the hyperparameter `noiseVariance`. */
const valueAt = (x: ReadonlyArray<number>, value: number): GpObservation => ({
  x,
  value,
  gradient: null,
  valueNoise: 1,
  gradientNoise: [],
})

/**
 * The process conditioned on the values y_i at x_i, each with the noise variance `noiseVariance`.
 *
 * Errors: as {@link conditionOn}, and `InvalidConfig` where x and y differ in length.
 */
export const condition =
  (config: ValueConfig) =>
  (x: ReadonlyArray<ReadonlyArray<number>>, y: ReadonlyArray<number>): E.Either<MethodError, Gp> =>
    x.length === y.length
      ? conditionOn({ ...config, gradientNoiseVariance: 1 })(x.map((point, i) => valueAt(point, y[i]!)))
      : E.left(
          invalidConfig(
            'y',
            `There are ${x.length} points x but ${y.length} values y. Give one value for each point.`,
          ),
        )
