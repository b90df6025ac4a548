/**
 * Replays a recorded run, with neither its data nor its backend, and checks that `summary.json` is what the log
 * comes to.
 */
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { isQuestion, type Command, type Question } from '../../core/protocol/Command.js'
import type { Info } from '../../core/protocol/Info.js'
import { sameNumerics } from '../../core/log/numerics.js'
import type { Header } from '../../core/log/RunLog.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { methodNamed, type Methods } from './Methods.js'
import { readThrough, traverse, withRecordedRun, type RecordedRun } from './RecordedRun.js'
import { agrees, readSummary } from './WrittenSummary.js'

/** What a replay that found nothing wrong can say. */
export interface Replayed {
  readonly path: string
  readonly header: Header
  readonly steps: number
  readonly seconds: number
  /**
   * What was found to be as logged: `decisions`, every command and info derived again; or, where other numerics recorded
   * the run, only `records`: they are whole, unchanged, and answer one another.
   */
  readonly checked: 'decisions' | 'records'
  /** Where the run is, as a clause. */
  readonly state: string
  readonly halted: boolean
  /** The last line, counted from 1, where it is incomplete and so was dropped. */
  readonly torn: number | null
  /** Where the method is after the last step that was replayed. */
  readonly after: {
    /** `null` before the first record of a run that was not derived again. */
    readonly info: Info | null
    /** Questions that are not answered yet. */
    readonly open: ReadonlyArray<Question>
    /** The method's, which is plain JSON, every number written out; `null` where nothing was derived again. */
    readonly state: unknown
  }
}

/** How far to replay. */
export interface ReplayOptions {
  /** The last step to replay, counted from 0; `null`: all of them. */
  readonly until: number | null
}

/** A place in a run, however it was reached. */
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

/** Derives the run again, or, where its numerics are not those here, reads it. */
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

/**
 * Replays the run in a folder, or that of a `run.jsonl`. With `until`, what comes after that step is not even read,
 * and the summary is not looked at.
 *
 * Errors: `Mismatch` where the log, or the summary beside it, is not what the method makes of the observations;
 * `BadInput` and `Environment` where it cannot be read.
 */
export const replayRun =
  (known: Methods) =>
  (target: string, { until }: ReplayOptions = { until: null }): E.Either<ShellError, Replayed> =>
    withRecordedRun(target)(run => {
      const { path, folder, header } = run
      const began = performance.now()
      return pipe(
        // What no run wrote is refused before anything is derived again.
        until === null ? readSummary(folder) : E.right(null),
        E.bindTo('summary'),
        E.bind('reached', () => reach(known, until)(run)),
        E.filterOrElse(
          ({ reached: { records } }) => until === null || records > until,
          ({ reached: { records } }) => noStep(path, until, records),
        ),
        E.chainFirst(({ summary, reached }) =>
          // A summary beside a log that lost its last line says nothing against the lines before it.
          summary === null || reached.torn !== null ? E.right(undefined) : agrees(summary, header, reached),
        ),
        E.map(({ reached }) => ({
          path,
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

/** The result in one line. */
export const statement = (
  { path, header, checked, steps, seconds, state, torn }: Replayed,
  { until }: ReplayOptions = { until: null },
): string =>
  `${path}: ${until === null && torn === null ? `all ${steps}` : `the first ${steps}`} steps ` +
  `${checked === 'decisions' ? 'replay as logged' : 'are whole, but were not derived again'} ` +
  `(method ${header.method}, backend ${header.backend}; ` +
  `${Math.round(steps / Math.max(seconds, 1e-6)).toLocaleString('en-US')} steps/s). State: ${state}.`
