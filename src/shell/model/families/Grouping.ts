/** Groups of weights that share a coefficient. Biases belong to no group, because they are never regularized. */
import * as E from 'fp-ts/lib/Either.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { layerNames, type Network, type Parameter } from '../Network.js'

/** The part of a network that has its own coefficient. */
export type Per = 'model' | 'layer' | 'kind' | 'unit' | 'input' | 'block'

/** Groups of weights. Each group has its own coefficient. */
export interface Grouping {
  /** The name of each group; empty if the group is the whole network. */
  readonly names: ReadonlyArray<string>
  /** Per tensor of parameters: the group of all its weights, or one group per weight. −1: no group. */
  readonly of: ReadonlyArray<number | Int32Array>
}

const tensors = (
  network: Network,
  names: ReadonlyArray<string>,
  of: (kernel: Parameter, k: number) => number | Int32Array,
): Grouping => ({
  names,
  of: network.parameters.map((parameter, k) => (parameter.role === 'kernel' ? of(parameter, k) : -1)),
})

// The kernel of a convolution has four axes, that of a dense layer two.
const kindOf = ({ shape }: Parameter): string => (shape.length === 4 ? 'convolutional' : 'dense')

/** One group per unit or filter, along the last axis of every kernel. */
const byUnit = (network: Network): Grouping => {
  const names: string[] = []
  const starts = network.parameters.map(({ role, shape, layer }) => {
    const start = names.length
    if (role === 'kernel')
      for (let unit = 0; unit < shape.at(-1)!; unit++) names.push(`${layer} unit ${unit}`)
    return start
  })
  return tensors(network, names, ({ shape, size }, k) =>
    Int32Array.from({ length: size }, (_, i) => starts[k]! + (i % shape.at(-1)!)),
  )
}

/** Groups the rows of the kernel that multiplies the pixels. It is the first tensor of a network of dense layers. */
const byPixel = (
  network: Network,
  names: ReadonlyArray<string>,
  groupOf: (pixel: number) => number,
): Grouping =>
  tensors(network, names, ({ shape, size }, k) =>
    network.dense !== null && k === 0
      ? Int32Array.from({ length: size }, (_, i) => groupOf(Math.floor(i / shape[1]!)))
      : -1,
  )

const byBlock = (network: Network, side: number): Grouping => {
  const [height, width, channels] = network.inputShape
  const across = Math.ceil(width / side)
  const names = Array.from(
    { length: Math.ceil(height / side) * across },
    (_, k) => `block ${Math.floor(k / across)},${k % across}`,
  )
  return byPixel(network, names, pixel => {
    const place = Math.floor(pixel / channels)
    return Math.floor(Math.floor(place / width) / side) * across + Math.floor((place % width) / side)
  })
}

/**
 * Groups the weights of a network that share a coefficient.
 *
 * - `per`: one coefficient per model, layer, kind of layer, unit, input, or block of inputs
 * - `block`: the side of a block in pixels; only with `per: "block"`
 *
 * Errors: `BadInput` if the network has no such groups.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Grouping, groupingOf, mlp, type Per } from 'bilevel-hpo/shell'
 *
 * const network = mlp([28, 28, 1], 10, [100])
 * const namesPer = (per: Per) => E.map(({ names }: Grouping) => names)(groupingOf(network, per, undefined))
 * namesPer('layer') // => E.right(['dense1', 'dense2'])
 * // 14 × 14 pixels a block: four of them.
 * E.map(({ names }: Grouping) => names.length)(groupingOf(network, 'block', 14)) // => E.right(4)
 * ```
 */
export const groupingOf = (
  network: Network,
  per: Per,
  block: number | undefined,
): E.Either<ShellError, Grouping> => {
  if ((per === 'block') !== (block !== undefined))
    return E.left(
      badInput(
        per === 'block'
          ? 'With "per": "block" the hyperparameters need the side of a block in pixels. Give `block`, for instance 7.'
          : `The hyperparameters have \`block\`, which has no meaning with "per": "${per}". Leave it out, or use "per": "block".`,
      ),
    )
  if ((per === 'input' || per === 'block') && network.dense === null)
    return E.left(
      badInput(
        `The network ${network.name} has no dense layer on its pixels, so there is no coefficient for each ${per === 'block' ? 'block of inputs' : 'input'}. ` +
          'Use "per": "layer", or a network of the kind "linear" or "mlp".',
      ),
    )
  switch (per) {
    case 'model':
      return E.right(tensors(network, [''], () => 0))
    case 'layer': {
      const layers = layerNames(network)
      return E.right(tensors(network, layers, ({ layer }) => layers.indexOf(layer)))
    }
    case 'kind': {
      const present = new Set(network.parameters.filter(({ role }) => role === 'kernel').map(kindOf))
      const kinds = ['convolutional', 'dense'].filter(kind => present.has(kind))
      return E.right(tensors(network, kinds, kernel => kinds.indexOf(kindOf(kernel))))
    }
    case 'unit':
      return E.right(byUnit(network))
    case 'input': {
      const inputs = network.inputShape.reduce((product, side) => product * side, 1)
      const names = Array.from({ length: inputs }, (_, pixel) => `input ${pixel}`)
      return E.right(byPixel(network, names, pixel => pixel))
    }
    case 'block':
      return E.right(byBlock(network, block ?? 1))
  }
}

/** The names of the groups' hyperparameters, such as `l2` or `l2[dense1]`. */
export const named = (family: string, { names }: Grouping): ReadonlyArray<string> =>
  names.map(name => (name === '' ? family : `${family}[${name}]`))
