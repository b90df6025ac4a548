/**
 * Drives a method with a caller's interpreter and records the run. It starts a new log, or resumes an existing one.
 */
import { existsSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { decodeField } from '../../core/codec/Codec.js'
import { sentence } from '../../core/codec/sentence.js'
import { firstDifference } from '../../core/codec/Difference.js'
import { lenient } from '../../core/codec/options.js'
import type { Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import { sameNumerics } from '../../core/log/numerics.js'
import type { Cursor } from '../../core/log/Replay.js'
import * as RunLog from '../../core/log/RunLog.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { drive, start, type Hooks } from './driver.js'
import type { Interpreter } from './Interpreter.js'
import { create, noLines, past, reopen, type LogWriter } from './logFile.js'
import { hasNoHeader } from './newLog.js'
import { otherNumerics, traverse, withRecordedRun, type RecordedRun } from './RecordedRun.js'
import { versionsOf } from './versions.js'

/** The fields of a log's header that the caller provides. The versions are added here. */
export type About = Omit<RunLog.About, 'versions'>

/** The arguments of {@link recordRun}. */
export interface Recording<C> {
  /** The path of the log, a `.jsonl` file. Its folder is made. */
  readonly path: string
  readonly config: C
  /** Identifies the run: a log with another problem or other data is refused. */
  readonly about: About
  readonly interpreter: Interpreter
  readonly hooks?: Hooks
}

/**
 * Hooks that do nothing and never stop the run.
 *
 * @example
 * ```ts
 * import { type Hooks, noHooks } from 'bilevel-hpo/runs'
 *
 * // Watch, and never stop.
 * const seen: string[] = []
 * const hooks: Hooks = { ...noHooks, onQuestion: ({ _tag }) => seen.push(_tag) }
 * hooks.stopRequested() // => false
 * ```
 */
export const noHooks: Hooks = {
  onTransition: () => undefined,
  onQuestion: () => undefined,
  stopRequested: () => false,
}

interface Opened<S> {
  readonly cursor: Cursor<S>
  readonly log: TE.TaskEither<ShellError, LogWriter>
}

/** The header fields that identify a run. The versions of packages and of the log may differ; the numerics may not. */
const identity = ({ method, config, problem, data, backend }: RunLog.Header) => ({
  method,
  config,
  problem,
  data,
  backend,
})

/** Checks that a log belongs to the wanted run. */
const sameRun = ({ path, header }: RecordedRun, wanted: RunLog.Header): E.Either<ShellError, void> =>
  pipe(
    firstDifference('')(identity(wanted), identity(header)),
    O.match(
      () => (sameNumerics(header) ? E.right(undefined) : E.left(badInput(otherNumerics(path, header)))),
      ({ field, expected, found }) =>
        E.left(
          badInput(
            `${path} holds another run: field \`${field}\` of its header is ${found}, and not ${expected}. Name another ` +
              'path, or use the configuration with which the log was started.',
          ),
        ),
    ),
  )

const { problem, data, backend } = RunLog.headerFields
const AboutCodec = t.strict({ problem, data, backend })

const cannotUse =
  (advice: string) =>
  (problem: string): ShellError =>
    badInput(`The run cannot be recorded: ${sentence(problem)} ${advice}`)

/** Checks what the caller passes before anything is written. A type does not bind a caller that is not compiled. */
const checked = <C, S>(
  { config: codec, name }: Method<C, S>,
  { path, config, about }: Recording<C>,
): E.Either<ShellError, void> =>
  pipe(
    decodeField('path')(t.string)(path),
    E.mapLeft(cannotUse('Name the file of the log, such as `runs/mine/run.jsonl`.')),
    E.flatMap(() =>
      pipe(
        decodeField('about')(AboutCodec)(about),
        E.mapLeft(cannotUse('`about` says what the run is about: `{ problem, data, backend }`.')),
      ),
    ),
    E.flatMap(() =>
      pipe(
        decodeField('config')(lenient(codec))(config),
        E.mapLeft(cannotUse(`Decode the configuration by the codec \`config\` of the method ${name}.`)),
      ),
    ),
    E.map(() => undefined),
  )

const opened = <C, S>(method: Method<C, S>, recording: Recording<C>): E.Either<ShellError, Opened<S>> => {
  const { path, config, about } = recording
  const valid = checked(method, recording)
  if (E.isLeft(valid)) return valid
  const header = RunLog.headerOf(method)(config, { ...about, versions: versionsOf(method.name, {}) })
  if (!existsSync(path) || hasNoHeader(path))
    return pipe(
      start(method)(config),
      E.map(cursor => ({ cursor, log: create(path)(header) })),
    )
  return withRecordedRun(path)(run =>
    pipe(
      sameRun(run, header),
      E.chain(() => {
        let end = noLines
        return pipe(
          run,
          traverse(method)(null, ({ line }) => {
            end = past(line)(end)
          }),
          E.map(({ cursor }) => ({ cursor, log: reopen(path)(end, run.size) })),
        )
      }),
    ),
  )
}

/**
 * Drives a method until it halts, and writes each step to disk before the next one. After an interruption, call it again: it
 * replays the log and continues, without asking an answered question again. The interpreter keeps the weights that open
 * questions name; if they are lost, it answers `CommandFailed`.
 *
 * Errors: those of the interpreter; `BadInput` if an argument cannot be used, or the log cannot be read or belongs to another run; `Mismatch` if it does not
 * replay; `Environment` if it cannot be written; `Interrupted` if a hook asked to stop.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import * as TE from 'fp-ts/lib/TaskEither.js'
 * import { decode, gridSearch, type GridSearchConfig } from 'bilevel-hpo'
 * import { type About, type Interpreter, type Recording, recordRun } from 'bilevel-hpo/runs'
 *
 * const answer: Interpreter['answer'] = ({ id }) => TE.right({ _tag: 'CommandFailed', id, reason: 'no memory', effort: 0 })
 * const interpreter: Interpreter = { answer, release: () => undefined, dispose: () => undefined }
 * const about: About = { problem: { model: 'mine' }, data: { train: 9, validation: 9, test: null, fingerprint: 'abc' }, backend: 'mine' }
 * const recording = (config: GridSearchConfig): Recording<GridSearchConfig> => ({ path: 'grid.jsonl', config, about, interpreter })
 * const config = decode(gridSearch.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const outcome = E.isRight(config) ? await recordRun(gridSearch)(recording(config.right))() : config
 * E.isRight(outcome) // => true
 * ```
 */
export const recordRun =
  <C, S>(method: Method<C, S>) =>
  (recording: Recording<C>): TE.TaskEither<ShellError, Outcome> =>
    pipe(
      TE.fromIOEither(() => opened(method, recording)),
      TE.chain(({ cursor, log }) =>
        TE.bracket(
          log,
          writer =>
            drive(method)({
              interpreter: recording.interpreter,
              log: writer,
              hooks: recording.hooks ?? noHooks,
            })(cursor),
          writer => TE.fromIO(() => writer.close()),
        ),
      ),
    )
