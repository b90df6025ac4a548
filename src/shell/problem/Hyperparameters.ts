/**
 * How λ enters the losses.
 *
 * Notation: w flat weights, W_k all kernels of group k (biases are never regularized), θ_k = exp(λ_k), N the number
 * of examples that the loss is a mean over.
 *
 * A family (L2 here) gives for each loss, at a λ, what it adds to the data term: {@link Terms}. F has terms too,
 * because a family may let the validation loss depend on λ. A family that changes the data term itself (example
 * weights, label smoothing) adds a field to `Terms` that `Losses` reads next to the penalty.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { Finite } from '../../core/protocol/Codec.js'
import * as SearchSpace from '../../core/protocol/SearchSpace.js'
import { badInput, type ShellError } from '../ShellError.js'
import { withDefaults } from './ConfigCodec.js'
import { layerNames, type Network, type Parameter } from './Network.js'
import { dot } from './Vector.js'

/** What λ adds to a mean data loss, as a function of the weights. All of it is computed in float64. */
export interface Terms {
  readonly penalty: (weights: Float32Array) => number
  /**
   * The penalty is quadratic: decay[k]·W_k is its gradient by the k-th tensor of parameters. Said by numbers and not by a
   * function, so that a step takes the penalty in its one pass over the weights.
   */
  readonly decay: ReadonlyArray<number>
  /** ∂ penalty/∂λ at fixed w; length d. */
  readonly lambdaGradient: (weights: Float32Array) => ReadonlyArray<number>
}

/** How λ enters the losses. */
export interface Hyperparameters {
  readonly space: SearchSpace.SearchSpace
  /** What enters f, a mean over `examples`. */
  readonly lower: (lambda: ReadonlyArray<number>, examples: number) => Terms
  /** What enters F, a mean over `examples`. */
  readonly upper: (lambda: ReadonlyArray<number>, examples: number) => Terms
}

export const HyperparametersConfig = withDefaults(
  'hyperparameters: {"family": "l2", "per": "model"}',
  {
    family: t.literal('l2'),
    /** One coefficient for all kernels, one for each layer's, or one for the convolutions' and one for the dense layers'. */
    per: t.keyof({ model: null, layer: null, kind: null }, '"model", "layer" or "kind"'),
    lower: Finite,
    upper: Finite,
  },
  // The paper's range is [−10, 0]; on its own 1K split the best λ lies above 1, so the range has to go on there.
  { family: 'l2', per: 'model', lower: -10, upper: 4 },
)
/** Which hyperparameters: the section `hyperparameters` of a configuration. */
export type HyperparametersConfig = t.TypeOf<typeof HyperparametersConfig>

interface Group {
  readonly name: string
  /** The kernels that it shrinks. */
  readonly parameters: ReadonlyArray<Parameter>
}

const groupsOf = (network: Network, per: HyperparametersConfig['per']): ReadonlyArray<Group> => {
  const kernels = network.parameters.filter(({ role }) => role === 'kernel')
  switch (per) {
    case 'model':
      return [{ name: 'l2', parameters: kernels }]
    case 'layer':
      return layerNames(network).map(layer => ({
        name: `l2[${layer}]`,
        parameters: kernels.filter(kernel => kernel.layer === layer),
      }))
    case 'kind':
      // A kernel that is moved over an image has four axes, one that is multiplied with has two.
      return [
        { name: 'l2[convolutional]', parameters: kernels.filter(({ shape }) => shape.length === 4) },
        { name: 'l2[dense]', parameters: kernels.filter(({ shape }) => shape.length === 2) },
      ].filter(({ parameters }) => parameters.length > 0)
  }
}

/** The search space of a configuration. Errors: `BadInput` where its bounds cannot be used. */
export const spaceOf = (
  network: Network,
  config: HyperparametersConfig,
): E.Either<ShellError, SearchSpace.SearchSpace> =>
  pipe(
    SearchSpace.make(
      groupsOf(network, config.per).map(({ name }) => ({
        name,
        lower: config.lower,
        upper: config.upper,
        scale: 'log' as const,
      })),
    ),
    E.mapLeft(({ message }) => badInput(message)),
  )

const squaredNorm = (weights: Float32Array, { parameters }: Group): number =>
  parameters.reduce((sum, { offset, size }) => {
    const part = weights.subarray(offset, offset + size)
    return sum + dot(part, part)
  }, 0)

/** Σ_k exp(λ_k)·‖W_k‖² / (4N), as in the paper. */
const l2Terms = (
  network: Network,
  groups: ReadonlyArray<Group>,
  lambda: ReadonlyArray<number>,
  examples: number,
): Terms => {
  const factors = lambda.map(component => Math.exp(component) / (4 * examples))
  const parts = (weights: Float32Array): ReadonlyArray<number> =>
    groups.map((group, k) => factors[k]! * squaredNorm(weights, group))
  return {
    penalty: weights => parts(weights).reduce((sum, part) => sum + part, 0),
    decay: network.parameters.map(parameter => {
      const k = groups.findIndex(({ parameters }) => parameters.includes(parameter))
      return k < 0 ? 0 : 2 * factors[k]!
    }),
    // θ = exp λ, so each part is its own derivative.
    lambdaGradient: parts,
  }
}

const noTerms = (network: Network, dimension: number): Terms => ({
  penalty: () => 0,
  decay: network.parameters.map(() => 0),
  lambdaGradient: () => Array.from({ length: dimension }, () => 0),
})

/** The hyperparameters of a configuration. Errors: `BadInput` where its bounds cannot be used. */
export const hyperparametersOf = (
  network: Network,
  config: HyperparametersConfig,
): E.Either<ShellError, Hyperparameters> =>
  pipe(
    spaceOf(network, config),
    E.map(space => {
      const groups = groupsOf(network, config.per)
      return {
        space,
        lower: (lambda, examples) => l2Terms(network, groups, lambda, examples),
        upper: () => noTerms(network, groups.length),
      }
    }),
  )
