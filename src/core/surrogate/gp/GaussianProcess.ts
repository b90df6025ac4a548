/**
 * Gaussian-process regression on values and gradients: condition and append. Predictions are in Posterior, the evidence
 * in Evidence; both are re-exported here.
 *
 * Symbols are those of Gp. Conditioning costs O(N³), appending an observation O(dN²).
 *
 * If K + diag S is not positive definite within rounding, the prior variances are raised by the share `jitter` = 1e-14,
 * 1e-13, … until it is. The result contains the jitter. Appending raises the jitter just as conditioning does, so both
 * give the same factor, bit for bit.
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

/**
 * The most rows of a process; with more, its factor alone would take over 500 MB.
 *
 * @example
 * ```ts
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * // Values and gradients of 3 hyperparameters are 4 rows a sample.
 * Math.floor(GaussianProcess.maxRows / 4) // => 3000
 * ```
 */
export const maxRows = 12_000

const firstJitter = 1e-14
/**
 * The largest share by which prior variances are raised.
 *
 * @example
 * ```ts
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * // Beyond this, a covariance is called singular.
 * GaussianProcess.lastJitter // => 1e-3
 * ```
 */
export const lastJitter = 1e-3

/**
 * The share to try after another one has failed: 0, 1e-14, 1e-13, …
 *
 * @example
 * ```ts
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * GaussianProcess.nextJitter(0) // => 1e-14
 * GaussianProcess.nextJitter(1e-14) // ≈ 1e-13
 * ```
 */
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

/** `gp` with more observations. Its own jitter is tried first; for a larger one all rows are factored again. */
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

/** The process without observations; it raises prior variances by at least `jitter`. */
const prior = (hyperparameters: Hyperparameters, jitter = 0): Gp => ({
  hyperparameters,
  observations: [],
  targets: [],
  factor: Cholesky.empty,
  whitened: [],
  weights: [],
  jitter,
})

/**
 * The hyperparameters, if they suit a process over `dimension` components.
 *
 * Errors: `InvalidConfig` if a number is not finite or of the wrong sign, or if the number of length scales is not
 * `dimension`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1, 2], noiseVariance: 0, gradientNoiseVariance: 0 } as const
 * GaussianProcess.checkedHyperparameters(2, known) // => E.right(known)
 * // One length scale for each component of x.
 * E.isLeft(GaussianProcess.checkedHyperparameters(3, known)) // => true
 * ```
 */
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
    // Build the object here only: V8 recompiles loops for objects built in several places.
    E.map(({ kernel, signalVariance, lengthScales, noiseVariance, gradientNoiseVariance }) => ({
      kernel,
      signalVariance,
      lengthScales: [...lengthScales],
      noiseVariance,
      gradientNoiseVariance,
    })),
  )

/**
 * The observations, if each is finite and its x and gradient have `dimension` components.
 *
 * Errors: `InvalidConfig` with the index of the observation.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const seen = { x: [0.5], value: 2, gradient: null, valueNoise: 0, gradientNoise: [] }
 * GaussianProcess.checkedAll(1, [seen]) // => E.right([seen])
 * E.isLeft(GaussianProcess.checkedAll(1, [{ ...seen, value: NaN }])) // => true
 * ```
 */
export const checkedAll = (
  dimension: number,
  observations: ReadonlyArray<GpObservation>,
): E.Either<MethodError, ReadonlyArray<GpObservation>> =>
  E.traverseArray((entry: readonly [number, GpObservation]) =>
    checkedObservation(dimension)(entry[1], entry[0]),
  )([...observations.entries()])

/**
 * Checks observations once, so that they can be conditioned on under many hyperparameters, at a jitter of at least
 * `least`.
 *
 * Errors: `InvalidConfig` for observations that are not finite, or of the wrong sign or length. The returned function
 * has the errors of {@link conditionOn}.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * // Which length scale explains the same value at 0 and at 1 better?
 * const seen = [0, 1].map(x => ({ x: [x], value: 2, gradient: null, valueNoise: 0, gradientNoise: [] }))
 * const rest = { kernel: 'rbf', signalVariance: 1, noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const evidence = [0.3, 3].map(l => pipe(
 *   GaussianProcess.conditioner(1)(seen),
 *   E.flatMap(condition => condition({ ...rest, lengthScales: [l] })),
 *   E.match(() => NaN, GaussianProcess.logDensity)))
 * evidence[1]! > evidence[0]! // => true
 * ```
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
 * Errors: `InvalidConfig` for hyperparameters or observations that are not finite, or of the wrong sign or length;
 * `Numerical` if no jitter makes the covariance positive definite, or if it would be too large.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * // A gradient alone: the mean rises as much on the right as it falls on the left.
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 0, gradientNoiseVariance: 0 } as const
 * const slope: GaussianProcess.GpObservation = { x: [0], value: null, gradient: [3], valueNoise: 0, gradientNoise: [0] }
 * const gp = GaussianProcess.conditionOn(known)([slope])
 * const means = [-1, 0, 1].map(x => (E.isRight(gp) ? GaussianProcess.marginal(gp.right)([x]).mean : NaN))
 * means // ≈ [-1.8196, 0, 1.8196]
 * ```
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

/**
 * The process after one more observation: bit for bit that of conditioning on all of them, in O(dN²) instead of O(N³).
 *
 * Errors: as {@link conditionOn}.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const config = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 1e-6 } as const
 * const another = { x: [1], value: 3, gradient: null, valueNoise: 1, gradientNoise: [] }
 * const grown = pipe(GaussianProcess.condition(config)([[0]], [2]), E.flatMap(GaussianProcess.append(another)))
 * // Bit for bit what conditioning on both gives.
 * grown // => GaussianProcess.condition(config)([[0], [1]], [2, 3])
 * ```
 */
export const append =
  (observation: GpObservation) =>
  (gp: Gp): E.Either<MethodError, Gp> =>
    pipe(
      checkedAll(gp.hyperparameters.lengthScales.length, [observation]),
      E.chain(checked => extend(gp, checked)),
    )

/** A kernel, and one noise variance for all values. */
export interface ValueConfig {
  readonly kernel: KernelName
  readonly signalVariance: number
  readonly lengthScales: ReadonlyArray<number>
  readonly noiseVariance: number
}

/** The observation of a value; its noise variance is the hyperparameter `noiseVariance`. */
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
 * Errors: as {@link conditionOn}, and `InvalidConfig` if x and y differ in length.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { GaussianProcess } from 'bilevel-hpo'
 *
 * const config: GaussianProcess.ValueConfig =
 *   { kernel: 'matern52', signalVariance: 1, lengthScales: [1], noiseVariance: 0.01 }
 * const gp = GaussianProcess.condition(config)([[0], [0.5], [1]], [0, 0.25, 1])
 * const size = E.isRight(gp) ? gp.right.targets.length : NaN // => 3
 * E.isLeft(GaussianProcess.condition(config)([[0]], [0, 1])) // => true
 * ```
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
