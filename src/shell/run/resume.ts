/**
 * Resumes an interrupted run from its log. No recorded command is carried out again. On the same backend and versions, the
 * final log is byte for byte that of an uninterrupted run.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import { sameNumerics } from '../../core/log/numerics.js'
import type { BackendName } from '../backend/Backend.js'
import { missingFrom } from '../train/WeightStore.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import * as Clock from '../record/Clock.js'
import { conduct, finish, stopwatch, type Audience, type Tuned } from './conduct.js'
import { openWeightsExist, persistenceWithMissing, tidy } from './keptWeights.js'
import { measuredAsRecorded } from './measuredWeights.js'
import { reopen } from '../record/logFile.js'
import { methodNamed, type Methods } from '../record/Methods.js'
import { recall, type Recalled } from '../record/recall.js'
import { otherNumerics, tornNotice, withRecordedRun, type RecordedRun } from '../record/RecordedRun.js'
import { readIfThere, summaryIn, weightsIn } from '../record/RunFolder.js'
import { backendOf, byThisProgram, configOf, otherVersions, sameData } from './sameCircumstances.js'
import { problemOf } from './tune.js'
import * as WeightFile from '../record/WeightFile.js'
import { checkSummary } from '../record/WrittenSummary.js'

/** The run to resume, and the backend. */
export interface ResumeOptions extends Audience {
  readonly methods: Methods
  /** A run folder, or its `run.jsonl`. */
  readonly target: string
  /** The backend; `null` for that of the recorded run. */
  readonly backend: BackendName | null
}

/** The result of resuming a run. */
export type Resumed =
  | ({ readonly _tag: 'Ended' } & Tuned)
  /** The run had halted before, and its files are complete. */
  | {
      readonly _tag: 'AlreadyFinished'
      readonly folder: string
      readonly steps: number
      readonly stopReason: string
      /** The rows of its result. */
      readonly rows: Outcome['rows']
    }

/** Finishes a run whose method has halted: writes its last files if they are missing. */
const concluded =
  ({ status }: Audience) =>
  <S>(
    { path, folder, header, size, first }: RecordedRun,
    { cursor, timeline, weights, end, torn }: Recalled<S>,
    stopReason: string,
  ): TE.TaskEither<ShellError, Resumed> => {
    const { info } = cursor.transition
    const { outcome } = info
    return pipe(
      // Opening the log cuts off an incomplete line.
      torn === null
        ? TE.right(undefined)
        : pipe(
            reopen(path)(end, size),
            TE.map(log => log.close()),
          ),
      TE.chainEitherK(() => checkSummary(folder, header, { records: cursor.records, info })),
      TE.chainEitherK(() => WeightFile.check(weightsIn(folder), first.digest.found)(weights)),
      TE.chainEitherK(() => readIfThere(summaryIn(folder), 64 * 1024 * 1024)),
      TE.chainEitherKW((summary): E.Either<ShellError, Resumed> => {
        tidy(folder, weights)
        if (summary !== null || outcome === null) {
          Clock.forget(folder)
          return E.right({
            _tag: 'AlreadyFinished',
            folder,
            steps: cursor.records,
            stopReason,
            rows: outcome?.rows ?? [],
          })
        }
        status.note('All steps are recorded; only the summary is missing.')
        return pipe(
          finish(folder, header, timeline, info, outcome, timeline.at(-1) ?? Clock.begin),
          E.map((tuned): Resumed => ({ _tag: 'Ended', ...tuned })),
        )
      }),
    )
  }

/** Continues a run whose method has not halted. */
const continued =
  (options: ResumeOptions) =>
  <C, S>(
    method: Method<C, S>,
    run: RecordedRun,
    recalled: Recalled<S>,
  ): TE.TaskEither<ShellError, Resumed> => {
    const { status } = options
    const { path, folder, header } = run
    const { cursor, timeline, end, weights, recorded } = recalled
    const id = run.first.digest.found
    const elapsed = stopwatch(timeline.at(-1))
    const missing = missingFrom(weightsIn(folder))(weights)
    return pipe(
      TE.Do,
      TE.bind('named', () => TE.fromEither(configOf(run))),
      TE.chainFirstEitherK(() => openWeightsExist(cursor, folder, missing)),
      TE.bind('unsealed', () => TE.fromEither(WeightFile.check(weightsIn(folder), id)(weights))),
      TE.bind('problem', ({ named }) => problemOf(named, status)),
      TE.chainFirstEitherK(({ problem }) => sameData(run)(problem)),
      TE.bind('backend', ({ problem }) => backendOf(run, problem, options.backend, options)),
      TE.chainFirst(({ backend, problem, unsealed }) =>
        measuredAsRecorded(backend, problem, folder)(recorded.filter(({ ref }) => unsealed.includes(ref))),
      ),
      TE.chain(({ backend, problem }) => {
        const others = otherVersions(header, backend)
        if (others.length > 0)
          status.note(
            `Versions have changed since the run was recorded (${others.join('; ')}): the new steps may differ from those of ` +
              'an uninterrupted run.',
          )
        status.note(`Resuming ${folder} after ${cursor.records} recorded steps.`)
        const log = pipe(
          reopen(path)(end, run.size),
          TE.map(writer => {
            tidy(folder, weights)
            return writer
          }),
        )
        return conduct(options)(method)({
          folder,
          header,
          problem,
          backend,
          persistence: persistenceWithMissing(folder, id, missing),
          cursor,
          timeline,
          log,
          elapsed,
        })
      }),
      TE.map((tuned): Resumed => ({ _tag: 'Ended', ...tuned })),
    )
  }

/**
 * Resumes a recorded run. An incomplete last line is dropped. If the run has halted, its missing files are written.
 *
 * Errors: `BadInput` if the log cannot be read, the data has changed or weights are missing; `Environment` if a file of weights is
 * damaged; `Mismatch` if the log does not replay; and those of {@link tune}. Nothing is written before all of this is checked.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { configFromFile, methods, resume, type Resumed, type ResumeOptions, type Signals, status, tune } from 'bilevel-hpo/shell'
 *
 * const signals: Signals = process
 * const audience = { status: status({ write: () => true }, () => 0), signals, workers: 1, methods }
 * const config = configFromFile('config.json')
 * if (E.isRight(config)) await tune({ ...audience, named: config.right, folder: 'resumed', backend: 'wasm' })()
 * // It had come to its end, so nothing is left to do.
 * const options: ResumeOptions = { ...audience, target: 'resumed', backend: null }
 * const resumed: E.Either<unknown, Resumed> = await resume(options)()
 * E.map(({ _tag }: Resumed) => _tag)(resumed) // => E.right('AlreadyFinished')
 * ```
 */
export const resume = (options: ResumeOptions): TE.TaskEither<ShellError, Resumed> => {
  return pipe(
    // The whole log is read before the file is closed. Only then does the run continue.
    TE.fromEither(
      withRecordedRun(options.target)(run =>
        pipe(
          byThisProgram(run),
          E.flatMap(() =>
            sameNumerics(run.header)
              ? methodNamed(options.methods)(run.header.method)
              : E.left(badInput(otherNumerics(run.path, run.header))),
          ),
          E.chain(method =>
            method(typed =>
              pipe(
                recall(typed)(run),
                E.map(recalled => {
                  const { torn, cursor } = recalled
                  if (torn !== null) options.status.note(tornNotice(run.path, torn))
                  const { outcome } = cursor.transition.info
                  return cursor.records > 0 && outcome !== null
                    ? concluded(options)(run, recalled, outcome.stopReason)
                    : continued(options)(typed, run, recalled)
                }),
              ),
            ),
          ),
        ),
      ),
    ),
    TE.flatten,
  )
}
