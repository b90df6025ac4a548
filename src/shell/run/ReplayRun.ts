/**
 * Replays a recorded run, with neither its data nor its backend, and checks that `summary.json` is what the log
 * comes to.
 */
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Json from 'fp-ts/lib/Json.js'
import * as O from 'fp-ts/lib/Option.js'
import { isQuestion, type Question } from '../../core/protocol/Command.js'
import { firstDifference, type Difference } from '../../core/protocol/Difference.js'
import type { Info } from '../../core/protocol/Info.js'
import type { Cursor } from '../../core/protocol/Replay.js'
import type { Header } from '../../core/protocol/RunLog.js'
import { badInput, mismatch, type ShellError } from '../ShellError.js'
import { methodNamed, type Methods } from './methods.js'
import { traverse, withRecordedRun } from './RecordedRun.js'
import { readIfThere, summaryIn } from './RunFolder.js'
import { encode, summarize } from './Summary.js'

/** What a replay that found nothing wrong can say. */
export interface Replayed {
  readonly path: string
  readonly header: Header
  readonly steps: number
  readonly seconds: number
  /** Where the run is, as a clause. */
  readonly state: string
  readonly halted: boolean
  /** The last line, counted from 1, where it is incomplete and so was dropped. */
  readonly torn: number | null
  /** Where the method is after the last step that was replayed. */
  readonly after: {
    readonly info: Info
    /** Questions that are not answered yet. */
    readonly open: ReadonlyArray<Question>
    readonly state: unknown
  }
}

export interface ReplayOptions {
  /** The last step to replay, counted from 0; `null`: all of them. */
  readonly until: number | null
}

const stateOf = <S>({ records, transition: { info }, todo }: Cursor<S>): string => {
  if (records === 0) return 'not started'
  if (info.outcome !== null) return `halted (${info.outcome.stopReason})`
  const next = todo.find(isQuestion)
  return `unfinished, ${info.phase}${next === undefined ? '' : `, next is command ${next.id}, ${next._tag}`}`
}

const summaryFault = (path: string, { field, expected, found }: Difference): ShellError =>
  mismatch(
    `The file ${path}, field \`${field}\`: expected ${expected} by the log, found ${found}. The summary was changed after ` +
      'it was written; the log beside it replays as logged.',
  )

/** What the log comes to, if it halted, against the file beside it, if there is one. */
export const checkSummary = <S>(
  folder: string,
  header: Header,
  { records, transition: { info } }: Cursor<S>,
): E.Either<ShellError, void> => {
  const path = summaryIn(folder)
  const { outcome } = info
  return pipe(
    readIfThere(path, 64 * 1024 * 1024),
    E.chain(text => {
      if (text === null) return E.right(undefined)
      if (outcome === null)
        return E.left(summaryFault(path, { field: 'stopReason', expected: 'no summary yet', found: 'one' }))
      const expected = summarize(header, records, info, outcome)
      if (text === encode(expected)) return E.right(undefined)
      const difference = pipe(
        Json.parse(text),
        E.match(
          () => O.some({ field: '', expected: 'a JSON object', found: 'something that is not JSON' }),
          found => firstDifference('')(expected, found),
        ),
        O.getOrElse(() => ({
          field: '',
          expected: 'the text that a run writes',
          found: 'other text of equal content',
        })),
      )
      return E.left(summaryFault(path, difference))
    }),
  )
}

/**
 * Replays the run in a folder, or that of a `run.jsonl`. With `until`, what comes after that step is not even read,
 * and the summary is not looked at.
 */
export const replayRun =
  (known: Methods) =>
  (target: string, { until }: ReplayOptions = { until: null }): E.Either<ShellError, Replayed> =>
    withRecordedRun(target)(run => {
      const { path, folder, header } = run
      const began = performance.now()
      return pipe(
        methodNamed(known)(header.method),
        E.chain(method =>
          method(typed =>
            pipe(
              run,
              traverse(typed)(until, () => undefined),
              E.filterOrElse(
                ({ cursor: { records } }) => until === null || records > until,
                ({ cursor: { records } }) =>
                  badInput(
                    `There is no step ${until ?? ''} in ${path}: ` +
                      (records === 0
                        ? 'none is recorded yet.'
                        : `its steps are 0 to ${records - 1}. Name one of them.`),
                  ),
              ),
              E.chainFirst(({ cursor, torn }) =>
                // A summary beside a log that lost its last line says nothing against the lines before it.
                until === null && torn === null ? checkSummary(folder, header, cursor) : E.right(undefined),
              ),
              E.map(({ cursor, torn }) => ({
                path,
                header,
                steps: cursor.records,
                seconds: (performance.now() - began) / 1000,
                state: stateOf(cursor),
                halted: cursor.transition.info.outcome !== null,
                torn,
                after: {
                  info: cursor.transition.info,
                  open: cursor.todo.filter(isQuestion),
                  state: typed.state.encode(cursor.transition.state),
                },
              })),
            ),
          ),
        ),
      )
    })

/** The result in one line. */
export const statement = (
  { path, header, steps, seconds, state, torn }: Replayed,
  { until }: ReplayOptions = { until: null },
): string =>
  `${path}: ${until === null && torn === null ? `all ${steps}` : `the first ${steps}`} steps replay as logged ` +
  `(method ${header.method}, backend ${header.backend}; ` +
  `${Math.round(steps / Math.max(seconds, 1e-6)).toLocaleString('en-US')} steps/s). State: ${state}.`
