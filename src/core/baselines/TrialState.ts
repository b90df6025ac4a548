/**
 * The state of a method of trials between two steps: plain JSON, with its codec.
 *
 *     searching → retraining → reporting → halted
 */
import * as t from 'io-ts'
import { Batch } from '../protocol/Batch.js'
import { Spent } from '../protocol/Budget.js'
import { Finite, Natural, NonNegative, nullable, Positive, Vector } from '../codec/Codec.js'
import { lenient } from '../codec/options.js'
import { WeightsRef } from '../protocol/Command.js'
import { Outcome } from '../protocol/Info.js'
import type { TrialConfig } from './TrialConfig.js'
import type { Known, Strategy } from './Strategy.js'
import { Trial, trialsOf } from './Trial.js'

const StopCodec = t.readonly(t.strict({ stopReason: t.string, message: t.string }), 'Stop')

const Chosen = t.readonly(t.strict({ lambda: Vector, weights: WeightsRef, upper: Finite }), 'Chosen')
/** The λ to return, and the weights trained there. */
export type Chosen = t.TypeOf<typeof Chosen>

const ending = { stop: StopCodec, spent: Spent, chosen: Chosen } as const

const Phase = t.union(
  [
    t.readonly(t.strict({ _tag: t.literal('Searching'), epochs: Positive })),
    t.readonly(t.strict({ _tag: t.literal('Retraining'), ...ending })),
    t.readonly(t.strict({ _tag: t.literal('Reporting'), ...ending })),
    t.readonly(t.strict({ _tag: t.literal('Halted'), outcome: Outcome, chosen: nullable(Chosen) })),
  ],
  'Phase',
)
/** The phase, with the data needed to conclude it. */
export type Phase = t.TypeOf<typeof Phase>

/** Everything that the next step of a method of trials needs; plain JSON. */
export interface TrialState<C, P> {
  readonly config: C
  readonly phase: Phase
  readonly batch: Batch
  readonly nextId: number
  readonly held: ReadonlyArray<WeightsRef>
  /** Lower-level solves so far, including those not yet answered. */
  readonly lowerLevelSolves: number
  /** Effort up to the end of the previous batch. */
  readonly effort: number
  /** Batches of trials so far. */
  readonly rounds: number
  readonly trials: ReadonlyArray<Trial>
  readonly plan: P
}

/** The codec of a strategy's states. */
export const stateCodec = <C extends TrialConfig, P>({
  config,
  plan,
}: Strategy<C, P>): t.Type<TrialState<C, P>, unknown> =>
  t.readonly(
    t.strict({
      config: lenient(config),
      phase: Phase,
      batch: Batch,
      nextId: Natural,
      held: t.readonlyArray(WeightsRef),
      lowerLevelSolves: Natural,
      effort: NonNegative,
      rounds: Natural,
      trials: t.readonlyArray(Trial),
      plan,
    }),
    'TrialState',
  )

/** The part of the state whose numbers are computed, and may overflow. */
export const computedCodec = <C extends TrialConfig, P>({ plan }: Strategy<C, P>): t.Mixed =>
  t.type({ phase: Phase, effort: NonNegative, plan })

/** The part of the state that the strategy may use. */
export const knownOf = <C, P>({ config, plan, trials }: TrialState<C, P>): Known<C, P> => ({
  config,
  plan,
  trials,
})

/** The trials so far, including those of an incomplete batch. */
export const trialsSoFar = <C, P>({ trials, batch, phase }: TrialState<C, P>): ReadonlyArray<Trial> =>
  phase._tag === 'Searching' ? [...trials, ...trialsOf(batch, phase.epochs)] : trials
