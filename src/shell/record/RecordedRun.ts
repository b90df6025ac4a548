/** Opens a recorded run, and explains why a run cannot be read or does not replay. */
import { fstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'
import { explain, fieldOf } from '../../core/codec/Codec.js'
import { show } from '../../core/codec/Difference.js'
import type { Method } from '../../core/protocol/Method.js'
import { numericsKey, numericsOf } from '../../core/log/numerics.js'
import { followRecords, type Followed } from '../../core/log/followRecords.js'
import { places, type Cursor, type Divergence, type Place } from '../../core/log/Replay.js'
import { format, Header, packedVersion, version, type LogLine } from '../../core/log/RunLog.js'
import { badInput, mismatch, type ShellError } from '../base/ShellError.js'
import { readLines, withFile, type LogFault } from './logFile.js'
import { logIn } from './RunFolder.js'

/** An open log. Its header is read; its records are read lazily. */
export interface RecordedRun {
  /** Path of the log. */
  readonly path: string
  readonly folder: string
  /** The size of the log in bytes when it was opened. */
  readonly size: number
  readonly header: Header
  readonly first: LogLine
  readonly rest: Iterable<E.Either<LogFault, LogLine>>
}

const nothingRecorded =
  'The run was killed as it began. Start it again: `bilevel tune` with the same configuration and `--out` takes this folder.'

/** Why a line could not be read, as a message. */
export const faultMessage =
  (path: string) =>
  (fault: LogFault): ShellError => {
    switch (fault._tag) {
      case 'Torn':
        return badInput(
          fault.line === 1
            ? `Line 1 of ${path} is incomplete: the file has no complete header, so no step was recorded. ${nothingRecorded}`
            : tornNotice(path, fault.line),
        )
      case 'Unreadable':
        return badInput(
          `Line ${fault.line} of ${path} cannot be read: it ${fault.reason}. The file is damaged or is not a run log. Restore ` +
            'it from a copy.',
        )
    }
  }

/** The notice that an incomplete last line was dropped. */
export const tornNotice = (path: string, line: number): string =>
  `Line ${line} of ${path} is incomplete and was dropped: the run was killed during the write, or the file was truncated. ` +
  `The ${line - 1} lines before it are complete.`

const divergenceMessage =
  (path: string) =>
  ({ line, field, expected, found }: Divergence): ShellError =>
    mismatch(
      `Line ${line} of ${path}, field \`${field}\`: expected ${expected}, found ${found}. ` +
        (field === 'digest'
          ? "The line's text was changed, although no decision depended on the difference. "
          : '') +
        'The log was changed after it was written, or another version of the method wrote it. Do not rely on it.',
    )

/** The error of an invalid header. If its digest does not match, it was changed after it was written; otherwise `unchanged`. */
const headerFault =
  (path: string, { digest }: LogLine) =>
  (field: string, expected: string, found: unknown, unchanged: string): ShellError =>
    digest.expected === digest.found
      ? badInput(unchanged)
      : divergenceMessage(path)({ _tag: 'Divergence', line: 1, field, expected, found: show(found) })

/** The first invalid field of a header. */
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
          `Line 1 of ${path} has no field \`format\` of "${format}": it is not a run log. Name the folder of a run, or its run.jsonl.`,
        ),
      )
    if (stated !== version && stated !== packedVersion)
      return E.left(
        headerFault(path, line)(
          'version',
          `${version} or ${packedVersion}`,
          stated,
          `Line 1 of ${path}, field \`version\`: expected ${version} or ${packedVersion}, found ${show(stated)}. This program ` +
            'reads these versions of the run log; replay it with the program that wrote it.',
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
          `Line 1 of ${path} is not the header of a run log: ${explain(errors)}. Restore it from a copy.`,
        )
      }),
    )
  }

/** Opens the run in a folder, or a `run.jsonl`, and closes it after `use`. */
export const withRecordedRun =
  (target: string) =>
  <A>(use: (run: RecordedRun) => E.Either<ShellError, A>): E.Either<ShellError, A> => {
    const isFolder = statSync(target, { throwIfNoEntry: false })?.isDirectory() ?? false
    const path = isFolder ? logIn(target) : target
    const folder = isFolder ? target : dirname(target)
    return withFile(path)(file => {
      const { size } = fstatSync(file)
      const lines = readLines(file)
      const first = lines.next()
      return first.done === true
        ? E.left(badInput(`${path} is empty: no step was recorded. ${nothingRecorded}`))
        : pipe(
            first.value,
            E.mapLeft(faultMessage(path)),
            E.chain(line =>
              pipe(
                headerOf(path)(line),
                E.chain(header => use({ path, folder, size, header, first: line, rest: lines })),
              ),
            ),
          )
    })
  }

/** The message about a log that was recorded with another version of the numerics. */
export const otherNumerics = (
  path: string,
  { method, versions }: Pick<Header, 'method' | 'versions'>,
): string =>
  `${path} was recorded with version ${versions[numericsKey] ?? '?'} of the numerics (bilevel-hpo ` +
  `${versions['bilevel-hpo'] ?? '?'}), but this program has version ${numericsOf(method)}, so it cannot derive the decisions of that ` +
  'run again. To replay or resume it, install the release of bilevel-hpo that recorded it.'

/** Where a replay ended. */
export interface Reached<S> {
  readonly cursor: Cursor<S>
  /** The number of the last line, counted from 1, if it is incomplete and was dropped; otherwise `null`. */
  readonly torn: number | null
}

/** Where the reading of a log ended, if its decisions were not derived again. */
export interface ReadThrough {
  readonly followed: Followed
  readonly torn: number | null
}

/**
 * The last place of a log, or the place of step `until`. An incomplete last line is dropped; any other fault is an error.
 */
const last = <P>(
  path: string,
  found: Iterable<E.Either<LogFault | Divergence, P>>,
  until: number | null,
  recordsOf: (place: P) => number,
  visit: (place: P) => void,
): E.Either<ShellError, { readonly place: P; readonly torn: number | null }> => {
  let reached: { readonly place: P } | null = null
  for (const place of found) {
    if (E.isRight(place)) {
      reached = { place: place.right }
      visit(place.right)
      if (until !== null && recordsOf(place.right) > until) break
    } else if (place.left._tag === 'Divergence') return E.left(divergenceMessage(path)(place.left))
    else if (place.left._tag === 'Torn' && reached !== null)
      return E.right({ ...reached, torn: place.left.line })
    else return E.left(faultMessage(path)(place.left))
  }
  return reached === null
    ? E.left(badInput(`${path} is empty: no step was recorded. ${nothingRecorded}`))
    : E.right({ ...reached, torn: null })
}

/**
 * Replays a run to its end, or up to and including a step, and calls `visit` with each place. An incomplete last line is
 * dropped; any other fault is an error.
 */
export const traverse =
  <C, S>(method: Method<C, S>) =>
  (until: number | null, visit: (place: Place<S>) => void) =>
  ({ path, first, rest }: RecordedRun): E.Either<ShellError, Reached<S>> =>
    pipe(
      last(path, places(method)(first)(rest), until, ({ cursor: { records } }) => records, visit),
      E.map(({ place: { cursor }, torn }) => ({ cursor, torn })),
    )

/** Reads a run like {@link traverse}, but without its method: no decision is derived again. */
export const readThrough =
  (until: number | null) =>
  ({ path, first, rest }: RecordedRun): E.Either<ShellError, ReadThrough> =>
    pipe(
      last(
        path,
        followRecords(first)(rest),
        until,
        ({ records }) => records,
        () => undefined,
      ),
      E.map(({ place, torn }) => ({ followed: place, torn })),
    )
