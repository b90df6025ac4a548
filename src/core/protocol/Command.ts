/**
 * Commands: what the core wants done, in the imperative. Each has an `id` that its answer repeats.
 *
 * The core never sees a weight: weights stay in the shell, behind a {@link WeightsRef}.
 *
 * @module
 */
import * as t from 'io-ts'
import { Count, Finite, listOf, Natural, nullable, Positive, Share, Vector } from '../codec/Codec.js'

/**
 * A name for weights that the shell keeps. `initial` names the freshly initialised weights. The answer to command 7
 * creates `w7`.
 *
 * @example
 * ```ts
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { Command } from 'bilevel-hpo'
 *
 * const accepted = ['initial', 'w7', 'weights/7'].map(name => isRight(Command.WeightsRef.decode(name)))
 * accepted // => [true, true, false]
 * ```
 */
export const WeightsRef = t.refinement(t.string, s => /^(initial|w\d+)$/.test(s), 'a reference to weights')
export type WeightsRef = t.TypeOf<typeof WeightsRef>

/**
 * The freshly initialised weights, the same for every solve of a run.
 *
 * @example
 * ```ts
 * import { Command } from 'bilevel-hpo'
 *
 * Command.WeightsRef.is(Command.initialWeights) // => true
 * ```
 */
export const initialWeights: WeightsRef = 'initial'

/**
 * The weights that the answer to the command `id` creates.
 *
 * @example
 * ```ts
 * import { Command } from 'bilevel-hpo'
 *
 * Command.weightsOf(7) // => 'w7'
 * ```
 */
export const weightsOf = (id: number): WeightsRef => `w${id}`

export const SolveLowerLevel = t.readonly(
  t.strict({
    _tag: t.literal('SolveLowerLevel'),
    id: Natural,
    lambda: Vector,
    /** Where training starts; from `initial` it is a complete training, from other weights a continued one. */
    from: WeightsRef,
    /** Stop once ‖∇_w f‖₂ is at most this. */
    tolerance: Positive,
    /** Stop after this effort, in epochs of the training set, whatever the gradient. */
    maxEpochs: Positive,
  }),
  'SolveLowerLevel',
)
/**
 * Minimise f(λ, ·) over the weights: one sample of the value function φ. Ends at ‖∇_w f‖₂ ≤ `tolerance` or after `maxEpochs` epochs.
 * Answered by `LowerLevelSolved`.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * const solve = { _tag: 'SolveLowerLevel', id: 0, lambda: [-4], from: 'initial', tolerance: 1e-3, maxEpochs: 100 }
 * decode(Command.SolveLowerLevel)(solve) // => right(solve)
 * ```
 */
export type SolveLowerLevel = t.TypeOf<typeof SolveLowerLevel>

/** Step size of the last step of a descent, as a share of that of the first. */
const finalShare = t.partial({ finalShare: Share })

export const DescendWeights = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        _tag: t.literal('DescendWeights'),
        id: Natural,
        lambda: Vector,
        from: WeightsRef,
        /** Weight of F in the objective. */
        upperCoefficient: Finite,
        /** Weight of f in the objective. */
        lowerCoefficient: Finite,
        /** Number of steps; 0 only measures the weights. */
        steps: Natural,
        /** Examples of each set per step; `null`: all of them. */
        batchSize: nullable(Count),
        /** Factor on the solver's own step size. */
        stepScale: Positive,
        /**
         * Selects the sequence of minibatches: two descents with the same stream see the same examples in the same order.
         */
        stream: Natural,
      }),
      finalShare,
    ]),
  ),
  'DescendWeights',
)
/**
 * Take `steps` steps on upperCoefficient·F + lowerCoefficient·f at a fixed λ (length d). With `steps` 0 the weights are
 * only measured. The step size falls linearly to the share `finalShare` of its first value; without it, to the solver's
 * own. Answered by `WeightsDescended`.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * // 100 steps on F/300 + f from the weights `w2`, on minibatches of 64.
 * const descend: Command.DescendWeights = {
 *   _tag: 'DescendWeights', id: 3, lambda: [-4], from: 'w2', upperCoefficient: 1 / 300, lowerCoefficient: 1,
 *   steps: 100, batchSize: 64, stepScale: 1, stream: 3,
 * }
 * const refused = decode(Command.DescendWeights)({ ...descend, stepScale: 0 })
 * refused // => left('`stepScale` must be a finite number > 0, but is 0')
 * ```
 */
export type DescendWeights = t.TypeOf<typeof DescendWeights>

export const EvaluateLosses = t.readonly(
  t.strict({ _tag: t.literal('EvaluateLosses'), id: Natural, lambda: Vector, weights: WeightsRef }),
  'EvaluateLosses',
)
/**
 * Measure weights on every set, for reports only. Answered by `LossesEvaluated`.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * const measure = { _tag: 'EvaluateLosses', id: 30, lambda: [-4], weights: 'w29' }
 * decode(Command.EvaluateLosses)(measure) // => right(measure)
 * ```
 */
export type EvaluateLosses = t.TypeOf<typeof EvaluateLosses>

export const Refit = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        _tag: t.literal('Refit'),
        id: Natural,
        lambda: Vector,
        tolerance: Positive,
        maxEpochs: Positive,
      }),
      t.partial({
        /** The λ of equal parts of the training, in order. It ends at `lambda`. */
        path: listOf(Vector, 'a list of λ'),
      }),
    ]),
  ),
  'Refit',
)
/**
 * Train from the initial weights on the union of training and validation set. Answered by `Refitted`.
 *
 * With a `path` λ changes while the weights descend: n values of λ share the stochastic steps of the training equally.
 * Whatever follows is done at `lambda`. So a path of equal λ is a plain refit.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * const refit = { _tag: 'Refit', id: 33, lambda: [-4], tolerance: 1e-3, maxEpochs: 100 }
 * decode(Command.Refit)(refit) // => right(refit)
 * ```
 */
export type Refit = t.TypeOf<typeof Refit>

export const ReleaseWeights = t.readonly(
  t.strict({ _tag: t.literal('ReleaseWeights'), weights: listOf(WeightsRef, 'a list of weights') }),
  'ReleaseWeights',
)
/**
 * These weights are not needed again. This is the only command without an id and without an answer.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * const release = { _tag: 'ReleaseWeights', weights: ['w1', 'w2'] }
 * decode(Command.ReleaseWeights)(release) // => right(release)
 * ```
 */
export type ReleaseWeights = t.TypeOf<typeof ReleaseWeights>

export const Command = t.union(
  [SolveLowerLevel, DescendWeights, EvaluateLosses, Refit, ReleaseWeights],
  'Command',
)
/**
 * Something that a method wants done.
 *
 * @example
 * ```ts
 * import { left } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * const command = decode(Command.Command)({ _tag: 'Refit', id: 3, lambda: [NaN], tolerance: 1e-3, maxEpochs: 9 })
 * command // => left('`lambda[0]` must be a finite number, but is NaN')
 * ```
 */
export type Command = t.TypeOf<typeof Command>

/**
 * The commands of one record.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Command, decode } from 'bilevel-hpo'
 *
 * decode(Command.Commands)([]) // => right([])
 * ```
 */
export const Commands = listOf(Command, 'a list of commands')

/** A command that expects an answer. */
export type Question = Exclude<Command, ReleaseWeights>

/**
 * Whether a command expects an answer.
 *
 * @example
 * ```ts
 * import { Command } from 'bilevel-hpo'
 *
 * Command.isQuestion({ _tag: 'EvaluateLosses', id: 30, lambda: [-4], weights: 'w29' }) // => true
 * Command.isQuestion({ _tag: 'ReleaseWeights', weights: ['w29'] }) // => false
 * ```
 */
export const isQuestion = (command: Command): command is Question => command._tag !== 'ReleaseWeights'
