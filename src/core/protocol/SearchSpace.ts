/**
 * The continuous hyperparameters that a method tunes, with names, bounds and scales.
 *
 * Notation
 * - `lambda` λ ∈ R^d: the coordinates of methods, logs and bounds.
 * - `coefficient` θ_k: the number that enters the loss. θ_k = exp(λ_k) on the log scale, θ_k = λ_k on the linear scale,
 *   θ_k = 1/(1 + exp(−λ_k)) on the logit scale.
 * - `unit` u ∈ [0,1]^d: λ mapped affinely onto the unit cube, the coordinates of surrogates and designs.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Finite, listOf } from '../codec/Codec.js'
import { quoted } from '../codec/shown.js'
import { invalidConfig, type MethodError } from './MethodError.js'

export const Hyperparameter = t.readonly(
  t.strict({
    name: t.string,
    /** Bounds of λ; on the log scale these are bounds of ln θ. */
    lower: Finite,
    upper: Finite,
    scale: t.keyof({ log: null, linear: null, logit: null }, '"log", "linear" or "logit"'),
  }),
  'Hyperparameter',
)
/**
 * One continuous hyperparameter.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { decode, SearchSpace } from 'bilevel-hpo'
 *
 * const refused = decode(SearchSpace.Hyperparameter)({ name: 'l2', lower: -12, upper: 2, scale: 'ln' })
 * refused // => left('`scale` must be "log", "linear" or "logit", but is "ln"')
 * ```
 */
export type Hyperparameter = t.TypeOf<typeof Hyperparameter>

export const SearchSpace = listOf(Hyperparameter, 'SearchSpace')
/**
 * Named continuous hyperparameters, in the order of the components of λ.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, SearchSpace } from 'bilevel-hpo'
 *
 * // The weight decay of each layer, from e⁻¹² to e².
 * const space = ['dense1', 'dense2'].map(layer => ({ name: `l2.${layer}`, lower: -12, upper: 2, scale: 'log' }))
 * decode(SearchSpace.SearchSpace)(space) // => right(space)
 * ```
 */
export type SearchSpace = t.TypeOf<typeof SearchSpace>

/** Why numbers of this hyperparameter overflow, as a sentence; `null` if they do not. */
const overflow = ({ name, lower, upper, scale }: Hyperparameter): string | null => {
  if (!Number.isFinite(upper - lower))
    return (
      `The bounds of the hyperparameter ${quoted(name)}, ${lower} and ${upper}, are too far apart: their difference is not a ` +
      'finite number. Bring them nearer to each other.'
    )
  return scale === 'log' && !Number.isFinite(Math.exp(upper))
    ? `The hyperparameter ${quoted(name)} has the upper bound ${upper} on the log scale, and exp(${upper}) is not a finite ` +
        'number. Bounds on this scale are logarithms of the coefficient: give one below 709.'
    : null
}

/**
 * A search space from its hyperparameters.
 *
 * Errors: `InvalidConfig` if there are none, if two share a name, if a lower bound is not below its upper bound, or if
 * the width of the bounds, or a coefficient at one of them, is too large for a number.
 *
 * @example
 * ```ts
 * import { isLeft, right } from 'fp-ts/lib/Either.js'
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const l2 = { name: 'l2', lower: -12, upper: 2, scale: 'log' } as const
 * SearchSpace.make([l2]) // => right([l2])
 * // Two with the same name, and swapped bounds.
 * isLeft(SearchSpace.make([l2, l2])) // => true
 * isLeft(SearchSpace.make([{ ...l2, lower: 3 }])) // => true
 * ```
 */
export const make = (parameters: ReadonlyArray<Hyperparameter>): E.Either<MethodError, SearchSpace> => {
  if (parameters.length === 0)
    return E.left(invalidConfig('space', 'The search space is empty. Name at least one hyperparameter.'))
  const names = new Set<string>()
  for (const [k, { name, lower, upper }] of parameters.entries()) {
    if (!(lower < upper))
      return E.left(
        invalidConfig(
          `space[${k}]`,
          `The hyperparameter ${quoted(name)} has the lower bound ${lower}, which is not below its upper bound ${upper}. ` +
            'Swap or widen the bounds.',
        ),
      )
    const excess = overflow(parameters[k]!)
    if (excess !== null) return E.left(invalidConfig(`space[${k}]`, excess))
    if (names.has(name))
      return E.left(
        invalidConfig(
          `space[${k}].name`,
          `Two hyperparameters are called ${quoted(name)}. Give each a different name.`,
        ),
      )
    names.add(name)
  }
  return E.right(parameters)
}

/**
 * d, the number of hyperparameters and the length of every λ.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * SearchSpace.dimension([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]) // => 1
 * ```
 */
export const dimension = (space: SearchSpace): number => space.length

/**
 * λ mapped onto the unit cube: u_k = (λ_k − lower_k) / (upper_k − lower_k).
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * SearchSpace.toUnit(space)([-5]) // => [0.5]
 * ```
 */
export const toUnit =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ lower, upper }, k) => (lambda[k]! - lower) / (upper - lower))

/**
 * λ_k = lower_k + u_k·(upper_k − lower_k), clamped to the bounds: the inverse of {@link toUnit}. u and λ have length d.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * SearchSpace.fromUnit(space)([0.25]) // => [-8.5]
 * SearchSpace.fromUnit(space)([1.1]) // => [2]
 * ```
 */
export const fromUnit =
  (space: SearchSpace) =>
  (unit: ReadonlyArray<number>): ReadonlyArray<number> =>
    clamp(space)(space.map(({ lower, upper }, k) => lower + unit[k]! * (upper - lower)))

/**
 * ∂λ_k/∂u_k = upper_k − lower_k, length d. The gradient by u is the gradient by λ times these.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * SearchSpace.widths([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]) // => [14]
 * ```
 */
export const widths = (space: SearchSpace): ReadonlyArray<number> =>
  space.map(({ lower, upper }) => upper - lower)

/**
 * The mean of some λ, at least one, within the bounds despite rounding.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * SearchSpace.mean([{ name: 'l2', lower: -12, upper: 2, scale: 'log' }])([[-4], [-5]]) // => [-4.5]
 * ```
 */
export const mean =
  (space: SearchSpace) =>
  (lambdas: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<number> =>
    clamp(space)(space.map((_, k) => lambdas.reduce((sum, lambda) => sum + lambda[k]!, 0) / lambdas.length))

/**
 * λ projected onto the box of bounds: λ_k → min(upper_k, max(lower_k, λ_k)).
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * SearchSpace.clamp(space)([-20]) // => [-12]
 * ```
 */
export const clamp =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ lower, upper }, k) => Math.min(upper, Math.max(lower, lambda[k]!)))

/**
 * Whether λ has d components and each lies within its bounds.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * SearchSpace.contains(space)([2]) // => true
 * SearchSpace.contains(space)([2.1]) // => false
 * SearchSpace.contains(space)([0, 0]) // => false
 * ```
 */
export const contains =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): boolean =>
    lambda.length === space.length &&
    space.every(({ lower, upper }, k) => lambda[k]! >= lower && lambda[k]! <= upper)

/**
 * 1/(1 + exp(−x)), for any x.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * SearchSpace.sigmoid(0) // => 0.5
 * SearchSpace.sigmoid(-800) // => 0
 * SearchSpace.sigmoid(2) // ≈ 0.8808
 * ```
 */
export const sigmoid = (x: number): number =>
  x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))

type Scale = Hyperparameter['scale']

const coefficientAt = (scale: Scale, lambda: number): number =>
  scale === 'log' ? Math.exp(lambda) : scale === 'logit' ? sigmoid(lambda) : lambda

const slopeAt = (scale: Scale, lambda: number): number =>
  scale === 'log' ? Math.exp(lambda) : scale === 'logit' ? sigmoid(lambda) * sigmoid(-lambda) : 1

/**
 * θ: exp(λ_k) on the log scale, λ_k on the linear one, 1/(1 + exp(−λ_k)) on the logit one.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [
 *   { name: 'l2', lower: -12, upper: 2, scale: 'log' },
 *   { name: 'smoothing', lower: 0, upper: 0.5, scale: 'linear' },
 *   { name: 'weight', lower: -6, upper: 6, scale: 'logit' },
 * ]
 * SearchSpace.coefficients(space)([-5, 0.1, 0]) // ≈ [0.006738, 0.1, 0.5]
 * ```
 */
export const coefficients =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ scale }, k) => coefficientAt(scale, lambda[k]!))

/**
 * ∂θ_k/∂λ_k: θ_k on the log scale, 1 on the linear one, θ_k(1 − θ_k) on the logit one.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * const space: SearchSpace.SearchSpace = [
 *   { name: 'l2', lower: -12, upper: 2, scale: 'log' },
 *   { name: 'smoothing', lower: 0, upper: 0.5, scale: 'linear' },
 *   { name: 'weight', lower: -6, upper: 6, scale: 'logit' },
 * ]
 * SearchSpace.coefficientSlopes(space)([-5, 0.1, 0]) // ≈ [0.006738, 1, 0.25]
 * ```
 */
export const coefficientSlopes =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ scale }, k) => slopeAt(scale, lambda[k]!))

/**
 * (θ(to) − θ(from)) / θ′(from): how far a coefficient has moved, in units of its slope. With d = to − from: expm1(d) on
 * the log scale, d on the linear one, expm1(d)·(1 + exp(from)) / (1 + exp(to)) on the logit one. Computed without θ
 * itself, which could overflow.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * SearchSpace.displacement('linear', 1, 3) // => 2
 * // From θ = 1 (λ = 0) to θ = 2: a difference of 1, at slope 1.
 * SearchSpace.displacement('log', 0, Math.log(2)) // ≈ 1
 * ```
 */
export const displacement = (scale: Scale, from: number, to: number): number => {
  const away = to - from
  switch (scale) {
    case 'log':
      return Math.expm1(away)
    case 'linear':
      return away
    case 'logit':
      return Math.expm1(away) * (sigmoid(-to) / sigmoid(-from))
  }
}

/**
 * θ′(to) / θ′(from), the derivative of {@link displacement} by `to`.
 *
 * @example
 * ```ts
 * import { SearchSpace } from 'bilevel-hpo'
 *
 * SearchSpace.slopeRatio('linear', 1, 3) // => 1
 * SearchSpace.slopeRatio('log', 0, Math.log(2)) // ≈ 2
 * ```
 */
export const slopeRatio = (scale: Scale, from: number, to: number): number => {
  switch (scale) {
    case 'log':
      return Math.exp(to - from)
    case 'linear':
      return 1
    case 'logit':
      return Math.exp(to - from) * (sigmoid(-to) / sigmoid(-from)) ** 2
  }
}
