/**
 * The state of φ̂ as plain data: its options, its samples, and the model itself.
 */
import * as t from 'io-ts'
import { Count, Natural, Positive } from '../codec/Codec.js'
import { SearchSpace } from '../protocol/SearchSpace.js'
import * as GaussianProcess from './gp/GaussianProcess.js'
import { KernelName } from './gp/Kernel.js'
import { Sample } from './Sample.js'
import { Standardization } from './Standardization.js'

export const ModelName = t.keyof({ dense: null, structured: null }, '"dense" or "structured"')
/**
 * `dense`: one length scale per dimension, O((nd)³). `structured`: one for all, O(n²d + n⁶).
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { decode, ValueFunction } from 'bilevel-hpo'
 *
 * decode(ValueFunction.ModelName)('sparse') // => left('the value must be "dense" or "structured", but is "sparse"')
 * ```
 */
export type ModelName = t.TypeOf<typeof ModelName>

export const Options = t.readonly(
  t.strict({
    kernel: KernelName,
    model: ModelName,
    /** Whether f(λ, w) = L(w) + Σ θ_k R_k(w), with θ the space's coefficients; then the envelope bound holds. */
    linearInCoefficients: t.boolean,
    /** The smallest noise variance of a row, in standardized units. */
    noiseFloor: Positive,
    /** Hyperparameters are fitted to the latest samples with at most this many rows (values and slopes). */
    fitRows: Count,
    fitStarts: Count,
    fitIterations: Count,
    /**
     * `dense`: if more rows would be held, the older half is forgotten first (but the latest sample is always kept).
     */
    maxRows: Count,
    /** `structured`: the number of latest samples that are held. */
    window: Count,
  }),
  'ValueFunction options',
)
/**
 * How the value function is modelled and fitted. {@link defaults} has all defaults.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, ValueFunction } from 'bilevel-hpo'
 *
 * const options: ValueFunction.Options = { ...ValueFunction.defaults, kernel: 'rbf', window: 8 }
 * decode(ValueFunction.Options)(options) // => right(options)
 * ```
 */
export type Options = t.TypeOf<typeof Options>

/**
 * Matérn 5/2, no envelope, a noise floor of a millionth of the scale; fits take tens of milliseconds at 30 rows.
 *
 * The paper (§4) uses the squared exponential kernel. On the φ of ridge problems it is overconfident: 58 to 68 % of its
 * errors are within two of its standard deviations, against 92 to 95 % with Matérn 5/2, whose errors are as small
 * (test/bench/gpKernels.ts). It assumes that φ is analytic with one length scale everywhere.
 *
 * @example
 * ```ts
 * import { ValueFunction } from 'bilevel-hpo'
 *
 * ValueFunction.defaults.kernel // => 'matern52'
 * ```
 */
export const defaults: Options = {
  kernel: 'matern52',
  model: 'dense',
  linearInCoefficients: false,
  noiseFloor: 1e-12,
  fitRows: 300,
  fitStarts: 3,
  fitIterations: 60,
  maxRows: GaussianProcess.maxRows,
  window: 16,
}

const Dense = t.readonly(t.strict({ _tag: t.literal('Dense'), gp: GaussianProcess.Gp }))
/** One Cholesky factor of all rows. */
export type Dense = t.TypeOf<typeof Dense>

const Structured = t.readonly(
  t.strict({
    _tag: t.literal('Structured'),
    hyperparameters: t.refinement(
      GaussianProcess.Hyperparameters,
      ({ lengthScales }) => lengthScales.length === 1,
      'hyperparameters with one length scale',
    ),
  }),
)
/**
 * Its hyperparameters only. The rest is computed from the samples, and would be several times as large when serialized.
 */
export type Structured = t.TypeOf<typeof Structured>

/**
 * The model behind φ̂.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, ValueFunction } from 'bilevel-hpo'
 *
 * const hyperparameters = { kernel: 'rbf', signalVariance: 1, lengthScales: [1], noiseVariance: 1, gradientNoiseVariance: 1 }
 * const model = { _tag: 'Structured', hyperparameters }
 * decode(ValueFunction.Model)(model) // => E.right(model)
 * ```
 */
export const Model = t.union([Dense, Structured])
export type Model = t.TypeOf<typeof Model>

export const ValueFunction = t.readonly(
  t.strict({
    space: SearchSpace,
    options: Options,
    samples: t.readonlyArray(Sample),
    /** Number of samples that were dropped to make room for later ones. */
    forgotten: Natural,
    standardization: Standardization,
    /** Whether the hyperparameters have been fitted; before that the standardization follows the samples. */
    fitted: t.boolean,
    model: Model,
  }),
  'ValueFunction',
)
/**
 * The state of φ̂; plain JSON, unchanged by a JSON round trip.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { decode, ValueFunction } from 'bilevel-hpo'
 *
 * const phi = ValueFunction.make([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }])
 * const revived = pipe(phi, E.flatMap(known => decode(ValueFunction.ValueFunction)(JSON.parse(JSON.stringify(known)))))
 * revived // => phi
 * ```
 */
export type ValueFunction = t.TypeOf<typeof ValueFunction>

/** φ̂ with a given kind of model. */
export type With<M extends Model> = ValueFunction & { readonly model: M }

/**
 * The model that suits a window of n samples with gradients in d dimensions.
 *
 * Structured if d > n. For d ≤ n the span of the samples is the whole space, so the structured process has as many rows
 * as the dense one, at the price of per-dimension length scales. For d > n it has n² rows instead of n(d + 1), and
 * there are fewer samples than length scales to fit. Measured at n = 16, conditioning it is faster from d = 16 on, four
 * times at d = 30 and over twenty times at d = 50 (docs/gp.md).
 */
export const modelFor = (n: number, d: number): ModelName => (d > n ? 'structured' : 'dense')
