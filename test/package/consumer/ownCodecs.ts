/**
 * Codecs and values of the consumer's own io-ts and fp-ts, which are other copies than those in the bundles: held against
 * what this package does with them. Prints what it found, as JSON.
 */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { bilevel, Codec, decode, Observation, solveBilevel, type Method } from '../../../src/core/index.js'
import { fromCodec } from '../../../src/core/laws/index.js'
import { decodeRunConfig, methodConfig, presets } from '../../../src/shell/index.js'

const Shape = t.union([
  t.readonly(t.strict({ kind: t.literal('circle'), radius: Codec.Finite })),
  t.readonly(t.strict({ kind: t.literal('square'), side: Codec.Finite })),
])
const Drawing = t.intersection([t.type({ shapes: t.readonlyArray(Shape) }), t.partial({ title: t.string })])

/** A method whose configuration is decoded by a codec of the consumer's. */
interface Drawn {
  readonly drawing: t.TypeOf<typeof Drawing>
}
const Config = t.intersection([
  t.type({ drawing: Drawing }),
  t.partial({ space: t.unknown, seed: t.unknown }),
])
const drawsOnly = { _tag: 'InvalidConfig', field: 'drawing', message: 'it only draws' } as const
const method: Method<Drawn, unknown> = {
  name: 'drawn',
  config: Config,
  state: t.unknown,
  init: () => E.left(drawsOnly),
  step: () => () => E.left(drawsOnly),
}

const configured = (shape: unknown): unknown =>
  pipe(
    decodeRunConfig('here')({
      ...(presets['mnist-mlp-1k']?.config as object),
      method: { name: 'drawn', drawing: { shapes: [shape] } },
    }),
    E.chain(config =>
      methodConfig(method)('here', config, [{ name: 'x', lower: -1, upper: 1, scale: 'log' }]),
    ),
    E.matchW(
      ({ message }) => message,
      ({ drawing }) => drawing,
    ),
  )

const samples = pipe(
  fromCodec(Drawing),
  E.map(drawings => fc.sample(drawings, { seed: 1, numRuns: 50 })),
  E.getOrElse((): ReadonlyArray<unknown> => []),
)

const solved = solveBilevel({
  x: { start: [2], lower: [-6], upper: [6] },
  y: { start: [0] },
  upperLevel: (_, [y = 0]) => ({ value: (y - 1) ** 2, gradX: [0], gradY: [2 * (y - 1)] }),
  lowerLevel: ([x = 0], [y = 0]) => ({ value: (y - x) ** 2, gradX: [2 * (x - y)], gradY: [2 * (y - x)] }),
})

const observation = { _tag: 'CommandFailed', id: 3, reason: 'no weights', effort: 0 }

console.log(
  JSON.stringify({
    // Members of unions and intersections have no place in a message.
    refused: decode(Drawing)({ shapes: [{ kind: 'circle', radius: 'long' }] }),
    misconfigured: configured({ kind: 'square', side: null }),
    configured: configured({ kind: 'square', side: 2 }),
    sampled: samples.length > 0 && samples.every(Drawing.is),
    // Ours inside theirs, and our results through their functions.
    inside: E.isRight(t.type({ seen: t.array(Observation.Observation) }).decode({ seen: [observation] })),
    outside: pipe(t.union([bilevel.state, t.null]).decode(null), E.isRight),
    option: pipe(
      O.fromEither(solved),
      O.map(({ x }) => x.map(Math.round)),
      O.toNullable,
    ),
  }),
)
