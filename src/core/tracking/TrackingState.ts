/**
 * The state of the tracking method: everything that the next step needs, as plain JSON with a codec.
 *
 *     starting → following → annealing → reporting → halted
 */
import * as t from 'io-ts'
import { Natural, NonNegative, nullable, Positive, Vector } from '../codec/Codec.js'
import { lenient } from '../codec/options.js'
import { Batch } from '../protocol/Batch.js'
import { Spent } from '../protocol/Budget.js'
import { WeightsRef } from '../protocol/Command.js'
import { Outcome } from '../protocol/Info.js'
import { Measured } from './Measured.js'
import { Steps } from './stepping.js'
import { TrackingConfig } from './TrackingConfig.js'

export const Track = t.readonly(
  t.strict({
    outerIteration: Natural,
    /** Failed pairs in a row. */
    failures: Natural,
    /** Iterations in a row in which the gradient was within its noise. */
    withinNoise: Natural,
    lambda: Vector,
    /** Where the next pair starts: the end of the last path y. */
    weights: WeightsRef,
    /** κ of the next pair. */
    coefficient: Positive,
    /** κ at which the skew is as long as the gradient (multiplier.ts); `null` before it is known. */
    onset: nullable(NonNegative),
    /** The violation of the last pair, which is the ε that its κ solves for; `null` before the first. */
    violation: nullable(NonNegative),
    steps: Steps,
    /** The last measurements, the latest last. */
    measured: t.readonlyArray(Measured),
    /** By how much M fell along the path so far through each coordinate (Measured.ts). */
    gains: Vector,
    /** λ of every pair so far, and the next one. */
    path: t.readonlyArray(Vector),
  }),
  'Track',
)
/** What changes from one pair to the next. */
export type Track = t.TypeOf<typeof Track>

const Stop = t.readonly(t.strict({ stopReason: t.string, message: t.string }), 'Stop')
/** Why the search ended. */
export type Stop = t.TypeOf<typeof Stop>

const Found = t.readonly(
  t.strict({
    /** The λ to return. */
    lambda: Vector,
    tracked: WeightsRef,
    /** Weights trained at λ from the initial ones. */
    trained: nullable(WeightsRef),
  }),
  'Found',
)
/** The result of the search, before it is measured. */
export type Found = t.TypeOf<typeof Found>

const ending = { track: Track, stop: Stop, spent: Spent } as const

export const Phase = t.union(
  [
    t.readonly(t.strict({ _tag: t.literal('Starting') })),
    t.readonly(t.strict({ _tag: t.literal('Following'), track: Track })),
    t.readonly(t.strict({ _tag: t.literal('Annealing'), ...ending })),
    t.readonly(t.strict({ _tag: t.literal('Reporting'), ...ending, found: Found })),
    t.readonly(t.strict({ _tag: t.literal('Halted'), outcome: Outcome })),
  ],
  'Phase',
)
/** The phase, which says what the answers of the open batch are for. */
export type Phase = t.TypeOf<typeof Phase>

export const TrackingState = t.readonly(
  t.strict({
    config: lenient(TrackingConfig),
    phase: Phase,
    batch: Batch,
    nextId: Natural,
    /** Weights that the shell keeps for this run. */
    held: t.readonlyArray(WeightsRef),
    lowerLevelSolves: Natural,
    /** Effort up to the end of the previous batch. */
    effort: NonNegative,
  }),
  'TrackingState',
)
/** Everything that the next step needs; plain JSON. */
export type TrackingState = t.TypeOf<typeof TrackingState>

/** The part of the state whose numbers are computed, and may overflow. */
export const computed = t.type({ phase: Phase, effort: NonNegative })
