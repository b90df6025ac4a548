/** The messages between the main thread and its worker threads. Images are in shared memory; weights are copied. */
import * as t from 'io-ts'
import { Command, isQuestion, WeightsRef } from '../../core/protocol/Command.js'
import { Finite, Natural, nullable } from '../../core/codec/Codec.js'
import type { Observation } from '../../core/protocol/Observation.js'
import { BackendName } from '../backend/Backend.js'
import { HyperparametersConfig } from '../model/Hyperparameters.js'
import { NetworkConfig } from '../model/NetworkConfig.js'
import { SolverConfig } from '../train/SolverConfig.js'

const instance = <A>(name: string, is: (u: unknown) => u is A): t.Type<A> =>
  new t.Type<A>(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity)

const Floats = instance('Float32Array', (u): u is Float32Array => u instanceof Float32Array)
const Bytes = instance('Uint8Array', (u): u is Uint8Array => u instanceof Uint8Array)

const Images = t.type({
  images: Floats,
  labels: Bytes,
  shape: t.tuple([Natural, Natural, Natural]),
  classes: Natural,
})

/** The start data of a thread: a problem and the name of its backend. */
export const ThreadData = t.type({
  backend: BackendName,
  splits: t.type({ train: Images, validation: Images, test: nullable(Images) }),
  recipe: t.type({ network: NetworkConfig, hyperparameters: HyperparametersConfig }),
  solver: SolverConfig,
  seed: Natural,
})
export type ThreadData = t.TypeOf<typeof ThreadData>

const NamedWeights = t.type({ ref: WeightsRef, weights: Floats })
/** Weights and their reference. */
export type NamedWeights = t.TypeOf<typeof NamedWeights>

/** One command, with its starting weights; `null` for the initial weights. */
export const Job = t.type({
  question: t.refinement(Command, isQuestion, 'a command that wants an answer'),
  from: nullable(NamedWeights),
})
export type Job = t.TypeOf<typeof Job>

const ShellErrorCodec = t.type({
  _tag: t.keyof({ BadInput: null, Environment: null, Mismatch: null, Interrupted: null }),
  message: t.string,
})

/** The progress of the running command. */
const Working = t.type({ _tag: t.literal('Working'), done: Finite, effort: Finite })
// A shallow check is enough: the driver decodes every answer, and turns one with non-finite numbers into a failure.
const Answer = instance(
  'an observation',
  (u): u is Observation =>
    typeof u === 'object' && u !== null && '_tag' in u && typeof u._tag === 'string' && 'id' in u,
)
/** The answer to the command, and its new weights. */
const Answered = t.type({ _tag: t.literal('Answered'), observation: Answer, made: nullable(NamedWeights) })
const Failed = t.type({ _tag: t.literal('Failed'), error: ShellErrorCodec })

export const Report = t.union([Working, Answered, Failed])
/** A message from a worker thread. */
export type Report = t.TypeOf<typeof Report>
