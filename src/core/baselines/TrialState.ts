/**
 * What a method of trials is between two steps: plain JSON, with its codec.
 *
 *     searching → retraining → reporting → halted
 */
import * as t from 'io-ts'
import { Batch } from '../protocol/Batch.js'
import { Spent } from '../protocol/Budget.js'
import { Finite, Natural, NonNegative, nullable, Positive, Vector } from '../codec/Codec.js'
import { WeightsRef } from '../protocol/Command.js'
import { Outcome } from '../protocol/Info.js'
import type { TrialConfig } from './TrialConfig.js'
import type { Known, Strategy } from './Strategy.js'
import { Trial, trialsOf } from './Trial.js'

const StopCodec = t.readonly(t.strict({ stopReason: t.string, message: t.string }), 'Stop')

const Chosen = t.readonly(t.strict({ lambda: Vector, weights: WeightsRef, upper: Finite }), 'Chosen')
/** The λ to return, and weights trained there. */
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
/** What is being done, with what is needed to conclude it. */
export type Phase = t.TypeOf<typeof Phase>

/** All that the next step of such a method needs; plain JSON. */
export interface TrialState<C, P> {
  readonly config: C
  readonly phase: Phase
  readonly batch: Batch
  readonly nextId: number
  readonly held: ReadonlyArray<WeightsRef>
  /** So far, those that are not answered yet included. */
  readonly lowerLevelSolves: number
  /** By the end of the batch before. */
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
      config,
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

/** What the strategy may know. */
export const knownOf = <C, P>({ config, plan, trials }: TrialState<C, P>): Known<C, P> => ({
  config,
  plan,
  trials,
})

/** The trials so far, those of an incomplete batch included. */
export const trialsSoFar = <C, P>({ trials, batch, phase }: TrialState<C, P>): ReadonlyArray<Trial> =>
  phase._tag === 'Searching' ? [...trials, ...trialsOf(batch, phase.epochs)] : trials
