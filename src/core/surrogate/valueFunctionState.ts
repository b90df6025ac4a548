/**
 * The state of φ̂ as plain data: how it is modelled, what it has seen, and the model itself.
 */
import * as t from 'io-ts'
import { Count, Natural, Positive } from '../codec/Codec.js'
import { SearchSpace } from '../protocol/SearchSpace.js'
import * as GaussianProcess from './gp/GaussianProcess.js'
import { KernelName } from './gp/Kernel.js'
import { Sample } from './Sample.js'
import { Standardization } from './Standardization.js'

export const ModelName = t.keyof({ dense: null, structured: null }, '"dense" or "structured"')
/** `dense`: a length scale for each dimension, O((nd)³). `structured`: one for all, O(n²d + n⁶). */
export type ModelName = t.TypeOf<typeof ModelName>

export const Options = t.readonly(
  t.strict({
    kernel: KernelName,
    model: ModelName,
    /** Whether f(λ, w) = L(w) + Σ θ_k R_k(w), θ being the space's coefficients: then the envelope bound holds. */
    linearInCoefficients: t.boolean,
    /** The least noise variance of a row, in standardized units. */
    noiseFloor: Positive,
    /** Hyperparameters are fitted to the latest samples with at most this many rows (values and slopes). */
    fitRows: Count,
    fitStarts: Count,
    fitIterations: Count,
    /** `dense`: where more rows would be held, the older half is forgotten first (but the latest is always kept). */
    maxRows: Count,
    /** `structured`: how many samples are held, the latest ones. */
    window: Count,
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
/** Its hyperparameters only: all else comes from the samples, and would be several times as much to write down. */
export type Structured = t.TypeOf<typeof Structured>

/** What stands behind φ̂. */
export const Model = t.union([Dense, Structured])
export type Model = t.TypeOf<typeof Model>

export const ValueFunction = t.readonly(
  t.strict({
    space: SearchSpace,
    options: Options,
    samples: t.readonlyArray(Sample),
    /** How many samples were let go to make room for later ones. */
    forgotten: Natural,
    standardization: Standardization,
    /** Whether the hyperparameters have been fitted; until then the standardization follows the samples. */
    fitted: t.boolean,
    model: Model,
  }),
  'ValueFunction',
)
/** The state of φ̂; plain JSON, unchanged by a JSON round trip. */
export type ValueFunction = t.TypeOf<typeof ValueFunction>

/** φ̂ with that model. */
export type With<M extends Model> = ValueFunction & { readonly model: M }
