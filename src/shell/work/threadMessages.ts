/** What crosses between the main thread and those that train. Images are in shared memory, weights are copied. */
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

/** What a thread is begun with: a problem on a backend. */
export const ThreadData = t.type({
  backend: BackendName,
  splits: t.type({ train: Images, validation: Images, test: nullable(Images) }),
  recipe: t.type({ network: NetworkConfig, hyperparameters: HyperparametersConfig }),
  solver: SolverConfig,
  seed: Natural,
})
export type ThreadData = t.TypeOf<typeof ThreadData>

const Kept = t.type({ ref: WeightsRef, weights: Floats })
/** Weights and their name. */
export type Kept = t.TypeOf<typeof Kept>

/** One command, with the weights that it starts from where those are not the initial ones. */
export const Errand = t.type({
  question: t.refinement(Command, isQuestion, 'a command that wants an answer'),
  from: nullable(Kept),
})
export type Errand = t.TypeOf<typeof Errand>

const ShellErrorCodec = t.type({
  _tag: t.keyof({ BadInput: null, Environment: null, Mismatch: null, Interrupted: null }),
  message: t.string,
})

/** How far the command at work is. */
const Working = t.type({ _tag: t.literal('Working'), done: Finite, effort: Finite })
// Only whether it is one at all: the driver decodes every answer, and takes a number that is not finite for a failure.
const Answer = instance(
  'an observation',
  (u): u is Observation =>
    typeof u === 'object' && u !== null && '_tag' in u && typeof u._tag === 'string' && 'id' in u,
)
/** The command's answer, and the weights it made. */
const Answered = t.type({ _tag: t.literal('Answered'), observation: Answer, made: nullable(Kept) })
const Failed = t.type({ _tag: t.literal('Failed'), error: ShellErrorCodec })

export const Report = t.union([Working, Answered, Failed])
/** What a thread says. */
export type Report = t.TypeOf<typeof Report>
