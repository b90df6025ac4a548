/** Decodes the attributes that tfjs passes to a kernel besides tensors; tfjs does not type them. */
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { Count, decode, Finite } from '../../../core/codec/plainCodec.js'

const Side = t.union([Count, t.tuple([Count, Count])], 'one integer ≥ 1, or two')
const Pair = t.tuple([Finite, Finite])

/** The fields that convolutions and poolings share. */
const Window = {
  strides: Side,
  pad: t.union(
    [t.literal('same'), t.literal('valid'), Finite, t.tuple([Pair, Pair, Pair, Pair])],
    '"same", "valid", a number or explicit paddings',
  ),
  dimRoundingMode: t.union(
    [t.literal('floor'), t.literal('round'), t.literal('ceil'), t.undefined],
    '"floor", "round" or "ceil"',
  ),
}

export const FilterGradientAttributes = t.type({
  ...Window,
  dataFormat: t.literal('NHWC'),
  /** Missing if tfjs's own gradient calls the kernel, since that refuses dilated convolutions. */
  dilations: t.union([Side, t.undefined]),
  filterShape: t.tuple([Count, Count, Count, Count]),
})
export type FilterGradientAttributes = t.TypeOf<typeof FilterGradientAttributes>

export const InputGradientAttributes = t.type({
  ...Window,
  dataFormat: t.literal('NHWC'),
  inputShape: t.tuple([Count, Count, Count, Count]),
})
export type InputGradientAttributes = t.TypeOf<typeof InputGradientAttributes>

export const PoolGradientAttributes = t.type({ ...Window, filterSize: Side })
export type PoolGradientAttributes = t.TypeOf<typeof PoolGradientAttributes>

/** The decoded attributes of a call. Throws if they do not fit, as tfjs expects of its kernels. */
export const attributesOf = <A>(kernelName: string, codec: t.Type<A>, attributes: unknown): A => {
  const decoded = decode(codec)(attributes)
  if (E.isLeft(decoded)) throw new TypeError(`${kernelName}: ${decoded.left}.`)
  return decoded.right
}
