/**
 * What happened. Past tense; each bears the `id` of the command it answers.
 *
 * Losses are means over whole sets. The one that methods decide on never includes the test set: `metrics` are
 * carried to the report and looked at by nobody on the way.
 *
 * @module
 */
import * as t from 'io-ts'
import { Finite, Natural, NonNegative, nullable, Vector } from '../codec/Codec.js'
import { WeightsRef, type Command } from './Command.js'

export const Metrics = t.readonly(
  t.strict({
    loss: Finite,
    /** Share of examples classified rightly; `null` where the problem has no classes. */
    accuracy: nullable(Finite),
  }),
  'Metrics',
)
/** Mean data loss (no regularizer) and accuracy over one set. */
export type Metrics = t.TypeOf<typeof Metrics>

export const SetMetrics = t.readonly(
  t.strict({ train: Metrics, validation: Metrics, test: nullable(Metrics) }),
  'SetMetrics',
)
/** Metrics on every set. */
export type SetMetrics = t.TypeOf<typeof SetMetrics>

const losses = {
  /** F(λ, w) on the whole validation set. */
  upper: Finite,
  /** f(λ, w) on the whole training set, regularizer included. */
  lower: Finite,
  /** ∂F/∂λ at fixed w; zeros where F does not depend on λ. */
  upperGradient: Vector,
  /** ∂f/∂λ at fixed w. At a lower-level minimizer this is ∇φ(λ) (envelope theorem). */
  lowerGradient: Vector,
  /** ‖∇_w f(λ, w)‖₂ on the whole training set. */
  gradientNorm: NonNegative,
  /** Where the shell keeps the weights. */
  weights: WeightsRef,
  /** Training examples whose gradient was taken. */
  effort: NonNegative,
} as const

export const LowerLevelSolved = t.readonly(
  t.strict({ _tag: t.literal('LowerLevelSolved'), id: Natural, ...losses, converged: t.boolean }),
  'LowerLevelSolved',
)
/** Answers `SolveLowerLevel`. `converged`: the gradient tolerance was reached within the budget. */
export type LowerLevelSolved = t.TypeOf<typeof LowerLevelSolved>

export const WeightsDescended = t.readonly(
  t.strict({ _tag: t.literal('WeightsDescended'), id: Natural, ...losses }),
  'WeightsDescended',
)
/** Answers `DescendWeights`. */
export type WeightsDescended = t.TypeOf<typeof WeightsDescended>

export const LossesEvaluated = t.readonly(
  t.strict({ _tag: t.literal('LossesEvaluated'), id: Natural, metrics: SetMetrics }),
  'LossesEvaluated',
)
/** Answers `EvaluateLosses`. */
export type LossesEvaluated = t.TypeOf<typeof LossesEvaluated>

export const Refitted = t.readonly(
  t.strict({
    _tag: t.literal('Refitted'),
    id: Natural,
    metrics: SetMetrics,
    weights: WeightsRef,
    effort: NonNegative,
  }),
  'Refitted',
)
/** Answers `Refit`. Its training and validation metrics are both of sets that were trained on. */
export type Refitted = t.TypeOf<typeof Refitted>

export const CommandFailed = t.readonly(
  t.strict({ _tag: t.literal('CommandFailed'), id: Natural, reason: t.string, effort: NonNegative }),
  'CommandFailed',
)
/** Answers any command that could not be carried out, for instance a training that diverged. */
export type CommandFailed = t.TypeOf<typeof CommandFailed>

export const Observation = t.union(
  [LowerLevelSolved, WeightsDescended, LossesEvaluated, Refitted, CommandFailed],
  'Observation',
)
/** What happened: the answer to one command. */
export type Observation = t.TypeOf<typeof Observation>

/** The tag of the observation that answers a command, failure aside. */
export const answerTag = {
  SolveLowerLevel: 'LowerLevelSolved',
  DescendWeights: 'WeightsDescended',
  EvaluateLosses: 'LossesEvaluated',
  Refit: 'Refitted',
} as const satisfies Record<Exclude<Command['_tag'], 'ReleaseWeights'>, Observation['_tag']>
