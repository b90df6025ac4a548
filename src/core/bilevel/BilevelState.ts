/**
 * The state of the bilevel method: everything that the next step needs, as plain JSON with a codec.
 *
 * Used in every phase. `BilevelState` is the whole state. `Search` holds what changes from one iteration to the next:
 * λ, the weights to start from, μ, ρ, ε and the rule's state. `Phase` says which phase handles the answers of the open
 * batch.
 *
 * The state V of the surrogate and the state R of the descent rule belong to their parts. `stateCodec` assembles the
 * codec from those of the parts.
 */
import * as t from 'io-ts'
import { Batch } from '../protocol/Batch.js'
import { Spent } from '../protocol/Budget.js'
import { Finite, Natural, NonNegative, nullable, Positive, Vector } from '../codec/Codec.js'
import { lenient } from '../codec/options.js'
import { WeightsRef } from '../protocol/Command.js'
import { Outcome } from '../protocol/Info.js'
import { MeasuredMultiplier } from './AugmentedLagrangian.js'
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
/** A λ, and the weights that belong to it. */
export type Candidate = t.TypeOf<typeof Candidate>

/** What changes from one iteration to the next, and the scales. */
export interface Search<R = Rule> {
  readonly outerIteration: number
  readonly innerIteration: number
  /** Failed commands in a row. */
  readonly failures: number
  readonly lambda: ReadonlyArray<number>
  /** Start of the next pair of descents. */
  readonly base: Solved
  /** Factor on the shell's step size in a pair; reduced after an unstable pair. */
  readonly stepScale: number
  /** The last λ at which a pair succeeded. */
  readonly anchor: ReadonlyArray<number>
  /** The end of the last relaxed path. */
  readonly relaxed: Relaxed | null
  /** The best iterate so far, as the part `choice` ranks them, among those from which λ took a step. */
  readonly best: Relaxed | null
  readonly descent: R
  readonly multipliers: Multipliers
  /** The minimisation before the next one, if both are at the same λ and exact. */
  readonly earlier: MeasuredMultiplier | null
  /** κ when λ last took a step. */
  readonly lastCoefficient: number | null
  readonly epsilon: number
  /** λ after every outer iteration, beginning with the initial one. */
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
  /** No better λ was found, so the best initial sample is returned. */
  readonly fellBack: boolean
}

/** The phase of the method. Logs use the tags. */
export type Phase<R = Rule> =
  | { readonly _tag: 'Sampling' }
  | { readonly _tag: 'Minimising'; readonly search: Search<R> }
  | { readonly _tag: 'Refining'; readonly search: Search<R> }
  | Retraining<R>
  | Reporting<R>
  | { readonly _tag: 'Halted'; readonly outcome: Outcome }

/** Everything that the next step of the bilevel method needs; plain JSON. */
export interface BilevelState<V = GaussianProcessState, R = Rule> {
  readonly config: BilevelConfig
  readonly phase: Phase<R>
  readonly batch: Batch
  readonly nextId: number
  /** Weights that the shell keeps for this run. */
  readonly held: ReadonlyArray<WeightsRef>
  /** Lower-level solves asked for so far. */
  readonly lowerLevelSolves: number
  /**
   * Effort up to the end of the previous batch. The answers of a batch are added once it is complete, in the order of
   * their questions. In the order of arrival the last digit could differ.
   */
  readonly effort: number
  /** The cost (solves, effort) of the sampling phase. */
  readonly sampling: Spent
  /** The sample of the initial design with the lowest F of its trained weights. */
  readonly bestSample: Solved | null
  /** Solved weights to start from, the latest last. */
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
      earlier: nullable(MeasuredMultiplier),
      lastCoefficient: nullable(Finite),
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

/** The codec of the method's state for these parts. */
export const stateCodec = <V, R>(parts: Parts<V, R>): t.Type<BilevelState<V, R>, unknown> =>
  t.readonly(
    t.strict({
      config: lenient(BilevelConfig),
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

/** The part of the state whose numbers are computed, and may overflow. The surrogate checks its own. */
export const computedCodec = <V, R>(parts: Parts<V, R>): t.Mixed =>
  t.type({ phase: phaseCodec(parts), effort: NonNegative })

/** How many solved weights are kept to start from. */
const memory = 32

/** The known weights with `solved` added as the latest. */
export const remember = (known: ReadonlyArray<Solved>, solved: Solved): ReadonlyArray<Solved> =>
  [...known, solved].slice(-memory)
