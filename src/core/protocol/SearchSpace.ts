/**
 * The continuous hyperparameters a method may choose, with names, bounds and scale.
 *
 * Notation
 * - `lambda` λ ∈ R^d: what methods, logs and bounds are written in.
 * - `coefficient` θ_k: what enters the loss. θ_k = exp(λ_k) on the log scale, θ_k = λ_k on the linear scale,
 *   θ_k = 1/(1 + exp(−λ_k)) on the logit scale.
 * - `unit` u ∈ [0,1]^d: λ mapped affinely onto the unit cube, where surrogates and designs live.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Finite, listOf } from '../codec/Codec.js'
import { invalidConfig, type MethodError } from './MethodError.js'

export const Hyperparameter = t.readonly(
  t.strict({
    name: t.string,
    /** Bounds of λ: on the log scale these are bounds of ln θ. */
    lower: Finite,
    upper: Finite,
    scale: t.keyof({ log: null, linear: null, logit: null }, '"log", "linear" or "logit"'),
  }),
  'Hyperparameter',
)
/** One continuous hyperparameter. */
export type Hyperparameter = t.TypeOf<typeof Hyperparameter>

export const SearchSpace = listOf(Hyperparameter, 'SearchSpace')
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
  const names = new Set<string>()
  for (const [k, { name, lower, upper }] of parameters.entries()) {
    if (!(lower < upper))
      return E.left(
        invalidConfig(
          `space[${k}]`,
          `The hyperparameter "${name}" has the lower bound ${lower}, which is not below its upper bound ${upper}. ` +
            'Swap or widen the bounds.',
        ),
      )
    if (names.has(name))
      return E.left(
        invalidConfig(
          `space[${k}].name`,
          `Two hyperparameters are called "${name}". Give each a name of its own.`,
        ),
      )
    names.add(name)
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

/** 1/(1 + exp(−x)), for any x. */
export const sigmoid = (x: number): number =>
  x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x))

type Scale = Hyperparameter['scale']

const coefficientAt = (scale: Scale, lambda: number): number =>
  scale === 'log' ? Math.exp(lambda) : scale === 'logit' ? sigmoid(lambda) : lambda

const slopeAt = (scale: Scale, lambda: number): number =>
  scale === 'log' ? Math.exp(lambda) : scale === 'logit' ? sigmoid(lambda) * sigmoid(-lambda) : 1

/** θ: exp(λ_k) on the log scale, λ_k on the linear one, 1/(1 + exp(−λ_k)) on the logit one. */
export const coefficients =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ scale }, k) => coefficientAt(scale, lambda[k]!))

/** ∂θ_k/∂λ_k: θ_k on the log scale, 1 on the linear one, θ_k(1 − θ_k) on the logit one. */
export const coefficientSlopes =
  (space: SearchSpace) =>
  (lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
    space.map(({ scale }, k) => slopeAt(scale, lambda[k]!))

/**
 * (θ(to) − θ(from)) / θ′(from): how far a coefficient has moved, in units of its slope. With d = to − from: expm1(d) on
 * the log scale, d on the linear one, expm1(d)·(1 + exp(from)) / (1 + exp(to)) on the logit one. No coefficient is formed.
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

/** θ′(to) / θ′(from), the derivative of {@link displacement} by `to`. */
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
