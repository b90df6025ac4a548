/**
 * Drives a method: it records every transition, sends the method's questions to the interpreter in the order of issue, and
 * passes the answers to the method. It decides nothing.
 *
 * Open questions run at the same time, as many as the interpreter allows. Their answers are still recorded and passed on in
 * the order of the questions. So the log does not depend on which answer came first, and the log of an interrupted run holds
 * the answers to the first of the questions.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import pLimit from 'p-limit'
import { isQuestion, type Command, type Question } from '../../core/protocol/Command.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import type { MethodError } from '../../core/protocol/MethodError.js'
import type { Observation } from '../../core/protocol/Observation.js'
import * as Replay from '../../core/log/Replay.js'
import { messageOf } from '../base/messageOf.js'
import { badInput, environment, interrupted, type ShellError } from '../base/ShellError.js'
import type { Interpreter } from './Interpreter.js'
import type { LogWriter } from './logFile.js'
import { broken, recordable } from './recordable.js'

/** Callbacks that watch a run, and can stop it. */
export interface Hooks {
  /** Called after a transition is recorded. */
  readonly onTransition: (info: Info) => void
  /** Called before a command is carried out. Others may be running. */
  readonly onQuestion: (question: Question) => void
  /** Whether to stop before the next command. Running commands are finished and recorded. */
  readonly stopRequested: () => boolean
}

/** The dependencies of a driver. */
export interface Surroundings {
  readonly interpreter: Interpreter
  readonly log: Pick<LogWriter, 'record'>
  readonly hooks: Hooks
}

const fault = (error: MethodError): ShellError =>
  error._tag === 'InvalidConfig'
    ? badInput(`Field \`${error.field}\` cannot be used: ${error.message}`)
    : environment(
        `The method refused to continue (${error._tag}): ${error.message} This is a fault of the method or of the interpreter. ` +
          'All records so far are in the run log; please report the fault with this log.',
      )

/**
 * The cursor where a run of `method` with this configuration starts.
 *
 * Errors: `BadInput` if the method refuses the configuration; the message names the field.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch } from 'bilevel-hpo'
 * import { start } from 'bilevel-hpo/runs'
 *
 * // A search space without a hyperparameter.
 * const config = decode(gridSearch.config)({ space: [], budget: { lowerLevelSolves: 3 } })
 * const refused = E.isRight(config) ? start(gridSearch)(config.right) : E.right(null)
 * const why = E.isLeft(refused) ? refused.left._tag : null // => 'BadInput'
 * ```
 */
export const start =
  <C, S>(method: Method<C, S>) =>
  (config: C): E.Either<ShellError, Replay.Cursor<S>> =>
    pipe(Replay.start(method)(config), E.mapLeft(fault))

const isEither = (u: unknown): u is E.Either<ShellError, unknown> =>
  typeof u === 'object' && u !== null && '_tag' in u && (u._tag === 'Left' || u._tag === 'Right')

/** Asks the interpreter. An exception becomes an error of the run. */
const answered =
  ({ answer }: Interpreter) =>
  (question: Question): TE.TaskEither<ShellError, unknown> =>
    pipe(
      TE.tryCatch(
        () => answer(question)(),
        cause => broken(question, `it threw ${messageOf(cause)}`),
      ),
      TE.flatMapEither((given: unknown) =>
        isEither(given) ? given : E.left(broken(question, 'it returned something else than an Either')),
      ),
    )

const stopped = (): ShellError => interrupted('Stopped as asked.')

/** Yields to timers and signals, because a backend may compute for long without a break. */
const yieldToEvents = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * Runs a method from a cursor (from `start`, or from the end of a replay) until it halts.
 *
 * A number in an answer that is not finite means that its command failed. Errors: `Interrupted` if a hook asked to stop; an
 * error of the interpreter or the log; `Environment` if an answer is not an observation, if the method refuses it, or if the
 * interpreter throws. The log is valid in every case.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { decode, gridSearch } from 'bilevel-hpo'
 * import { drive, noHooks, start, type Interpreter, type Surroundings } from 'bilevel-hpo/runs'
 *
 * // A trainer that fails everything, and a log that counts its records.
 * const answer: Interpreter['answer'] = ({ id }) => TE.right({ _tag: 'CommandFailed', id, reason: 'no memory', effort: 0 })
 * let records = 0
 * const surroundings: Surroundings =
 *   { interpreter: { answer, release: () => undefined, dispose: () => undefined }, log: { record: () => TE.fromIO(() => void records++) }, hooks: noHooks }
 * const config = decode(gridSearch.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const from = E.isRight(config) ? start(gridSearch)(config.right) : config
 * if (E.isRight(from)) await drive(gridSearch)(surroundings)(from.right)()
 * records > 1 // => true
 * ```
 */
export const drive =
  <C, S>(method: Method<C, S>) =>
  ({ interpreter, log, hooks }: Surroundings) =>
  (from: Replay.Cursor<S>): TE.TaskEither<ShellError, Outcome> => {
    const record = (observation: Observation | null, cursor: Replay.Cursor<S>) =>
      pipe(
        log.record({
          step: cursor.records - 1,
          observation,
          commands: cursor.transition.commands,
          info: cursor.transition.info,
        }),
        TE.map(() => {
          hooks.onTransition(cursor.transition.info)
          return cursor
        }),
      )

    /** The answers to running questions, by the question's id. */
    const running = new Map<number, TE.TaskEither<ShellError, unknown>>()
    /** Whether the run has failed. Then no further question is started. */
    let over = false

    /** Starts questions up to the next release; later ones must not see the released weights. */
    const begin = (todo: ReadonlyArray<Command>): void => {
      const release = todo.findIndex(command => !isQuestion(command))
      const atOnce = interpreter.atOnce ?? 1
      const together = atOnce === 1 ? todo.slice(0, 1) : release < 0 ? todo : todo.slice(0, release)
      const questions = together.filter(isQuestion)
      // p-limit starts tasks in the order of its calls.
      const limit = pLimit(atOnce)
      for (const question of questions) {
        const answer = limit(async (): Promise<E.Either<ShellError, unknown>> => {
          if (over || hooks.stopRequested()) return E.left(stopped())
          hooks.onQuestion(question)
          const given = await answered(interpreter)(question)()
          if (E.isLeft(given)) over = true
          return given
        })
        running.set(question.id, () => answer)
      }
    }

    const ask = (question: Question, cursor: Replay.Cursor<S>) =>
      pipe(
        running.get(question.id) ?? answered(interpreter)(question),
        TE.flatMapEither(answer => {
          running.delete(question.id)
          return recordable(question)(answer)
        }),
        TE.chain(observation =>
          pipe(
            TE.fromEither(pipe(cursor, Replay.follow(method)(observation), E.mapLeft(fault))),
            TE.chain(after => record(observation, after)),
          ),
        ),
      )

    const advance = (cursor: Replay.Cursor<S>): TE.TaskEither<ShellError, Replay.Cursor<S>> => {
      if (cursor.records === 0) return record(null, Replay.recorded(cursor))
      for (const [i, command] of cursor.todo.entries()) {
        if (isQuestion(command)) {
          if (!running.has(command.id)) begin(cursor.todo.slice(i))
          return ask(command, cursor)
        }
        interpreter.release(command.weights)
      }
      return TE.left(
        environment(
          `The method ${method.name} neither halted nor asked for anything after step ${cursor.records - 1}. ` +
            'This is a fault of the method; please report it with the run log.',
        ),
      )
    }

    // A loop, because a chain of tens of thousands of TaskEithers would keep all of them in memory.
    return async () => {
      let cursor = from
      for (;;) {
        const { outcome } = cursor.transition.info
        if (cursor.records > 0 && outcome !== null) {
          // Only the releases of the last transition are left.
          for (const command of cursor.todo) if (!isQuestion(command)) interpreter.release(command.weights)
          return E.right(outcome)
        }
        await yieldToEvents()
        // Wait for the running questions. Those that have not started return `Interrupted`.
        if (running.size === 0 && hooks.stopRequested()) return E.left(stopped())
        const next = await advance(cursor)()
        if (E.isLeft(next)) {
          over = true
          return next
        }
        cursor = next.right
      }
    }
  }
