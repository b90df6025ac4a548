/** Checks the `summary.json` beside a log against the summary that the log gives. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { parseObject } from '../../core/codec/boundedJson.js'
import { firstDifference, type Difference } from '../../core/codec/Difference.js'
import type { Info } from '../../core/protocol/Info.js'
import { limits, type Header } from '../../core/log/RunLog.js'
import { mismatch, type ShellError } from '../base/ShellError.js'
import { readIfThere, summaryIn } from './RunFolder.js'
import { summarize, texts } from './Summary.js'

/** The content of a `summary.json`, parsed as a JSON object but not decoded. */
export interface WrittenSummary {
  readonly path: string
  readonly text: string
  readonly value: Readonly<Record<string, unknown>>
}

/** The end of a log: its number of records, and the last `info`. */
export interface LogEnd {
  readonly records: number
  readonly info: Info | null
}

/** The summary in a folder; `null` if there is none. Errors: `Mismatch` if it is not a JSON object, so no run wrote it. */
export const readSummary = (folder: string): E.Either<ShellError, WrittenSummary | null> => {
  const path = summaryIn(folder)
  return pipe(
    // A character takes at most four bytes.
    readIfThere(path, 4 * limits.length),
    E.chain(text =>
      text === null
        ? E.right(null)
        : pipe(
            parseObject(limits)(text),
            E.bimap(
              problem =>
                mismatch(
                  `The file ${path} ${problem}, so no run wrote it. Move it away; then the log beside it can be replayed.`,
                ),
              value => ({ path, text, value }),
            ),
          ),
    ),
  )
}

const fault = (path: string, { field, expected, found }: Difference): ShellError =>
  mismatch(
    `The file ${path}, field \`${field}\`: expected ${expected} from the log, found ${found}. The summary was changed after ` +
      'it was written; the log beside it replays as logged.',
  )

/** Checks a summary against its log. */
export const agrees = (
  { path, text, value }: WrittenSummary,
  header: Header,
  { records, info }: LogEnd,
): E.Either<ShellError, void> => {
  const outcome = info?.outcome ?? null
  if (outcome === null || info === null)
    return E.left(fault(path, { field: 'stopReason', expected: 'no summary yet', found: 'one' }))
  const expected = summarize(header, records, info, outcome)
  if (texts(expected).includes(text)) return E.right(undefined)
  return pipe(
    firstDifference('')(expected, value),
    O.getOrElse(() => ({
      field: '',
      expected: 'the text that a run writes',
      found: 'other text of equal content',
    })),
    difference => E.left(fault(path, difference)),
  )
}

/** Checks the summary beside a log, if there is one. */
export const checkSummary = (folder: string, header: Header, place: LogEnd): E.Either<ShellError, void> =>
  pipe(
    readSummary(folder),
    E.chain(summary => (summary === null ? E.right(undefined) : agrees(summary, header, place))),
  )
