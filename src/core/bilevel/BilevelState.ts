/**
 * What the bilevel method needs to know for its next step, as plain JSON. The surrogate's state V and the descent
 * rule's R are their parts' own; the codec is put together from those of the parts.
 */
import * as t from 'io-ts'
import { Batch } from '../protocol/Batch.js'
import { Spent } from '../protocol/Budget.js'
import { Natural, NonNegative, nullable, Positive, Vector } from '../codec/Codec.js'
import { WeightsRef } from '../protocol/Command.js'
import { Outcome } from '../protocol/Info.js'
import { BilevelConfig } from './BilevelConfig.js'
import type { Rule } from './descent/Rule.js'
import { Relaxed, Scales, Solved } from './iterates.js'
import type { Parts } from './Parts.js'
import type { Multipliers } from './parts/Multipliers.js'
import type { GaussianProcessState } from './parts/Surrogate.js'

export const Stop = t.readonly(t.strict({ stopReason: t.string, message: t.string }), 'Stop')
/** Why the search ended. */
export type Stop = t.TypeOf<typeof Stop>

export const Candidate = t.readonly(t.strict({ lambda: Vector, weights: WeightsRef }), 'Candidate')
/** A λ, and weights that belong to it. */
export type Candidate = t.TypeOf<typeof Candidate>

/** The part of the state that iterates. */
export interface Search<R = Rule> {
  readonly outerIteration: number
  readonly innerIteration: number
  /** Failed commands in a row. */
  readonly failures: number
  readonly lambda: ReadonlyArray<number>
  /** From where the next pair of descents starts. */
  readonly base: Solved
  /** What the shell's step size is multiplied by in a pair: cut where its descents turn out to be unstable. */
  readonly stepScale: number
  /** The last λ at which a pair succeeded. */
  readonly anchor: ReadonlyArray<number>
  /** What the last descent found. */
  readonly relaxed: Relaxed | null
  /** The best, by the part `choice`, of those that a step of λ was taken from. */
  readonly best: Relaxed | null
  readonly descent: R
  readonly multipliers: Multipliers
  readonly epsilon: number
  /** λ after every outer iteration, the starting one first. */
  readonly path: ReadonlyArray<ReadonlyArray<number>>
  readonly scales: Scales
}

interface Ending<R> {
  readonly search: Search<R>
  readonly stop: Stop
  readonly spent: Spent
}

export interface Retraining<R = Rule> extends Ending<R> {
  readonly _tag: 'Retraining'
}

export interface Reporting<R = Rule> extends Ending<R> {
  readonly _tag: 'Reporting'
  readonly chosen: Candidate
  /** The best initial sample is returned because nothing better was found. */
  readonly fellBack: boolean
}

/** Where the method is; the tags are the phases of the log. */
export type Phase<R = Rule> =
  | { readonly _tag: 'Sampling' }
  | { readonly _tag: 'Minimising'; readonly search: Search<R> }
  | { readonly _tag: 'Refining'; readonly search: Search<R> }
  | Retraining<R>
  | Reporting<R>
  | { readonly _tag: 'Halted'; readonly outcome: Outcome }

/** All that the next step of the bilevel method needs; plain JSON. */
export interface BilevelState<V = GaussianProcessState, R = Rule> {
  readonly config: BilevelConfig
  readonly phase: Phase<R>
  readonly batch: Batch
  readonly nextId: number
  /** Weights that the shell keeps for this run. */
  readonly held: ReadonlyArray<WeightsRef>
  /** So far. */
  readonly lowerLevelSolves: number
  /**
   * By the end of the batch before: the answers of an incomplete one are added when it is complete, in the order of its
   * questions, for in the order of their arrival the last digit would depend on it.
   */
  readonly effort: number
  /** By the end of sampling. */
  readonly sampling: Spent
  /** The best of the initial design, by F of the trained weights. */
  readonly bestSample: Solved | null
  /** Solved weights to start from, the most recent last. */
  readonly known: ReadonlyArray<Solved>
  readonly surrogate: V | null
}

const searchCodec = <V, R>({ constraint, descent }: Parts<V, R>): t.Type<Search<R>, unknown> =>
  t.readonly(
    t.strict({
      outerIteration: Natural,
      innerIteration: Natural,
      failures: Natural,
      lambda: Vector,
      base: Solved,
      stepScale: Positive,
      anchor: Vector,
      relaxed: nullable(Relaxed),
      best: nullable(Relaxed),
      descent: descent.state,
      multipliers: t.readonly(
        t.strict({
          multiplier: constraint.multiplier,
          penalty: Positive,
          infeasibility: nullable(NonNegative),
        }),
        'Multipliers',
      ),
      epsilon: Positive,
      path: t.readonlyArray(Vector),
      scales: Scales,
    }),
    'Search',
  )

const phaseCodec = <V, R>(parts: Parts<V, R>): t.Type<Phase<R>, unknown> => {
  const search = searchCodec(parts)
  const ending = { search, stop: Stop, spent: Spent }
  return t.union(
    [
      t.readonly(t.strict({ _tag: t.literal('Sampling') })),
      t.readonly(t.strict({ _tag: t.literal('Minimising'), search })),
      t.readonly(t.strict({ _tag: t.literal('Refining'), search })),
      t.readonly(t.strict({ _tag: t.literal('Retraining'), ...ending })),
      t.readonly(
        t.strict({ _tag: t.literal('Reporting'), ...ending, chosen: Candidate, fellBack: t.boolean }),
      ),
      t.readonly(t.strict({ _tag: t.literal('Halted'), outcome: Outcome })),
    ],
    'Phase',
  )
}

/** The codec of the state that the method has with these parts. */
export const stateCodec = <V, R>(parts: Parts<V, R>): t.Type<BilevelState<V, R>, unknown> =>
  t.readonly(
    t.strict({
      config: BilevelConfig,
      phase: phaseCodec(parts),
      batch: Batch,
      nextId: Natural,
      held: t.readonlyArray(WeightsRef),
      lowerLevelSolves: Natural,
      effort: NonNegative,
      sampling: Spent,
      bestSample: nullable(Solved),
      known: t.readonlyArray(Solved),
      surrogate: nullable(parts.surrogate.state),
    }),
    'BilevelState',
  )

/** The most solved weights that are kept to start from. */
const memory = 32

/** `solved` as the most recent of the known weights. */
export const remember = (known: ReadonlyArray<Solved>, solved: Solved): ReadonlyArray<Solved> =>
  [...known, solved].slice(-memory)
