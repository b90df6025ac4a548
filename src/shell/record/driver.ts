/**
 * Drives a method: records every transition, has its commands carried out in the order they were issued in, and passes
 * on the answers. It decides nothing.
 *
 * Commands that wait together are at work together, as many as the interpreter allows. Their answers are recorded and
 * passed on in the order of the questions all the same, so that the log does not depend on who was first, and a run that
 * is cut short has answered a first part of them.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { decode } from '../../core/codec/Codec.js'
import pLimit from 'p-limit'
import { isQuestion, type Command, type Question } from '../../core/protocol/Command.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import type { MethodError } from '../../core/protocol/MethodError.js'
import { Observation } from '../../core/protocol/Observation.js'
import * as Replay from '../../core/log/Replay.js'
import { badInput, environment, interrupted, type ShellError } from '../base/ShellError.js'
import type { Interpreter } from './Interpreter.js'
import type { LogWriter } from './logFile.js'

/** What may watch a run, and stop it. */
export interface Hooks {
  /** Once a transition is recorded. */
  readonly onTransition: (info: Info) => void
  /** Before a command is carried out; others may be at work. */
  readonly onQuestion: (question: Question) => void
  /** Whether to stop before the next command; those at work are finished and recorded. */
  readonly stopRequested: () => boolean
}

/** What a driver needs: who answers, where records go, who watches. */
export interface Surroundings {
  readonly interpreter: Interpreter
  readonly log: Pick<LogWriter, 'record'>
  readonly hooks: Hooks
}

const fault = (error: MethodError): ShellError =>
  error._tag === 'InvalidConfig'
    ? badInput(`Field \`${error.field}\` cannot be used: ${error.message}`)
    : environment(
        `The method refused to go on (${error._tag}): ${error.message} This is a fault of the method or of what answers ` +
          'its commands; all records up to here are in the run log, please report it with them.',
      )

/**
 * The cursor where a run of `method` with this configuration starts.
 *
 * Errors: `BadInput` where the method refuses the configuration, with the field.
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

/**
 * The observation as its record will be read back: what the method sees live is what it sees in a replay. An answer
 * that no record can hold (NaN, a missing field) is a failure of its command.
 */
const asRecorded = (question: Question, answer: Observation): Observation =>
  pipe(
    decode(Observation)(JSON.parse(JSON.stringify(answer))),
    E.getOrElse((reason): Observation => ({
      _tag: 'CommandFailed',
      id: question.id,
      reason: `The answer to ${question._tag} cannot be used: ${reason}.`,
      effort: 'effort' in answer && Number.isFinite(answer.effort) ? Math.max(0, answer.effort) : 0,
    })),
  )

const stopped = (): ShellError => interrupted('Stopped as asked.')

/** Lets timers and signals have their turn: a backend may compute for long without a break. */
const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/**
 * Runs from a cursor (of `start`, or where a replay ended) until the method halts.
 *
 * Errors: `Interrupted` if a hook asked to stop; whatever keeps the interpreter or the log from going on; a refusal
 * by the method. The log is valid in every case.
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

    /** Answers that are on their way. */
    const underWay = new Map<number, TE.TaskEither<ShellError, Observation>>()
    /** Whether the run has failed: then nothing more is begun. */
    let over = false

    /** Starts questions up to the next release; later ones must not see the released weights. */
    const begin = (todo: ReadonlyArray<Command>): void => {
      const release = todo.findIndex(command => !isQuestion(command))
      const atOnce = interpreter.atOnce ?? 1
      const together = atOnce === 1 ? todo.slice(0, 1) : release < 0 ? todo : todo.slice(0, release)
      const questions = together.filter(isQuestion)
      // p-limit begins tasks in the order of its calls.
      const limit = pLimit(atOnce)
      for (const question of questions) {
        const answer = limit(async (): Promise<E.Either<ShellError, Observation>> => {
          if (over || hooks.stopRequested()) return E.left(stopped())
          hooks.onQuestion(question)
          const given = await interpreter.answer(question)()
          if (E.isLeft(given)) over = true
          return given
        })
        underWay.set(question.id, () => answer)
      }
    }

    const ask = (question: Question, cursor: Replay.Cursor<S>) =>
      pipe(
        underWay.get(question.id) ?? interpreter.answer(question),
        TE.map(answer => {
          underWay.delete(question.id)
          return asRecorded(question, answer)
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
          if (!underWay.has(command.id)) begin(cursor.todo.slice(i))
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

    // A loop, because a chain of tens of thousands of TaskEithers would hold them all.
    return async () => {
      let cursor = from
      for (;;) {
        const { outcome } = cursor.transition.info
        if (cursor.records > 0 && outcome !== null) {
          // What the last transition lets go of; nothing else is left to do.
          for (const command of cursor.todo) if (!isQuestion(command)) interpreter.release(command.weights)
          return E.right(outcome)
        }
        await turn()
        // What is at work already is waited for; what was not begun says that it was stopped.
        if (underWay.size === 0 && hooks.stopRequested()) return E.left(stopped())
        const next = await advance(cursor)()
        if (E.isLeft(next)) {
          over = true
          return next
        }
        cursor = next.right
      }
    }
  }
