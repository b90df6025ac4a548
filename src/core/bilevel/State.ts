/**
 * What the bilevel method needs to know for its next step, as plain JSON.
 */
import * as t from 'io-ts'
import { Batch } from '../protocol/Batch.js'
import { Finite, Natural, NonNegative, nullable, Positive, Vector } from '../protocol/Codec.js'
import { WeightsRef } from '../protocol/Command.js'
import { Outcome } from '../protocol/Info.js'
import type { Sample } from '../surrogate/Sample.js'
import * as ValueFunction from '../surrogate/ValueFunction.js'
import { Multipliers } from './AugmentedLagrangian.js'
import { BilevelConfig } from './Config.js'
import { Rule } from './descent/Rule.js'

export const Solved = t.readonly(
  t.strict({
    lambda: Vector,
    upper: Finite,
    lower: Finite,
    lowerGradient: Vector,
    weights: WeightsRef,
  }),
  'Solved',
)
/** Weights that minimise f at λ, as well as is known, and what they score there. */
export type Solved = t.TypeOf<typeof Solved>

export const Relaxed = t.readonly(
  t.strict({
    lambda: Vector,
    upper: Finite,
    lower: Finite,
    /** f − φ̂ at (λ, w). */
    violation: Finite,
    epsilon: Finite,
    /** F + μ·(f − φ̂ − ε). */
    merit: Finite,
    weights: WeightsRef,
  }),
  'Relaxed',
)
/** The augmented Lagrangian's own (λ, w): its w descends on F as well. */
export type Relaxed = t.TypeOf<typeof Relaxed>

export const Search = t.readonly(
  t.strict({
    outerIteration: Natural,
    innerIteration: Natural,
    /** Failed commands in a row. */
    failures: Natural,
    lambda: Vector,
    /** From where the next pair of descents starts. */
    base: Solved,
    /** What the shell's step size is multiplied by in a pair: cut where its descents turn out to be unstable. */
    stepScale: Positive,
    /** The last λ at which a pair succeeded. */
    anchor: Vector,
    /** What the last descent found. */
    relaxed: nullable(Relaxed),
    /** The best of those that a step of λ was taken from. */
    best: nullable(Relaxed),
    descent: Rule,
    multipliers: Multipliers,
    epsilon: Positive,
    /** λ after every outer iteration, the starting one first. */
    path: t.readonlyArray(Vector),
    /** What the units of F and f are measured by. */
    scales: t.readonly(t.strict({ upper: Positive, lower: Positive })),
  }),
  'Search',
)
/** The part of the state that iterates. */
export type Search = t.TypeOf<typeof Search>

export const Stop = t.readonly(t.strict({ stopReason: t.string, message: t.string }), 'Stop')
/** Why the search ended. */
export type Stop = t.TypeOf<typeof Stop>

const spent = { lowerLevelSolves: Natural, effort: NonNegative } as const
export const Spent = t.readonly(t.strict(spent), 'Spent')
/** What had been spent at some moment: lower-level solves, and training examples whose gradient was taken. */
export type Spent = t.TypeOf<typeof Spent>

export const Candidate = t.readonly(t.strict({ lambda: Vector, weights: WeightsRef }), 'Candidate')
/** A λ, and weights that belong to it. */
export type Candidate = t.TypeOf<typeof Candidate>

const ending = { search: Search, stop: Stop, spent: Spent } as const

export const Phase = t.union(
  [
    t.readonly(t.strict({ _tag: t.literal('Sampling') })),
    t.readonly(t.strict({ _tag: t.literal('Minimising'), search: Search })),
    t.readonly(t.strict({ _tag: t.literal('Refining'), search: Search })),
    t.readonly(t.strict({ _tag: t.literal('Retraining'), ...ending })),
    t.readonly(
      t.strict({
        _tag: t.literal('Reporting'),
        ...ending,
        chosen: Candidate,
        /** The best initial sample is returned because nothing better was found. */
        fellBack: t.boolean,
      }),
    ),
    t.readonly(t.strict({ _tag: t.literal('Halted'), outcome: Outcome })),
  ],
  'Phase',
)
/** Where the method is; the tags are the phases of the log. */
export type Phase = t.TypeOf<typeof Phase>

export const BilevelState = t.readonly(
  t.strict({
    config: BilevelConfig,
    phase: Phase,
    batch: Batch,
    nextId: Natural,
    /** Weights that the shell keeps for this run. */
    held: t.readonlyArray(WeightsRef),
    /** So far. */
    ...spent,
    /** By the end of sampling. */
    sampling: Spent,
    /** The best of the initial design, by F of the trained weights. */
    bestSample: nullable(Solved),
    /** Solved weights to start from, the most recent last. */
    known: t.readonlyArray(Solved),
    surrogate: nullable(ValueFunction.ValueFunction),
    /** How many samples the surrogate's hyperparameters were fitted to. */
    fittedSamples: Natural,
  }),
  'BilevelState',
)
/** All that the next step of the bilevel method needs; plain JSON. */
export type BilevelState = t.TypeOf<typeof BilevelState>

/** What is kept of an answered solve or descent at λ. */
export const solvedFrom = (
  lambda: ReadonlyArray<number>,
  { upper, lower, lowerGradient, weights }: Omit<Solved, 'lambda'>,
): Solved => ({ lambda, upper, lower, lowerGradient, weights })

/** What a solution tells the surrogate: by the envelope theorem, ∂f/∂λ at it is ∇φ. Its noise is for the fit to find. */
export const sampleOf = ({ lambda, lower, lowerGradient }: Solved): Sample => ({
  lambda,
  value: lower,
  gradient: lowerGradient,
  valueNoise: null,
  gradientNoise: null,
})

/** The most solved weights that are kept to start from. */
const memory = 32

/** `solved` as the most recent of the known weights. */
export const remember = (known: ReadonlyArray<Solved>, solved: Solved): ReadonlyArray<Solved> =>
  [...known, solved].slice(-memory)
