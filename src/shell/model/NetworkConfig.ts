/** The section `network` of a configuration. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count } from '../../core/codec/Codec.js'
import { oneOf, options } from '../../core/codec/options.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { lenet, smallestSide } from './lenet.js'
import { linear } from './linear.js'
import { mlp } from './mlp.js'
import { shapeText, type Network } from './Network.js'

export const MlpConfig = options(
  t.readonly(t.type({ kind: t.literal('mlp'), hidden: t.readonlyArray(Count, 'a list of layer widths') })),
  // The paper's MNIST network.
  { name: 'an object such as `{"kind": "mlp", "hidden": [100]}`', defaults: { hidden: [100] } },
)
export const LenetConfig = options(t.readonly(t.type({ kind: t.literal('lenet') })), {
  name: 'an object such as `{"kind": "lenet"}`',
})

export const LinearConfig = options(t.readonly(t.type({ kind: t.literal('linear') })), {
  name: 'an object such as `{"kind": "linear"}`',
})

/**
 * The configuration of a network. Its field `kind` selects the network, and error messages name the fields of that network.
 *
 * @example
 * ```ts
 * import { isLeft, right } from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { NetworkConfig } from 'bilevel-hpo/shell'
 *
 * decode(NetworkConfig)({ kind: 'mlp', hidden: [100] }) // => right({ kind: 'mlp', hidden: [100] })
 * isLeft(decode(NetworkConfig)({ kind: 'transformer' })) // => true
 * ```
 */
export const NetworkConfig = oneOf('an object such as `{"kind": "mlp"}`', [
  MlpConfig,
  LenetConfig,
  LinearConfig,
])
export type NetworkConfig = t.TypeOf<typeof NetworkConfig>

/** The largest number of weights. A typical machine cannot hold several copies of more. */
const mostWeights = 50_000_000

const weightsOfWidths = (widths: ReadonlyArray<number>): number =>
  widths.slice(1).reduce((sum, width, i) => sum + (widths[i]! + 1) * width, 0)

/**
 * Creates the network for images of a shape. Errors: `BadInput` if the images are too small or the network is too large.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Network, networkOf } from 'bilevel-hpo/shell'
 *
 * E.map(({ name }: Network) => name)(networkOf({ kind: 'linear' }, [28, 28, 1], 10)) // => E.right('linear 784-10')
 * // Too small to be pooled twice.
 * E.isLeft(networkOf({ kind: 'lenet' }, [8, 8, 1], 10)) // => true
 * ```
 */
export const networkOf = (
  config: NetworkConfig,
  inputShape: readonly [number, number, number],
  classes: number,
): E.Either<ShellError, Network> => {
  if (config.kind === 'linear') return E.right(linear(inputShape, classes))
  if (config.kind === 'mlp') {
    const inputs = inputShape[0] * inputShape[1] * inputShape[2]
    const weights = weightsOfWidths([inputs, ...config.hidden, classes])
    return weights > mostWeights
      ? E.left(
          badInput(
            `The network mlp ${[inputs, ...config.hidden, classes].join('-')} has ${weights} weights, more than ` +
              `${mostWeights}. Make the layers in \`hidden\` narrower.`,
          ),
        )
      : E.right(mlp(inputShape, classes, config.hidden))
  }
  return inputShape[0] < smallestSide || inputShape[1] < smallestSide
    ? E.left(
        badInput(
          `The network lenet takes images of ${smallestSide}×${smallestSide} pixels or more, but the images of the data ` +
            `have ${shapeText(inputShape)}. Use "kind": "mlp", or larger images.`,
        ),
      )
    : E.right(lenet(inputShape, classes))
}
