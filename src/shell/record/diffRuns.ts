/** Where two recorded runs part: in their headers, and in their records. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { firstDifference, show, type Difference } from '../../core/codec/Difference.js'
import type { LogLine } from '../../core/log/RunLog.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { faultMessage, withRecordedRun, type RecordedRun } from './RecordedRun.js'

/** One place where two logs differ: `expected` is what the first one has, `found` what the second one has. */
export interface Parting extends Difference {
  readonly line: number
}

/** What a comparison of two runs found. */
export interface Compared {
  readonly paths: readonly [string, string]
  /** Lines that both have. */
  readonly lines: number
  /** The first field of the headers that differs. */
  readonly header: O.Option<Parting>
  /** The first field of the first record that differs. */
  readonly records: O.Option<Parting>
  /** What is to be said of incomplete last lines, which count as not there. */
  readonly notices: ReadonlyArray<string>
}

const damaged = (path: string, { line, digest }: LogLine): ShellError =>
  badInput(
    `Line ${line} of ${path}, field \`digest\`: expected ${digest.expected}, found ${digest.found}. The log was changed after ` +
      'it was written, so there is nothing to compare; restore it from a copy.',
  )

/** The lines of a run after its header: `null` at its end, which an incomplete line is, too. */
const reader = ({ path, rest }: RecordedRun) => {
  const lines = rest[Symbol.iterator]()
  const notices: Array<string> = []
  const next = (): E.Either<ShellError, LogLine | null> => {
    const read = lines.next()
    if (read.done === true) return E.right(null)
    if (E.isLeft(read.value)) {
      const fault = read.value.left
      if (fault._tag === 'Unreadable') return E.left(faultMessage(path)(fault))
      notices.push(faultMessage(path)(fault).message)
      return E.right(null)
    }
    const line = read.value.right
    return line.digest.expected === line.digest.found ? E.right(line) : E.left(damaged(path, line))
  }
  return { next, notices }
}

const at =
  (line: number) =>
  (difference: Difference): Parting => ({ line, ...difference })

const endOf = (line: number, a: LogLine | null, b: LogLine | null): Parting => {
  const what = (log: LogLine | null): string =>
    log === null ? `no line, the log ends after ${line - 1}` : `step ${show(log.value['step'])}`
  return { line, field: 'step', expected: what(a), found: what(b) }
}

const compare = (a: RecordedRun, b: RecordedRun): E.Either<ShellError, Compared> => {
  const [left, right] = [reader(a), reader(b)]
  for (const { path, first } of [a, b])
    if (first.digest.expected !== first.digest.found) return E.left(damaged(path, first))
  const header = pipe(firstDifference('')(a.first.value, b.first.value), O.map(at(1)))
  const compared = (lines: number, records: O.Option<Parting>): Compared => ({
    paths: [a.path, b.path],
    lines,
    header,
    records,
    notices: [...left.notices, ...right.notices],
  })
  for (let line = 2; ; line++) {
    const [one, other] = [left.next(), right.next()]
    if (E.isLeft(one)) return one
    if (E.isLeft(other)) return other
    const [mine, yours] = [one.right, other.right]
    if (mine === null && yours === null) return E.right(compared(line - 1, O.none))
    if (mine === null || yours === null) return E.right(compared(line - 1, O.some(endOf(line, mine, yours))))
    if (mine.body === yours.body) continue
    const difference = pipe(
      firstDifference('')(mine.value, yours.value),
      O.getOrElse(() => ({ field: '', expected: 'one text', found: 'another text of equal content' })),
    )
    return E.right(compared(line - 1, O.some(at(line)(difference))))
  }
}

/** A log that does not even start as one must is no log to compare, whatever replay would call it. */
const asUnreadable = (error: ShellError): ShellError =>
  error._tag === 'Mismatch' ? badInput(error.message) : error

/**
 * Compares two runs line by line, without replaying them. Errors: `BadInput` where one cannot be read, or was changed
 * after it was written.
 */
export const diffRuns = (a: string, b: string): E.Either<ShellError, Compared> =>
  pipe(
    withRecordedRun(a)(one => withRecordedRun(b)(other => compare(one, other))),
    E.mapLeft(asUnreadable),
  )

/** Whether nothing differs. */
export const equal = ({ header, records }: Compared): boolean => O.isNone(header) && O.isNone(records)

const sentence =
  ([a, b]: readonly [string, string]) =>
  ({ line, field, expected, found }: Parting): string =>
    [
      `Line ${line}, ${line === 1 ? 'the header' : `step ${line - 2}`}, field \`${field}\`:`,
      `  ${a}: ${expected}`,
      `  ${b}: ${found}`,
    ].join('\n')

/** The result for a person. */
export const statement = (compared: Compared): string => {
  const { paths, lines, header, records } = compared
  if (equal(compared)) return `${paths[0]} and ${paths[1]} are equal: ${lines} lines.`
  const found = [header, records].flatMap(parting =>
    O.isSome(parting) ? [sentence(paths)(parting.value)] : [],
  )
  return O.isNone(records) ? [...found, `The ${lines - 1} records are equal.`].join('\n') : found.join('\n')
}
