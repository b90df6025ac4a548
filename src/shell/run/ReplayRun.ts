/**
 * Replays a recorded run, with neither its data nor its backend, and checks that `summary.json` is what the log
 * comes to.
 */
import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as Json from 'fp-ts/lib/Json.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as t from 'io-ts'
import { explain, fieldOf } from '../../core/protocol/Codec.js'
import { isQuestion } from '../../core/protocol/Command.js'
import { firstDifference, show, type Difference } from '../../core/protocol/Difference.js'
import { replay, type Cursor, type Divergence } from '../../core/protocol/Replay.js'
import { format, Header, version, type LogLine } from '../../core/protocol/RunLog.js'
import { badInput, mismatch, type ShellError } from '../ShellError.js'
import { readLines, withFile, type LogFault } from './LogFile.js'
import { methodNamed, type Methods } from './methods.js'
import { logIn, readIfThere, summaryIn } from './RunFolder.js'
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
}

const faultMessage =
  (path: string) =>
  (fault: LogFault): ShellError => {
    switch (fault._tag) {
      case 'Torn':
        return badInput(
          fault.line === 1
            ? `Line 1 of ${path} is incomplete: the file holds no whole header, so there is nothing to replay. Name the run.jsonl of another run.`
            : `Line ${fault.line} of ${path} is incomplete: the run was killed while it was written, or the file was cut. The ` +
                `${fault.line - 1} lines before it replay as logged. Remove the incomplete line to have a valid log.`,
        )
      case 'Unreadable':
        return badInput(
          `Line ${fault.line} of ${path} cannot be read: it ${fault.reason}. The file is damaged, or no run log; restore it ` +
            'from a copy.',
        )
    }
  }

const divergenceMessage =
  (path: string) =>
  ({ line, field, expected, found }: Divergence): ShellError =>
    mismatch(
      `Line ${line} of ${path}, field \`${field}\`: expected ${expected}, found ${found}. ` +
        (field === 'digest'
          ? "The line's text is not what was written, though no decision depended on the difference. "
          : '') +
        'The log was changed after it was written, or another version of the method wrote it; do not rely on it.',
    )

/** A header that cannot be read: because it was changed after it was written, where its digest says so. */
const headerFault =
  (path: string, { digest }: LogLine) =>
  (field: string, expected: string, found: unknown, unchanged: string): ShellError =>
    digest.expected === digest.found
      ? badInput(unchanged)
      : divergenceMessage(path)({ _tag: 'Divergence', line: 1, field, expected, found: show(found) })

/** The first field of a header that is not as it must be. */
const headerDifference = (errors: t.Errors): { field: string; expected: string; found: unknown } => {
  const error = errors[0]
  return {
    field: error === undefined ? '' : fieldOf(error.context),
    expected: error?.context[error.context.length - 1]?.type.name ?? 'a header',
    found: error?.value,
  }
}

const headerOf =
  (path: string) =>
  (line: LogLine): E.Either<ShellError, Header> => {
    const { value } = line
    const stated = value['version']
    if (value['format'] !== format)
      return E.left(
        badInput(
          `Line 1 of ${path} has no field \`format\` of "${format}": it is no run log. Name the folder of a run, or its run.jsonl.`,
        ),
      )
    if (stated !== version)
      return E.left(
        headerFault(path, line)(
          'version',
          String(version),
          stated,
          `Line 1 of ${path}, field \`version\`: expected ${version}, found ${show(stated)}. This program reads ` +
            `version ${version} of the run log; replay it with the program that wrote it.`,
        ),
      )
    return pipe(
      Header.decode(value),
      E.mapLeft(errors => {
        const { field, expected, found } = headerDifference(errors)
        return headerFault(path, line)(
          field,
          expected,
          found,
          `Line 1 of ${path} is no header of a run log: ${explain(errors)}. Restore it from a copy.`,
        )
      }),
    )
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
const checkSummary = <S>(
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

/** Replays the run in a folder, or that of a `run.jsonl`. */
export const replayRun =
  (known: Methods) =>
  (target: string): E.Either<ShellError, Replayed> => {
    const isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false
    const path = isFolder ? logIn(target) : target
    const folder = isFolder ? target : dirname(target)
    return withFile(path)(file => {
      const began = performance.now()
      const lines = readLines(file)
      const first = lines.next()
      if (first.done === true)
        return E.left(
          badInput(`${path} is empty: there is nothing to replay. Name the run.jsonl of another run.`),
        )
      return pipe(
        E.Do,
        E.bind('line', () => pipe(first.value, E.mapLeft(faultMessage(path)))),
        E.bind('header', ({ line }) => headerOf(path)(line)),
        E.bind('method', ({ header }) => methodNamed(known)(header.method)),
        E.chain(({ line, header, method }) =>
          method(typed =>
            pipe(
              replay(typed)(line)(lines),
              E.mapLeft(fault =>
                fault._tag === 'Divergence' ? divergenceMessage(path)(fault) : faultMessage(path)(fault),
              ),
              E.chainFirst(cursor => checkSummary(folder, header, cursor)),
              E.map(cursor => ({
                path,
                header,
                steps: cursor.records,
                seconds: (performance.now() - began) / 1000,
                state: stateOf(cursor),
                halted: cursor.transition.info.outcome !== null,
              })),
            ),
          ),
        ),
      )
    })
  }

/** The result in one line. */
export const statement = ({ path, header, steps, seconds, state }: Replayed): string =>
  `${path}: all ${steps} steps replay as logged (method ${header.method}, backend ${header.backend}; ` +
  `${Math.round(steps / Math.max(seconds, 1e-6)).toLocaleString('en-US')} steps/s). State: ${state}.`
