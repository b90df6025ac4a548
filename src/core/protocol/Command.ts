/**
 * What the core wants done. Imperative; each bears an `id` that its answer repeats.
 *
 * The core never sees a weight: weights stay in the shell, behind a {@link WeightsRef}.
 *
 * @module
 */
import * as t from 'io-ts'
import { Count, Finite, listOf, Natural, nullable, Positive, Vector } from '../codec/Codec.js'

/**
 * A name for weights that the shell keeps. `initial` names the freshly initialised ones; the answer to command 7
 * creates `w7`.
 */
export const WeightsRef = t.refinement(t.string, s => /^(initial|w\d+)$/.test(s), 'a reference to weights')
export type WeightsRef = t.TypeOf<typeof WeightsRef>

/** The freshly initialised weights, the same for every solve of a run. */
export const initialWeights: WeightsRef = 'initial'

/** The weights that the answer to the command `id` creates. */
export const weightsOf = (id: number): WeightsRef => `w${id}`

export const SolveLowerLevel = t.readonly(
  t.strict({
    _tag: t.literal('SolveLowerLevel'),
    id: Natural,
    lambda: Vector,
    /** Where training starts; from `initial` it is a complete training, from other weights a continued one. */
    from: WeightsRef,
    /** Stop when ‖∇_w f‖₂ is at most this. */
    tolerance: Positive,
    /** Stop after this much effort, in epochs of the training set, whatever the gradient. */
    maxEpochs: Positive,
  }),
  'SolveLowerLevel',
)
/** Minimise f(λ, ·); a sample of the value function φ. Answered by `LowerLevelSolved`. */
export type SolveLowerLevel = t.TypeOf<typeof SolveLowerLevel>

export const DescendWeights = t.readonly(
  t.strict({
    _tag: t.literal('DescendWeights'),
    id: Natural,
    lambda: Vector,
    from: WeightsRef,
    /** Weight of F in the objective. */
    upperCoefficient: Finite,
    /** Weight of f in the objective. */
    lowerCoefficient: Finite,
    /** 0 measures the weights as they are. */
    steps: Natural,
    /** Examples of each set per step; `null`: all of them. */
    batchSize: nullable(Count),
    /** What the solver's own step size is multiplied by. */
    stepScale: Positive,
    /** Which sequence of minibatches: two descents with the same stream see the same examples in the same order. */
    stream: Natural,
  }),
  'DescendWeights',
)
/** Take some steps on upperCoefficient·F + lowerCoefficient·f at a fixed λ. Answered by `WeightsDescended`. */
export type DescendWeights = t.TypeOf<typeof DescendWeights>

export const EvaluateLosses = t.readonly(
  t.strict({ _tag: t.literal('EvaluateLosses'), id: Natural, lambda: Vector, weights: WeightsRef }),
  'EvaluateLosses',
)
/** Measure weights on every set, for reports only. Answered by `LossesEvaluated`. */
export type EvaluateLosses = t.TypeOf<typeof EvaluateLosses>

export const Refit = t.readonly(
  t.strict({
    _tag: t.literal('Refit'),
    id: Natural,
    lambda: Vector,
    tolerance: Positive,
    maxEpochs: Positive,
  }),
  'Refit',
)
/** Train from the initial weights on training and validation set together. Answered by `Refitted`. */
export type Refit = t.TypeOf<typeof Refit>

export const ReleaseWeights = t.readonly(
  t.strict({ _tag: t.literal('ReleaseWeights'), weights: listOf(WeightsRef, 'a list of weights') }),
  'ReleaseWeights',
)
/** These weights are not needed again. The one command that has no id and is not answered. */
export type ReleaseWeights = t.TypeOf<typeof ReleaseWeights>

export const Command = t.union(
  [SolveLowerLevel, DescendWeights, EvaluateLosses, Refit, ReleaseWeights],
  'Command',
)
/** What a method wants done. */
export type Command = t.TypeOf<typeof Command>

/** The commands of one record. */
export const Commands = listOf(Command, 'a list of commands')

/** A command that wants an answer. */
export type Question = Exclude<Command, ReleaseWeights>

/** Whether a command wants an answer. */
export const isQuestion = (command: Command): command is Question => command._tag !== 'ReleaseWeights'
