/**
 * The Gaussian process of GaussianProcess, exact, for many more dimensions than observations.
 *
 * Its arguments and results equal those of GaussianProcess, up to rounding. Symbols are those of Reduction; n is the
 * number of observations. N' = n(p+1) ≤ n² rows remain of n(d+1):
 *
 *     within the span    a Gaussian process over c_i ∈ R^p with one length scale ℓ, rows (y_i, Qĝ_i)
 *     beyond it          d − p columns of ĝ_⊥ᵀ, each N(0, B),  B_ij = −2σ²h'(s_ij)/ℓ² + δ_ij(γ·noise_i − η·2σ²h'(0)/ℓ²)
 *
 * with γ `gradientNoiseVariance` and η the jitter, which both parts share. Each block has its own B. Conditioning costs
 * O(n²d + n⁶), a prediction O(nd + n⁴); the process holds O(nd + n⁴) numbers. A fit repeats only the O(n⁶) part.
 *
 * Components of an observed gradient may differ in noise, at a price: b blocks add up to b(n−1) dimensions of the span,
 * so with d blocks this *is* the dense process. Length scales are arbitrary.
 *
 * If the matrices are not positive definite within rounding, the jitter is raised as in GaussianProcess; rounding may
 * make it differ.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Cholesky from '../../numeric/Cholesky.js'
import { numerical, type MethodError } from '../../protocol/MethodError.js'
import * as GaussianProcess from '../gp/GaussianProcess.js'
import type { Gp, GpObservation, Hyperparameters } from '../gp/Gp.js'
import { profile } from '../gp/Kernel.js'
import { type Block, isFinite, reduce, type Reduction } from './Reduction.js'
import type { StructuredGp } from './structuredState.js'

export { logDensity, hyperGradient } from './evidence.js'
export { marginal, posterior } from './posterior.js'
export type { StructuredGp } from './structuredState.js'

/** Conditions a process on fixed observations, given hyperparameters with one length scale, ℓ. */
export type Conditioner = (hyperparameters: Hyperparameters) => E.Either<MethodError, StructuredGp>

/** −2σ²h'(s)/ℓ² of all pairs of points, the covariance of derivatives along an axis beyond the span. */
const covariances = (
  { squares }: Reduction,
  { kernel, signalVariance, lengthScales }: Hyperparameters,
): ReadonlyArray<Float64Array> => {
  const square = lengthScales[0]! ** 2
  return squares.map(row => row.map(r => (-2 * signalVariance * profile(kernel, r / square).h1) / square))
}

/** The factors of B at some jitter; `None` if one is not positive definite beyond rounding. */
const factors = (
  reduction: Reduction,
  hyperparameters: Hyperparameters,
  jitter: number,
): O.Option<ReadonlyArray<Cholesky.Cholesky>> => {
  const prior = covariances(reduction, hyperparameters)
  return O.traverseArray(({ noise }: Block) =>
    Cholesky.factor(
      prior.map((row, i) => {
        const raised = row.slice()
        raised[i]! += jitter * row[i]! + hyperparameters.gradientNoiseVariance * noise[i]!
        return raised
      }),
    ),
  )(reduction.blocks)
}

const outOfRange = numerical(
  'The observations of the Gaussian process are too far apart, in units of the length scales, or their gradients too ' +
    'steep: squares of them are beyond the range of numbers. Rescale points and gradients.',
)

/** As `GaussianProcess.checkedAll`, which takes a microsecond per number and so is called only to name an error. */
const checked = (
  d: number,
  observations: ReadonlyArray<GpObservation>,
): E.Either<MethodError, ReadonlyArray<GpObservation>> => {
  // Use a loop: a callback would box every number as an object.
  const sound = (v: ReadonlyArray<number>, least: number): boolean => {
    for (let k = 0; k < v.length; k++) if (!(v[k]! >= least && v[k]! < Infinity)) return false
    return v.length === d
  }
  return observations.every(
    ({ x, value, gradient, valueNoise, gradientNoise }) =>
      sound(x, -Number.MAX_VALUE) &&
      (value === null || Number.isFinite(value)) &&
      (gradient === null || (sound(gradient, -Number.MAX_VALUE) && sound(gradientNoise, 0))) &&
      valueNoise >= 0 &&
      valueNoise < Infinity,
  )
    ? E.right(observations)
    : GaussianProcess.checkedAll(d, observations)
}

/**
 * Reduces observations once, in O(n²d), so that they can be conditioned on under many hyperparameters. Length scales
 * are ℓ·ρ; `relative` is ρ.
 *
 * Errors: as GaussianProcess.conditioner, and `Numerical` if squared distances overflow.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { StructuredGp } from 'bilevel-hpo'
 *
 * // Which length scale, with both dimensions alike, explains a steep gradient better?
 * const seen = { x: [0, 0], value: 0, gradient: [5, 5], valueNoise: 0.1, gradientNoise: [0.1, 0.1] }
 * const rest = { kernel: 'rbf', signalVariance: 1, noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const evidence = [0.2, 2].map(l => pipe(
 *   StructuredGp.conditioner([1, 1])([seen]),
 *   E.flatMap(condition => condition({ ...rest, lengthScales: [l] })),
 *   E.match(() => NaN, StructuredGp.logDensity)))
 * evidence[0]! > evidence[1]! // => true
 * ```
 */
export const conditioner =
  (relative: ReadonlyArray<number>) =>
  (observations: ReadonlyArray<GpObservation>): E.Either<MethodError, Conditioner> =>
    pipe(
      checked(relative.length, observations),
      E.map(known => ({ known, reduction: reduce(relative, known) })),
      E.filterOrElse(
        ({ reduction }) => isFinite(reduction),
        () => outOfRange,
      ),
      E.chain(({ known, reduction }) =>
        pipe(
          GaussianProcess.conditioner(reduction.dimension)(reduction.observations),
          E.map(
            (spanned): Conditioner =>
              hyperparameters =>
                pipe(
                  GaussianProcess.checkedHyperparameters(1, hyperparameters),
                  E.chain(isotropic => raised(isotropic, known, reduction, spanned)),
                ),
          ),
        ),
      ),
    )

/** Both parts at the smallest jitter that suffices for both. */
const raised = (
  hyperparameters: Hyperparameters,
  observations: ReadonlyArray<GpObservation>,
  reduction: Reduction,
  spanned: (hyperparameters: Hyperparameters, least: number) => E.Either<MethodError, Gp>,
): E.Either<MethodError, StructuredGp> => {
  const [length] = hyperparameters.lengthScales
  const everywhere = {
    ...hyperparameters,
    lengthScales: Array.from({ length: reduction.dimension }, () => length!),
  }
  for (let least = 0; ;) {
    const within = spanned(everywhere, least)
    if (E.isLeft(within)) return within
    const { jitter } = within.right
    const beyond = factors(reduction, hyperparameters, jitter)
    if (O.isSome(beyond))
      return E.right({
        hyperparameters,
        observations,
        reduction,
        within: within.right,
        beyond: beyond.value,
        jitter,
      })
    least = GaussianProcess.nextJitter(jitter)
    if (least > GaussianProcess.lastJitter)
      return E.left(
        numerical(
          `The covariance of ${reduction.squares.length} gradients is not positive definite, even with its diagonal ` +
            `raised by ${jitter} of itself. Raise the noise variances, or check the length scales for extreme values.`,
        ),
      )
  }
}

/**
 * The process conditioned on observations of values, of gradients, or both; as `GaussianProcess.conditionOn`.
 *
 * Errors: the same, and `Numerical` if squared distances overflow.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { StructuredGp } from 'bilevel-hpo'
 *
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1, 1], noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const seen = { x: [0, 0], value: 2, gradient: null, valueNoise: 1e-9, gradientNoise: [] }
 * const gp = StructuredGp.conditionOn(known)([seen])
 * const mean = E.isRight(gp) ? StructuredGp.marginal(gp.right)([0, 0]).mean : NaN // ≈ 2
 * ```
 */
export const conditionOn =
  (hyperparameters: Hyperparameters) =>
  (observations: ReadonlyArray<GpObservation>): E.Either<MethodError, StructuredGp> =>
    pipe(
      GaussianProcess.checkedHyperparameters(hyperparameters.lengthScales.length, hyperparameters),
      E.chain(({ lengthScales, ...rest }) => {
        const length = lengthScales[0] ?? 1
        return pipe(
          observations,
          conditioner(lengthScales.map(l => l / length)),
          E.chain(condition => condition({ ...rest, lengthScales: [length] })),
        )
      }),
    )

/**
 * The process after one more observation. A new point rotates the span, so this conditions from scratch.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { StructuredGp } from 'bilevel-hpo'
 *
 * const known = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 1, gradientNoiseVariance: 1 } as const
 * const [first, second] = [0, 1].map(x => ({ x: [x], value: 2 * x, gradient: null, valueNoise: 1e-9, gradientNoise: [] }))
 * const gp = pipe(StructuredGp.conditionOn(known)([first!]), E.flatMap(StructuredGp.append(second!)))
 * const mean = E.isRight(gp) ? StructuredGp.marginal(gp.right)([1]).mean : NaN // ≈ 2
 * ```
 */
export const append =
  (observation: GpObservation) =>
  ({ hyperparameters, observations, reduction }: StructuredGp): E.Either<MethodError, StructuredGp> =>
    pipe(
      [...observations, observation],
      conditioner(reduction.relative),
      E.chain(condition => condition(hyperparameters)),
    )
