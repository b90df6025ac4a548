/** Finds the first difference of two recorded runs, in their headers and in their records. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { firstDifference, show, type Difference } from '../../core/codec/Difference.js'
import type { LogLine } from '../../core/log/RunLog.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { faultMessage, withRecordedRun, type RecordedRun } from './RecordedRun.js'

/** A difference of two logs: `expected` is the value in the first log, `found` the value in the second. */
export interface Parting extends Difference {
  readonly line: number
}

/** The result of comparing two runs. */
export interface Compared {
  readonly paths: readonly [string, string]
  /** The number of lines compared before the end or the first different record. */
  readonly lines: number
  /** The first field of the headers that differs. */
  readonly header: O.Option<Parting>
  /** The first field of the first record that differs. */
  readonly records: O.Option<Parting>
  /** Notices about incomplete last lines, which are ignored. */
  readonly notices: ReadonlyArray<string>
}

const damaged = (path: string, { line, digest }: LogLine): ShellError =>
  badInput(
    `Line ${line} of ${path}, field \`digest\`: expected ${digest.expected}, found ${digest.found}. The log was changed after ` +
      'it was written, so there is nothing to compare; restore it from a copy.',
  )

/** Reads the lines of a run after its header: `null` at the end. An incomplete line counts as the end. */
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

/** A comparison does not replay, so it reports a damaged header as `BadInput` instead of `Mismatch`. */
const asUnreadable = (error: ShellError): ShellError =>
  error._tag === 'Mismatch' ? badInput(error.message) : error

/**
 * Compares two runs line by line, without replaying them. Errors: `BadInput` if one cannot be read, or was changed after it
 * was written.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { copyFileSync } from 'node:fs'
 * import { type Compared, diffRuns, type ShellError } from 'bilevel-hpo/runs'
 *
 * copyFileSync('run/run.jsonl', 'again.jsonl')
 * const compared: E.Either<ShellError, Compared> = diffRuns('run', 'again.jsonl')
 * E.map(({ lines }: Compared) => lines)(compared) // => E.right(37)
 * ```
 */
export const diffRuns = (a: string, b: string): E.Either<ShellError, Compared> =>
  pipe(
    withRecordedRun(a)(one => withRecordedRun(b)(other => compare(one, other))),
    E.mapLeft(asUnreadable),
  )

/**
 * Whether two compared runs have the same header and the same records.
 *
 * @example
 * ```ts
 * import { none, some } from 'fp-ts/lib/Option.js'
 * import { type Compared, equal, type Parting } from 'bilevel-hpo/runs'
 *
 * const same: Compared = { paths: ['a', 'b'], lines: 37, header: none, records: none, notices: [] }
 * const parting: Parting = { line: 9, field: 'observation.upper', expected: '0.5', found: '0.6' }
 * const whether = [equal(same), equal({ ...same, records: some(parting) })] // => [true, false]
 * ```
 */
export const equal = ({ header, records }: Compared): boolean => O.isNone(header) && O.isNone(records)

const sentence =
  ([a, b]: readonly [string, string]) =>
  ({ line, field, expected, found }: Parting): string =>
    [
      `Line ${line}, ${line === 1 ? 'the header' : `step ${line - 2}`}, field \`${field}\`:`,
      `  ${a}: ${expected}`,
      `  ${b}: ${found}`,
    ].join('\n')

/**
 * The result of a comparison as text for a person: the line, step and field of the first difference, and both values.
 *
 * @example
 * ```ts
 * import { none, some } from 'fp-ts/lib/Option.js'
 * import { diffStatement } from 'bilevel-hpo/runs'
 *
 * const parting = { line: 9, field: 'observation.upper', expected: '0.5', found: '0.6' }
 * const text = diffStatement({ paths: ['a', 'b'], lines: 8, header: none, records: some(parting), notices: [] })
 * text // => 'Line 9, step 7, field `observation.upper`:\n  a: 0.5\n  b: 0.6'
 * ```
 */
export const statement = (compared: Compared): string => {
  const { paths, lines, header, records } = compared
  if (equal(compared)) return `${paths[0]} and ${paths[1]} are equal: ${lines} lines.`
  const found = [header, records].flatMap(parting =>
    O.isSome(parting) ? [sentence(paths)(parting.value)] : [],
  )
  return O.isNone(records) ? [...found, `The ${lines - 1} records are equal.`].join('\n') : found.join('\n')
}
