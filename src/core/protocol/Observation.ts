/**
 * Observations: what happened, in the past tense. Each has the `id` of the command that it answers.
 *
 * Losses are means over whole sets. Methods decide on `upper` and `lower`, which never include the test set. `metrics`
 * go to the report only; no decision reads them.
 *
 * @module
 */
import * as t from 'io-ts'
import { Finite, Natural, NonNegative, nullable, Vector } from '../codec/Codec.js'
import { WeightsRef, type Command } from './Command.js'

export const Metrics = t.readonly(
  t.strict({
    loss: Finite,
    /** Share of examples classified correctly; `null` if the problem has no classes. */
    accuracy: nullable(Finite),
  }),
  'Metrics',
)
/**
 * Mean data loss (no regularizer) and accuracy over one set.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * // A regression has no accuracy.
 * decode(Observation.Metrics)({ loss: 0.7, accuracy: null }) // => right({ loss: 0.7, accuracy: null })
 * ```
 */
export type Metrics = t.TypeOf<typeof Metrics>

export const SetMetrics = t.readonly(
  t.strict({ train: Metrics, validation: Metrics, test: nullable(Metrics) }),
  'SetMetrics',
)
/**
 * Metrics on every set.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * const metrics = { train: { loss: 0.1, accuracy: 1 }, validation: { loss: 0.4, accuracy: 0.9 }, test: null }
 * decode(Observation.SetMetrics)(metrics) // => right(metrics)
 * ```
 */
export type SetMetrics = t.TypeOf<typeof SetMetrics>

const losses = {
  /** F(λ, w) on the whole validation set. */
  upper: Finite,
  /** f(λ, w) on the whole training set, regularizer included. */
  lower: Finite,
  /** ∂F/∂λ at fixed w; zeros if F does not depend on λ. */
  upperGradient: Vector,
  /** ∂f/∂λ at fixed w. At a lower-level minimizer this is ∇φ(λ) (envelope theorem). */
  lowerGradient: Vector,
  /** ‖∇_w f(λ, w)‖₂ on the whole training set. */
  gradientNorm: NonNegative,
  /** Reference to the weights that the shell keeps. */
  weights: WeightsRef,
  /** Training examples whose gradient was taken. */
  effort: NonNegative,
} as const

export const LowerLevelSolved = t.readonly(
  t.strict({ _tag: t.literal('LowerLevelSolved'), id: Natural, ...losses, converged: t.boolean }),
  'LowerLevelSolved',
)
/**
 * Answers `SolveLowerLevel`: F and f, their gradients by λ (length d) at fixed weights, ‖∇_w f‖₂, and the effort in training examples.
 * `converged`: the gradient tolerance was reached within the budget. At a minimizer `lowerGradient` is ∇φ(λ) (envelope theorem).
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * const solved = {
 *   _tag: 'LowerLevelSolved', id: 0, upper: 0.51, lower: 0.34, upperGradient: [0], lowerGradient: [0.05],
 *   gradientNorm: 8e-4, weights: 'w0', effort: 21_600, converged: true,
 * }
 * decode(Observation.LowerLevelSolved)(solved) // => right(solved)
 * ```
 */
export type LowerLevelSolved = t.TypeOf<typeof LowerLevelSolved>

export const WeightsDescended = t.readonly(
  t.strict({ _tag: t.literal('WeightsDescended'), id: Natural, ...losses }),
  'WeightsDescended',
)
/**
 * Answers `DescendWeights`: F and f at the last weights of the descent, and their gradients by λ (length d) at those
 * weights.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * const descended: Observation.WeightsDescended = {
 *   _tag: 'WeightsDescended', id: 3, upper: 0.5, lower: 0.35, upperGradient: [0], lowerGradient: [0.06],
 *   gradientNorm: 0.02, weights: 'w3', effort: 6400,
 * }
 * // A loss that diverged has no finite value: answer `CommandFailed` instead.
 * const refused = decode(Observation.WeightsDescended)({ ...descended, lower: Infinity })
 * refused // => left('`lower` must be a finite number, but is Infinity')
 * ```
 */
export type WeightsDescended = t.TypeOf<typeof WeightsDescended>

export const LossesEvaluated = t.readonly(
  t.strict({ _tag: t.literal('LossesEvaluated'), id: Natural, metrics: SetMetrics }),
  'LossesEvaluated',
)
/**
 * Answers `EvaluateLosses`.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * const metrics = { train: { loss: 0.1, accuracy: 1 }, validation: { loss: 0.4, accuracy: 0.9 }, test: null }
 * const measured = { _tag: 'LossesEvaluated', id: 30, metrics }
 * decode(Observation.LossesEvaluated)(measured) // => right(measured)
 * ```
 */
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
/**
 * Answers `Refit`. The refit trained on both the training and the validation set, so neither metric is held out.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * const metrics = { train: { loss: 0.1, accuracy: 1 }, validation: { loss: 0.1, accuracy: 1 }, test: null }
 * const refitted = { _tag: 'Refitted', id: 33, metrics, weights: 'w33', effort: 43_000 }
 * decode(Observation.Refitted)(refitted) // => right(refitted)
 * ```
 */
export type Refitted = t.TypeOf<typeof Refitted>

export const CommandFailed = t.readonly(
  t.strict({ _tag: t.literal('CommandFailed'), id: Natural, reason: t.string, effort: NonNegative }),
  'CommandFailed',
)
/**
 * Answers any command that could not be carried out, for example a training that diverged.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * // Its effort counts all the same.
 * const failed = { _tag: 'CommandFailed', id: 4, reason: 'the loss is not finite', effort: 1280 }
 * decode(Observation.CommandFailed)(failed) // => right(failed)
 * ```
 */
export type CommandFailed = t.TypeOf<typeof CommandFailed>

export const Observation = t.union(
  [LowerLevelSolved, WeightsDescended, LossesEvaluated, Refitted, CommandFailed],
  'Observation',
)
/**
 * What happened: the answer to one command.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { decode, Observation } from 'bilevel-hpo'
 *
 * const failed = { _tag: 'CommandFailed', id: 4, reason: 'the loss is not finite', effort: 1280 }
 * decode(Observation.Observation)(failed) // => right(failed)
 * ```
 */
export type Observation = t.TypeOf<typeof Observation>

/**
 * The tag of the observation that answers a command, if the command does not fail.
 *
 * @example
 * ```ts
 * import { Observation } from 'bilevel-hpo'
 *
 * Observation.answerTag.SolveLowerLevel // => 'LowerLevelSolved'
 * ```
 */
export const answerTag = {
  SolveLowerLevel: 'LowerLevelSolved',
  DescendWeights: 'WeightsDescended',
  EvaluateLosses: 'LossesEvaluated',
  Refit: 'Refitted',
} as const satisfies Record<Exclude<Command['_tag'], 'ReleaseWeights'>, Observation['_tag']>
