/** Answers a method's questions by training a network in this thread, one question at a time. */
import { messageOf } from '../base/messageOf.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import {
  initialWeights as initialRef,
  weightsOf,
  type DescendWeights,
  type EvaluateLosses,
  type Question,
  type Refit,
  type SolveLowerLevel,
  type WeightsRef,
} from '../../core/protocol/Command.js'
import type { Observation } from '../../core/protocol/Observation.js'
import type { Backend } from '../backend/Backend.js'
import { environment, interrupted, type ShellError } from '../base/ShellError.js'
import type { ImageSet } from '../data/set/ImageSet.js'
import type { Interpreter } from '../record/Interpreter.js'
import { gradientOf } from './gradient/gradientOf.js'
import type { TrainingContext } from './Losses.js'
import { descend, solve, type OnProgress, type Stopped } from './lowerLevelSolver.js'
import * as Measurement from './Measurement.js'
import { pausesOf } from './Pauses.js'
import { joined, type Problem } from './Problem.js'
import type { WeightStore } from './WeightStore.js'

/** The progress of a command. */
export interface Progress {
  readonly command: Question
  /** The spent share of its budget, in [0, 1]. A command may end before 1. */
  readonly done: number
  /** The effort so far. */
  readonly effort: number
}

/** Hooks that watch and stop commands. */
export interface TrainingOptions {
  readonly onProgress?: (progress: Progress) => void
  /** Aborting it stops the running command with `Interrupted`. */
  readonly signal?: AbortSignal
}

/** Why a command failed. */
type Failure = Stopped | ShellError

/** The failure of a command that cannot be carried out. */
const refused = (reason: string, effort = 0): Failure => ({ _tag: 'Diverged', reason, effort })

const failed = (id: number, reason: string, effort: number): Observation => ({
  _tag: 'CommandFailed',
  id,
  reason,
  effort,
})

/** Turns a failure of the command itself into its answer. A failure of the environment ends the run. */
const settle =
  (id: number) =>
  (failure: Failure): E.Either<ShellError, Observation> => {
    switch (failure._tag) {
      case 'Diverged':
        return E.right(failed(id, failure.reason, failure.effort))
      case 'Aborted':
        return E.left(
          interrupted(
            `Stopped during command ${id}. The run can be resumed from its last record; this command then starts again.`,
          ),
        )
      case 'BadInput':
      case 'Environment':
      case 'Mismatch':
      case 'Interrupted':
        return E.left(failure)
    }
  }

/**
 * Creates the interpreter of a checked problem, on this thread's backend. It reads and writes weights in `store`.
 *
 * Equal problems on equal backends with one thread give the same answers, byte for byte.
 */
export const singleInterpreter = (
  backend: Backend,
  problem: Problem,
  store: WeightStore,
  options: TrainingOptions,
): Interpreter => {
  const { hyperparameters, solver, seed, network } = problem
  const { train, validation } = problem.splits
  const context: TrainingContext = {
    gradient: gradientOf(backend, network, [train, validation]),
    chunkSize: solver.chunkSize,
    pauses: pausesOf(options.signal ?? null),
  }
  const metricsOf = Measurement.metricsOf(context, problem)
  // Training and validation set together; created at the first refit.
  let everything: ImageSet | null = null

  const progressOf =
    (command: Question): OnProgress =>
    (done, effort) =>
      options.onProgress?.({ command, done, effort })

  const weightsAt = (ref: WeightsRef): TE.TaskEither<Failure, Float32Array> =>
    pipe(
      store.get(ref),
      TE.mapLeft((error): Failure => error),
      TE.chain(
        O.match(
          () =>
            TE.left(
              refused(`There are no weights called ${ref}: they were never made, or were released before.`),
            ),
          weights => TE.right(weights),
        ),
      ),
    )

  /** Measures the end of a solve or descent, and stores its weights under the command's reference. */
  const reported = (
    { id, lambda }: SolveLowerLevel | DescendWeights,
    end: Measurement.End,
  ): TE.TaskEither<
    Failure,
    Measurement.MeasuredEnd & { readonly id: number; readonly weights: WeightsRef }
  > =>
    pipe(
      Measurement.measure(context, problem, lambda)(end),
      TE.chainFirstW(() => store.put(weightsOf(id), end.weights)),
      TE.map(measured => ({ id, ...measured, weights: weightsOf(id) })),
    )

  const solveLowerLevel = (command: SolveLowerLevel): TE.TaskEither<Failure, Observation> =>
    pipe(
      weightsAt(command.from),
      TE.chainW(
        weights => () =>
          solve(context, solver)(
            [{ coefficient: 1, loss: Measurement.lossesAt(problem, command.lambda).lower }],
            {
              cold: command.from === initialRef,
              tolerance: command.tolerance,
              maxEpochs: command.maxEpochs,
              seed,
              onProgress: progressOf(command),
            },
          )(weights),
      ),
      TE.chain(solved =>
        pipe(
          reported(command, { ...solved, lower: solved.value }),
          TE.map((end): Observation => ({ _tag: 'LowerLevelSolved', ...end, converged: solved.converged })),
        ),
      ),
    )

  const descendWeights = (command: DescendWeights): TE.TaskEither<Failure, Observation> => {
    const { lower, upper } = Measurement.lossesAt(problem, command.lambda)
    return pipe(
      weightsAt(command.from),
      TE.chainW(
        weights => () =>
          // The training set must stay first: its index selects its random stream of minibatches.
          descend(context, solver)(
            [
              { coefficient: command.lowerCoefficient, loss: lower },
              { coefficient: command.upperCoefficient, loss: upper },
            ],
            {
              steps: command.steps,
              batchSize: command.batchSize,
              seed,
              stream: command.stream,
              stepScale: command.stepScale,
              finalShare: command.finalShare ?? solver.descentFinalShare,
              onProgress: progressOf(command),
            },
          )(weights),
      ),
      TE.chainW(Measurement.lookedAt(context, problem, command.lambda)),
      TE.chain(end => reported(command, end)),
      TE.map((end): Observation => ({ _tag: 'WeightsDescended', ...end })),
    )
  }

  const evaluateLosses = (command: EvaluateLosses): TE.TaskEither<Failure, Observation> =>
    pipe(
      weightsAt(command.weights),
      TE.chainW(weights => metricsOf(weights)),
      TE.map((metrics): Observation => ({ _tag: 'LossesEvaluated', id: command.id, metrics })),
    )

  const refit = (command: Refit): TE.TaskEither<Failure, Observation> => {
    everything ??= joined(train, validation)
    const both = everything
    const at = (lambda: ReadonlyArray<number>) => [
      { coefficient: 1, loss: Measurement.lowerOn(problem, both, lambda) },
    ]
    const { id, lambda, path } = command
    return pipe(
      weightsAt(initialRef),
      TE.chainW(
        weights => () =>
          solve(context, solver)(at(lambda), {
            ...(path === undefined ? {} : { path: path.map(at) }),
            cold: true,
            tolerance: command.tolerance,
            maxEpochs: command.maxEpochs,
            seed,
            onProgress: progressOf(command),
          })(weights),
      ),
      TE.chainW(({ weights, effort }) =>
        pipe(
          metricsOf(weights, effort),
          TE.chainFirstW(() => store.put(weightsOf(id), weights)),
          TE.map((metrics): Observation => ({
            _tag: 'Refitted',
            id,
            metrics,
            weights: weightsOf(id),
            effort,
          })),
        ),
      ),
    )
  }

  const carryOut = (question: Question): TE.TaskEither<Failure, Observation> => {
    const dimension = hyperparameters.space.length
    const path = question._tag === 'Refit' ? (question.path ?? []) : []
    const wrong = [question.lambda, ...path].find(
      lambda => lambda.length !== dimension || !lambda.every(Number.isFinite),
    )
    if (wrong !== undefined)
      return TE.left(refused(`λ must have ${dimension} finite component(s), but is [${wrong.join(', ')}].`))
    switch (question._tag) {
      case 'SolveLowerLevel':
        return solveLowerLevel(question)
      case 'DescendWeights':
        return descendWeights(question)
      case 'EvaluateLosses':
        return evaluateLosses(question)
      case 'Refit':
        return refit(question)
    }
  }

  return {
    answer: question => async () => {
      try {
        return pipe(await carryOut(question)(), E.orElse(settle(question.id)))
      } catch (cause) {
        return E.left(
          environment(
            `The backend "${backend.name}" failed at command ${question.id} (${messageOf(cause)}). ` +
              'If memory is short, lower `chunkSize`; otherwise try another backend.',
          ),
        )
      }
    },
    release: store.release,
    dispose: () => {
      store.clear()
      everything = null
    },
  }
}
