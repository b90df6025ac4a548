/**
 * The Gaussian process of GaussianProcess, exact, for many more dimensions than observations.
 *
 * It takes what that one takes and gives what that one gives, to rounding. Symbols are those of Reduction; n counts
 * observations, N' = n(p+1) ≤ n² rows are left of n(d+1):
 *
 *     within the span    a Gaussian process over c_i ∈ R^p with one length scale ℓ, rows (y_i, Qĝ_i)
 *     beyond it          d − p columns of ĝ_⊥ᵀ, each N(0, B),  B_ij = −2σ²h'(s_ij)/ℓ² + δ_ij(γ·noise_i − η·2σ²h'(0)/ℓ²)
 *
 * with γ `gradientNoiseVariance` and η the jitter, which both parts share; each block has a B of its own. Conditioning
 * costs O(n²d + n⁶), a prediction O(nd + n⁴), and O(nd + n⁴) numbers are held. Under a fit, only n⁶ comes again.
 *
 * Components of an observed gradient may differ in noise, at a price: b blocks of components give up to b(n−1)
 * dimensions of the span, so that with d blocks this *is* the dense process. Length scales may be any.
 *
 * Where the matrices are not positive definite within rounding the jitter is escalated as GaussianProcess does it; how
 * far may differ, for rounding does.
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

/** Hyperparameters with one length scale, ℓ, to a process. */
export type Conditioner = (hyperparameters: Hyperparameters) => E.Either<MethodError, StructuredGp>

/** −2σ²h'(s)/ℓ² of two squared distances, the covariance of derivatives along an axis beyond the span. */
const covariances = (
  { squares }: Reduction,
  { kernel, signalVariance, lengthScales }: Hyperparameters,
): ReadonlyArray<Float64Array> => {
  const square = lengthScales[0]! ** 2
  return squares.map(row => row.map(r => (-2 * signalVariance * profile(kernel, r / square).h1) / square))
}

/** The factors of B at some jitter; `None` where one is not positive definite beyond rounding. */
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

/** As `GaussianProcess.checkedAll`, which is asked only for what is wrong: it takes a microsecond a number. */
const checked = (
  d: number,
  observations: ReadonlyArray<GpObservation>,
): E.Either<MethodError, ReadonlyArray<GpObservation>> => {
  // A loop: a callback is handed every number as an object of its own.
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
 * Observations reduced once, in O(n²d), to be conditioned on under many hyperparameters: length scales are ℓ·ρ, of
 * which `relative` has ρ.
 *
 * Errors: as GaussianProcess.conditioner, and `Numerical` where squared distances overflow.
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

/** Both parts at the least jitter that serves both. */
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
 * Errors: the same, and `Numerical` where squared distances overflow.
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

/** The process after one more observation. A new point turns the span, so this is conditioning anew. */
export const append =
  (observation: GpObservation) =>
  ({ hyperparameters, observations, reduction }: StructuredGp): E.Either<MethodError, StructuredGp> =>
    pipe(
      [...observations, observation],
      conditioner(reduction.relative),
      E.chain(condition => condition(hyperparameters)),
    )
