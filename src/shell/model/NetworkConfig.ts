/** Which network, as a configuration says it. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count } from '../../core/codec/Codec.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { withDefaults } from './configCodec.js'
import { lenet, smallestSide } from './lenet.js'
import { linear } from './linear.js'
import { mlp } from './mlp.js'
import { shapeText, type Network } from './Network.js'

export const MlpConfig = withDefaults(
  'an mlp: {"kind": "mlp", "hidden": [100]}',
  { kind: t.literal('mlp'), hidden: t.readonlyArray(Count, 'a list of layer widths') },
  // The paper's MNIST network.
  { hidden: [100] },
)
export const LenetConfig = withDefaults('a lenet: {"kind": "lenet"}', { kind: t.literal('lenet') }, {})

export const LinearConfig = withDefaults(
  'a linear network: {"kind": "linear"}',
  { kind: t.literal('linear') },
  {},
)

const codecs = { mlp: MlpConfig, lenet: LenetConfig, linear: LinearConfig } as const

type Config = t.TypeOf<(typeof codecs)[keyof typeof codecs]>

const Kind = t.type({
  kind: t.keyof({ mlp: null, lenet: null, linear: null }, '"mlp", "lenet" or "linear"'),
})

/** Decodes by `kind`, so that an error is about the fields of the network that was meant. */
export const NetworkConfig = new t.Type<Config, unknown>(
  'a network',
  (u): u is Config => Object.values(codecs).some(codec => codec.is(u)),
  (u, context) => {
    const kind = Kind.validate(u, context)
    if (E.isLeft(kind)) return kind
    return codecs[kind.right.kind].validate(u, context)
  },
  config => config,
)
export type NetworkConfig = t.TypeOf<typeof NetworkConfig>

/** More weights than any machine this is meant for can hold several copies of. */
const mostWeights = 50_000_000

const weightsOfWidths = (widths: ReadonlyArray<number>): number =>
  widths.slice(1).reduce((sum, width, i) => sum + (widths[i]! + 1) * width, 0)

/** The network for images of a shape. Errors: `BadInput` where it does not fit them, or would be too large. */
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
          `The network lenet takes images of ${smallestSide}×${smallestSide} pixels or more, but the data's are ` +
            `${shapeText(inputShape)}. Use "kind": "mlp", or larger images.`,
        ),
      )
    : E.right(lenet(inputShape, classes))
}
