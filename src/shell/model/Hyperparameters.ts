/**
 * Combines one or several families of hyperparameters (`families/`), which define how the losses depend on λ.
 *
 * Notation: w flat weights, W_k the k-th tensor of parameters, N the number of examples in the mean loss, d the total number
 * of hyperparameters.
 *
 * λ is the concatenation of the families' components. Penalties and terms are added. Factors of the examples' costs are
 * multiplied ({@link Target}). F has terms too, so that a family could make the validation loss depend on λ; no present family
 * does.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as SearchSpace from '../../core/protocol/SearchSpace.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import type { Costs, Curved, Decay, Family, FamilyTerms, Penalty, Target, Term } from './families/Family.js'
import { FamilyConfig, familiesOf } from './families/FamilyConfig.js'
import type { Network } from './Network.js'

/** The terms that λ adds to a mean data loss, and its changes of the examples' costs. In float64. */
export interface Terms {
  readonly penalty: (weights: Float32Array) => number
  /**
   * The gradient of the penalty's quadratic part by tensor k of parameters is decay[k]·W_k, with one number per tensor or one
   * per weight. It is numbers and not a function, so that a step can apply it in its single pass over the weights.
   */
  readonly decay: ReadonlyArray<Decay>
  /** The gradient of the part of the penalty that is not quadratic; `null` if there is none. */
  readonly curved: Curved | null
  /** ∂ penalty/∂λ at fixed w; length d. */
  readonly lambdaGradient: (weights: Float32Array) => ReadonlyArray<number>
  /** The examples' costs, and ∂/∂λ of their mean, length d; `null` if the costs are the cross-entropies. */
  readonly costs: Costs | null
  /** A further term, a function of weights and examples; `null` if there is none. */
  readonly term: Term | null
}

/** How the losses depend on λ. */
export interface Hyperparameters {
  readonly space: SearchSpace.SearchSpace
  /**
   * Whether f at fixed w is jointly linear in all coefficients, which the scales in `space` define. Then f at one w bounds the
   * value function at every λ.
   */
  readonly linearInCoefficients: boolean
  /** The terms of f, a mean over `examples` examples: the training set, in a refit followed by the validation set. */
  readonly lowerTerms: (lambda: ReadonlyArray<number>, examples: number) => Terms
  /** The terms of F, a mean over `examples` examples. */
  readonly upperTerms: (lambda: ReadonlyArray<number>, examples: number) => Terms
}

const Families = t.readonlyArray(FamilyConfig, 'a list of families')

/**
 * One family, or a list of them.
 *
 * @example
 * ```ts
 * import { map, right } from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { decode } from 'bilevel-hpo'
 * import { HyperparametersConfig } from 'bilevel-hpo/shell'
 *
 * // One family, or several.
 * pipe(decode(HyperparametersConfig)([{ family: 'l2' }, { family: 'labelSmoothing' }]), map(Array.isArray)) // => right(true)
 * pipe(decode(HyperparametersConfig)({ family: 'l2' }), map(Array.isArray)) // => right(false)
 * ```
 */
export const HyperparametersConfig = new t.Type<FamilyConfig | ReadonlyArray<FamilyConfig>, unknown>(
  'hyperparameters',
  (u): u is FamilyConfig | ReadonlyArray<FamilyConfig> => FamilyConfig.is(u) || Families.is(u),
  (u, context) => (Array.isArray(u) ? Families.validate(u, context) : FamilyConfig.validate(u, context)),
  config => config,
)
/** The section `hyperparameters` of a configuration. */
export type HyperparametersConfig = t.TypeOf<typeof HyperparametersConfig>

const isList = (config: HyperparametersConfig): config is ReadonlyArray<FamilyConfig> => Array.isArray(config)

/** The families of a section, one or more. */
export const listed = (config: HyperparametersConfig): ReadonlyArray<FamilyConfig> =>
  isList(config) ? config : [config]

const changingCosts: ReadonlyArray<FamilyConfig['family']> = [
  'exampleWeights',
  'classWeights',
  'labelSmoothing',
]

/** {@link Hyperparameters.linearInCoefficients} from the configuration alone. Only several families that change costs break it. */
export const isLinear = (config: HyperparametersConfig): boolean =>
  listed(config).filter(({ family }) => changingCosts.includes(family)).length <= 1

const spaceOfFamilies = (families: ReadonlyArray<Family>): E.Either<ShellError, SearchSpace.SearchSpace> =>
  pipe(
    SearchSpace.make(families.flatMap(({ space }) => space)),
    E.mapLeft(({ message }) => badInput(message)),
  )

const families = (
  network: Network,
  config: HyperparametersConfig,
  examples: number | null,
): E.Either<ShellError, ReadonlyArray<Family>> =>
  pipe(
    listed(config),
    E.traverseArray(family => familiesOf(network, family, examples)),
    E.map(found => found.flat()),
  )

/** The search space of a configuration. Errors: `BadInput` if its bounds, or its groups in this network, cannot be used. */
export const spaceOf = (
  network: Network,
  config: HyperparametersConfig,
  examples: number | null = null,
): E.Either<ShellError, SearchSpace.SearchSpace> =>
  pipe(families(network, config, examples), E.chain(spaceOfFamilies))

const product = (a: Float64Array | null, b: Float64Array | null): Float64Array | null =>
  a === null || b === null ? (a ?? b) : a.map((value, i) => value * b[i]!)

/** Combines two targets: factors are multiplied; the second smoothing applies to the share that the first one leaves. */
const together = (a: Target, b: Target): Target => ({
  examples: product(a.examples, b.examples),
  classes: product(a.classes, b.classes),
  smoothing: a.smoothing + b.smoothing - a.smoothing * b.smoothing,
})

const summed = (a: Decay, b: Decay): Decay => {
  if (typeof a === 'number') return typeof b === 'number' ? a + b : a === 0 ? b : b.map(value => value + a)
  return typeof b === 'number' ? summed(b, a) : a.map((value, i) => value + b[i]!)
}

const curvedOf = (penalties: ReadonlyArray<Penalty>): Curved | null => {
  const all = penalties.flatMap(({ curved }) => (curved === null ? [] : [curved]))
  return all.length === 0 ? null : (...at) => all.reduce((sum, curved) => sum + curved(...at), 0)
}

const costsOf = (families: ReadonlyArray<Family>, terms: ReadonlyArray<FamilyTerms>): Costs | null => {
  const [first, ...others] = terms.flatMap(({ costs }) => (costs === null ? [] : [costs.target]))
  if (first === undefined) return null
  const target = others.reduce(together, first)
  return {
    target,
    lambdaGradient: losses =>
      terms.flatMap(
        ({ costs }, f) => costs?.lambdaGradient(losses, target) ?? families[f]!.space.map(() => 0),
      ),
  }
}

const plus = (a: ArrayLike<number> | null, b: ArrayLike<number> | null): ArrayLike<number> | null =>
  a === null || b === null ? (a ?? b) : Float64Array.from(a, (value, i) => value + b[i]!)

/** The sum of the families' terms. Their derivatives by λ are concatenated. */
const termOf = (families: ReadonlyArray<Family>, terms: ReadonlyArray<FamilyTerms>): Term | null =>
  terms.every(({ term }) => term === undefined)
    ? null
    : (weights, examples) => {
        const all = terms.map(({ term }) => term?.(weights, examples) ?? null)
        return {
          value: all.reduce((sum, at) => sum + (at?.value ?? 0), 0),
          byLambda: all.flatMap((at, f) => at?.byLambda ?? families[f]!.space.map(() => 0)),
          byWeights: all.reduce<ArrayLike<number> | null>(
            (sum, at) => plus(sum, at?.byWeights ?? null),
            null,
          ),
          byLogits: all.reduce<ArrayLike<number> | null>((sum, at) => plus(sum, at?.byLogits ?? null), null),
        }
      }

const termsOf = (
  network: Network,
  families: ReadonlyArray<Family>,
  lambda: ReadonlyArray<number>,
  examples: number,
): Terms => {
  let start = 0
  const terms = families.map(({ space, at }) => {
    const own = lambda.slice(start, start + space.length)
    start += space.length
    return at(own, examples)
  })
  const penalties = terms.flatMap(({ penalty }) => (penalty === null ? [] : [penalty]))
  return {
    penalty: weights => penalties.reduce((sum, { value }) => sum + value(weights), 0),
    decay: network.parameters.map((_, k) =>
      penalties.reduce<Decay>((sum, { decay }) => summed(sum, decay[k]!), 0),
    ),
    curved: curvedOf(penalties),
    lambdaGradient: weights =>
      terms.flatMap(({ penalty }, f) => penalty?.lambdaGradient(weights) ?? families[f]!.space.map(() => 0)),
    costs: costsOf(families, terms),
    term: termOf(families, terms),
  }
}

const noTerms = (network: Network, dimension: number): Terms => ({
  penalty: () => 0,
  decay: network.parameters.map(() => 0),
  curved: null,
  lambdaGradient: () => Array.from({ length: dimension }, () => 0),
  costs: null,
  term: null,
})

/**
 * Combines several families: concatenates their λ, adds their penalties and terms, multiplies their factors of the costs.
 *
 * Errors: `BadInput` if two hyperparameters have the same name, or bounds cannot be used.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { classWeights, combinedHyperparameters, type Hyperparameters, labelSmoothing, linear } from 'bilevel-hpo/shell'
 *
 * const families = [classWeights(2, { lower: -2, upper: 2 }), labelSmoothing({ lower: -8, upper: 0 })]
 * const both: E.Either<unknown, Hyperparameters> = combinedHyperparameters(linear([3, 3, 1], 2))(families)
 * // The two are multiplied, and a product is linear in neither.
 * E.map(({ space, linearInCoefficients }: Hyperparameters) => [space.length, linearInCoefficients])(both) // => E.right([3, false])
 * ```
 */
export const combined =
  (network: Network) =>
  (families: ReadonlyArray<Family>): E.Either<ShellError, Hyperparameters> =>
    pipe(
      spaceOfFamilies(families),
      E.map(space => ({
        space,
        linearInCoefficients:
          families.every(({ linear }) => linear) &&
          families.filter(({ changesCosts }) => changesCosts).length <= 1,
        lowerTerms: (lambda, examples) => termsOf(network, families, lambda, examples),
        upperTerms: () => noTerms(network, space.length),
      })),
    )

/**
 * The hyperparameters of a configuration.
 *
 * - `examples`: the number of training examples; only example weights need it
 *
 * Errors: `BadInput` if bounds cannot be used, or the network has no such groups.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Hyperparameters, hyperparametersOf, mlp, type Terms } from 'bilevel-hpo/shell'
 *
 * const config = { family: 'l2', per: 'layer', lower: -10, upper: 4 } as const
 * const made = hyperparametersOf(mlp([28, 28, 1], 10, [100]), config)
 * E.map(({ space }: Hyperparameters) => space.map(({ name }) => name))(made) // => E.right(['l2[dense1]', 'l2[dense2]'])
 * // At λ = (0, 0), f contains half of θ/N of every kernel and no bias.
 * const terms: Terms | null = E.isRight(made) ? made.right.lowerTerms([0, 0], 600) : null
 * terms?.decay // ≈ [1 / 1200, 0, 1 / 1200, 0]
 * ```
 */
export const hyperparametersOf = (
  network: Network,
  config: HyperparametersConfig,
  examples: number | null = null,
): E.Either<ShellError, Hyperparameters> =>
  pipe(families(network, config, examples), E.chain(combined(network)))
