/**
 * Replays a recorded run without its data and backend. Checks its `summary.json` against the log, and its weights against their
 * checksums.
 */
import { existsSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isQuestion, type Command, type Question, type WeightsRef } from '../../core/protocol/Command.js'
import { weightsOfRows } from '../../core/finishing/finishing.js'
import type { Info } from '../../core/protocol/Info.js'
import { sameNumerics } from '../../core/log/numerics.js'
import type { Header } from '../../core/log/RunLog.js'
import { badInput, mismatch, type ShellError } from '../base/ShellError.js'
import { weightsIn } from './RunFolder.js'
import * as WeightFile from './WeightFile.js'
import { methodNamed, type Methods } from './Methods.js'
import { readThrough, traverse, withRecordedRun, type RecordedRun } from './RecordedRun.js'
import { agrees, readSummary } from './WrittenSummary.js'

/** The result of a replay without a fault. */
export interface Replayed {
  readonly path: string
  readonly header: Header
  readonly steps: number
  readonly seconds: number
  /**
   * What was checked. `decisions`: every command and info was derived again and is as logged. `records`: another version of
   * the numerics recorded the run, so only the records were checked: they are complete and unchanged, and questions and
   * answers match.
   */
  readonly checked: 'decisions' | 'records'
  /** The state of the run, as words for a message. */
  readonly state: string
  readonly halted: boolean
  /** The number of the last line, counted from 1, if it is incomplete and was dropped; otherwise `null`. */
  readonly torn: number | null
  /** Weights of the result whose files are not in the run's folder of weights, or have no checksum. */
  readonly unverified: ReadonlyArray<WeightsRef>
  /** The method after the last replayed step. */
  readonly after: {
    /** `null` only for a run without records that was not derived again. */
    readonly info: Info | null
    /** Questions without an answer. */
    readonly open: ReadonlyArray<Question>
    /** The method's state: plain JSON without packed numbers. `null` if the run was not derived again. */
    readonly state: unknown
  }
}

/** The options of {@link replayRun}. */
export interface ReplayOptions {
  /** The last step to replay, counted from 0; `null` for all steps. */
  readonly until: number | null
}

/** The end of a replay, or of a reading without replay. */
interface Reached {
  readonly checked: Replayed['checked']
  readonly records: number
  readonly info: Info | null
  readonly todo: ReadonlyArray<Command>
  readonly state: unknown
  readonly torn: number | null
}

const stateOf = ({ records, info, todo }: Reached): string => {
  if (records === 0 || info === null) return 'not started'
  if (info.outcome !== null) return `halted (${info.outcome.stopReason})`
  const next = todo.find(isQuestion)
  return `unfinished, ${info.phase}${next === undefined ? '' : `, next is command ${next.id}, ${next._tag}`}`
}

/** Derives the run again. If another version of the numerics recorded it, only reads it. */
const reach =
  (known: Methods, until: number | null) =>
  (run: RecordedRun): E.Either<ShellError, Reached> =>
    sameNumerics(run.header)
      ? pipe(
          methodNamed(known)(run.header.method),
          E.chain(method =>
            method(typed =>
              pipe(
                run,
                traverse(typed)(until, () => undefined),
                E.map(({ cursor: { records, todo, transition }, torn }): Reached => ({
                  checked: 'decisions',
                  records,
                  info: transition.info,
                  todo,
                  state: transition.state,
                  torn,
                })),
              ),
            ),
          ),
        )
      : pipe(
          run,
          readThrough(until),
          E.map(({ followed, torn }): Reached => ({ checked: 'records', ...followed, state: null, torn })),
        )

const noStep = (path: string, until: number | null, records: number): ShellError =>
  badInput(
    `There is no step ${until ?? ''} in ${path}: ` +
      (records === 0 ? 'none is recorded yet.' : `its steps are 0 to ${records - 1}. Name one of them.`),
  )

/** Weights of the result that no checksum vouches for. A log that was copied without its folder of weights names none. */
const unverifiedIn = (folder: string, info: Info | null): ReadonlyArray<WeightsRef> => {
  const rows = info?.outcome?.rows ?? []
  if (!existsSync(weightsIn(folder))) return []
  const sealed = WeightFile.sealedIn(weightsIn(folder)).filter(ref =>
    existsSync(WeightFile.pathIn(weightsIn(folder))(ref)),
  )
  return [...new Set(weightsOfRows(rows))].filter(ref => !sealed.includes(ref))
}

/** Checks the weights beside a log, as far as they are there. */
const weightsAsWritten = ({ folder, first }: RecordedRun): E.Either<ShellError, unknown> =>
  pipe(
    WeightFile.check(weightsIn(folder), first.digest.found)(WeightFile.sealedIn(weightsIn(folder))),
    E.mapLeft(({ message }) => mismatch(`${message} The log beside it replays as logged.`)),
  )

/**
 * Replays the run in a folder, or a `run.jsonl`. With `until`, neither the later lines nor the summary nor the weights are read.
 *
 * Errors: `Mismatch` if the log or the summary beside it differs from what the method derives from the observations, or if a file
 * of weights is not as its checksum says; `BadInput` or `Environment` if a file cannot be read.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { methods, type Replayed, type ReplayOptions, replayRun, type ShellError } from 'bilevel-hpo/runs'
 *
 * const replayed: E.Either<ShellError, Replayed> = replayRun(methods)('run')
 * E.map(({ steps, checked, halted }: Replayed) => ({ steps, checked, halted }))(replayed) // => E.right({ steps: 36, checked: 'decisions', halted: true })
 * // Only as far as step 9, for the method's state there.
 * const options: ReplayOptions = { until: 9 }
 * E.map(({ after }: Replayed) => after.info?.phase)(replayRun(methods)('run', options)) // => E.right('minimising')
 * ```
 */
export const replayRun =
  (known: Methods) =>
  (target: string, { until }: ReplayOptions = { until: null }): E.Either<ShellError, Replayed> =>
    withRecordedRun(target)(run => {
      const { path, folder, header } = run
      const began = performance.now()
      return pipe(
        // Refuse a broken summary before the long replay.
        until === null ? readSummary(folder) : E.right(null),
        E.bindTo('summary'),
        E.bind('reached', () => reach(known, until)(run)),
        E.filterOrElse(
          ({ reached: { records } }) => until === null || records > until,
          ({ reached: { records } }) => noStep(path, until, records),
        ),
        E.chainFirst(({ summary, reached }) =>
          // If the log lost its last line, the summary may still contain it, so there is nothing to check.
          summary === null || reached.torn !== null ? E.right(undefined) : agrees(summary, header, reached),
        ),
        E.chainFirst(() => (until === null ? weightsAsWritten(run) : E.right(undefined))),
        E.map(({ reached }): Replayed => ({
          path,
          unverified: until === null ? unverifiedIn(folder, reached.info) : [],
          header,
          checked: reached.checked,
          steps: reached.records,
          seconds: (performance.now() - began) / 1000,
          state: stateOf(reached),
          halted: (reached.info?.outcome ?? null) !== null,
          torn: reached.torn,
          after: { info: reached.info, open: reached.todo.filter(isQuestion), state: reached.state },
        })),
      )
    })

/**
 * The result of a replay, in one line for a person.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { methods, replayRun, replayStatement } from 'bilevel-hpo/runs'
 *
 * const replayed = replayRun(methods)('run')
 * const text = E.isRight(replayed) ? replayStatement(replayed.right) : ''
 * text.includes('all 36 steps replay as logged (method bilevel') // => true
 * ```
 */
export const statement = (
  { path, header, checked, steps, seconds, state, torn, unverified }: Replayed,
  { until }: ReplayOptions = { until: null },
): string =>
  `${path}: ${until === null && torn === null ? `all ${steps}` : `the first ${steps}`} steps ` +
  `${checked === 'decisions' ? 'replay as logged' : 'are complete, but were not derived again'} ` +
  `(method ${header.method}, backend ${header.backend}; ` +
  `${Math.round(steps / Math.max(seconds, 1e-6)).toLocaleString('en-US')} steps/s). State: ${state}.` +
  (unverified.length === 0
    ? ''
    : ` Not checked: the weights ${unverified.join(', ')}, whose files are missing or have no SHA-256 beside them.`)
