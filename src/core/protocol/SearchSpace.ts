/**
 * The continuous hyperparameters a method may choose, with names, bounds and scale.
 *
 * Notation
 * - `lambda` λ ∈ R^d: what methods, logs and bounds are written in.
 * - `coefficient` θ_k: what enters the loss. θ_k = exp(λ_k) on the log scale, θ_k = λ_k on the linear scale.
 * - `unit` u ∈ [0,1]^d: λ mapped affinely onto the unit cube, where surrogates and designs live.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Finite } from './Codec.js'
import { invalidConfig, type MethodError } from './MethodError.js'

export const Hyperparameter = t.readonly(
  t.strict({
    name: t.string,
    /** Bounds of λ: on the log scale these are bounds of ln θ. */
    lower: Finite,
    upper: Finite,
    scale: t.keyof({ log: null, linear: null }, '"log" or "linear"'),
  }),
  'Hyperparameter',
)
/** One continuous hyperparameter. */
export type Hyperparameter = t.TypeOf<typeof Hyperparameter>

export const SearchSpace = t.readonlyArray(Hyperparameter, 'SearchSpace')
/** Named continuous hyperparameters, in the order of the components of λ. */
export type SearchSpace = t.TypeOf<typeof SearchSpace>

/**
 * A search space from its hyperparameters.
 *
 * Errors: `InvalidConfig` where there are none, two share a name, or a lower bound is not below its upper bound.
 */
export const make = (parameters: ReadonlyArray<Hyperparameter>): E.Either<MethodError, SearchSpace> => {
  if (parameters.length === 0)
    return E.left(invalidConfig('space', 'The search space is empty. Name at least one hyperparameter.'))
  for (const [k, { name, lower, upper }] of parameters.entries()) {
    if (!(lower < upper))
      return E.left(
        invalidConfig(
          `space[${k}]`,
          `The hyperparameter "${name}" has the lower bound ${lower}, which is not below its upper bound ${upper}. ` +
            'Swap or widen the bounds.',
        ),
      )
    if (parameters.findIndex(other => other.name === name) !== k)
      return E.left(
        invalidConfig(
          `space[${k}].name`,
          `Two hyperparameters are called "${name}". Give each a name of its own.`,
        ),
      )
  }
  return E.right(parameters)
}

/** d, the number of hyperparameters. */
export const dimension = (space: SearchSpace): number => space.length

/** λ mapped onto the unit cube: u_k = (λ_k − lower_k) / (upper_k − lower_k). */
export const toUnit =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ lower, upper }, k) => (lambda[k]! - lower) / (upper - lower))

/** The inverse of {@link toUnit}, kept within the bounds. */
export const fromUnit =
  (space: SearchSpace) =>
  (unit: ReadonlyArray<number>): ReadonlyArray<number> =>
    clamp(space)(space.map(({ lower, upper }, k) => lower + unit[k]! * (upper - lower)))

/** ∂λ_k/∂u_k, by which a gradient by λ is multiplied to become one by u. */
export const widths = (space: SearchSpace): ReadonlyArray<number> =>
  space.map(({ lower, upper }) => upper - lower)

/** λ projected onto the box of bounds. */
export const clamp =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ lower, upper }, k) => Math.min(upper, Math.max(lower, lambda[k]!)))

/** Whether λ has d finite components within their bounds. */
export const contains =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): boolean =>
    lambda.length === space.length &&
    space.every(({ lower, upper }, k) => lambda[k]! >= lower && lambda[k]! <= upper)

/** θ: exp(λ_k) on the log scale, λ_k on the linear one. */
export const coefficients =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ scale }, k) => (scale === 'log' ? Math.exp(lambda[k]!) : lambda[k]!))

/** ∂θ_k/∂λ_k: θ_k on the log scale, 1 on the linear one. */
export const coefficientSlopes =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ scale }, k) => (scale === 'log' ? Math.exp(lambda[k]!) : 1))
