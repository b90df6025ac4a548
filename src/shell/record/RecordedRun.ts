/** Opens a recorded run, and says what is wrong with one that cannot be read or does not replay. */
import { fstatSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as t from 'io-ts'
import { explain, fieldOf } from '../../core/codec/Codec.js'
import { show } from '../../core/codec/Difference.js'
import type { Method } from '../../core/protocol/Method.js'
import { numerics, numericsKey } from '../../core/log/numerics.js'
import { followRecords, type Followed } from '../../core/log/followRecords.js'
import { places, type Cursor, type Divergence, type Place } from '../../core/log/Replay.js'
import { format, Header, packedVersion, version, type LogLine } from '../../core/log/RunLog.js'
import { badInput, mismatch, type ShellError } from '../base/ShellError.js'
import { readLines, withFile, type LogFault } from './logFile.js'
import { logIn } from './RunFolder.js'

/** A log whose header is read and whose records are read as they are asked for. */
export interface RecordedRun {
  /** Path of the log. */
  readonly path: string
  readonly folder: string
  /** Bytes of the log before any of it was read. */
  readonly size: number
  readonly header: Header
  readonly first: LogLine
  readonly rest: Iterable<E.Either<LogFault, LogLine>>
}

/** Why a line could not be read, as a message. */
export const faultMessage =
  (path: string) =>
  (fault: LogFault): ShellError => {
    switch (fault._tag) {
      case 'Torn':
        return badInput(
          fault.line === 1
            ? `Line 1 of ${path} is incomplete: the file holds no whole header, so no step was recorded. Name the run.jsonl ` +
                'of another run, or remove this one and run again.'
            : tornNotice(path, fault.line),
        )
      case 'Unreadable':
        return badInput(
          `Line ${fault.line} of ${path} cannot be read: it ${fault.reason}. The file is damaged, or no run log; restore it ` +
            'from a copy.',
        )
    }
  }

/** What is said of a last line that was dropped. */
export const tornNotice = (path: string, line: number): string =>
  `Line ${line} of ${path} is incomplete and was dropped: the run was killed while it was written, or the file was cut. ` +
  `The ${line - 1} lines before it are whole.`

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
          `Line 1 of ${path} is no header of a run log: ${explain(errors)}. Restore it from a copy.`,
        )
      }),
    )
  }

/** Opens the run in a folder, or that of a `run.jsonl`, for as long as `use` takes. */
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
        ? E.left(badInput(`${path} is empty: no step was recorded. Name the run.jsonl of another run.`))
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

/** What is said of a log that other numerics recorded. */
export const otherNumerics = (path: string, { versions }: Pick<Header, 'versions'>): string =>
  `${path} was recorded with version ${versions[numericsKey] ?? '?'} of the numerics (bilevel-hpo ` +
  `${versions['bilevel-hpo'] ?? '?'}), and this program has version ${numerics}: it cannot derive the decisions of that run ` +
  'again. To replay it or go on with it, install the release of bilevel-hpo that recorded it.'

/** How far a replay came. */
export interface Reached<S> {
  readonly cursor: Cursor<S>
  /** The last line, counted from 1, where it is incomplete and so was dropped. */
  readonly torn: number | null
}

/** How far a log was read whose decisions were not derived again. */
export interface ReadThrough {
  readonly followed: Followed
  readonly torn: number | null
}

/**
 * The last of the places of a log, or the last one that a step allows. An incomplete last line is dropped; anything else
 * that is wrong is an error.
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
    ? E.left(badInput(`${path} is empty: no step was recorded. Name the run.jsonl of another run.`))
    : E.right({ ...reached, torn: null })
}

/**
 * Replays a run to its end, or up to and including a step, showing each place on the way. An incomplete last line is
 * dropped; anything else that is wrong is an error.
 */
export const traverse =
  <C, S>(method: Method<C, S>) =>
  (until: number | null, visit: (place: Place<S>) => void) =>
  ({ path, first, rest }: RecordedRun): E.Either<ShellError, Reached<S>> =>
    pipe(
      last(path, places(method)(first)(rest), until, ({ cursor: { records } }) => records, visit),
      E.map(({ place: { cursor }, torn }) => ({ cursor, torn })),
    )

/** Reads a run as {@link traverse} does, but without its method: nothing is derived again. */
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
