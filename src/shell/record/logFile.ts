/**
 * Writes and reads run logs. Each line is synced to disk before the run continues. Reading checks every line.
 */
import { messageOf } from '../base/messageOf.js'
import { isUtf8 } from 'node:buffer'
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as RunLog from '../../core/log/RunLog.js'
import { createWhole, removeDrafts } from './newLog.js'
import { makeFolders } from '../base/folders.js'
import { environment, type ShellError } from '../base/ShellError.js'

/** Writes the lines of a log. */
export interface LogWriter {
  readonly path: string
  /** Appends a line with this text. Right once it is on disk. */
  readonly append: (body: string) => TE.TaskEither<ShellError, void>
  /** Appends a record, in the format of the log's version. */
  readonly record: (record: RunLog.LogRecord) => TE.TaskEither<ShellError, void>
  readonly close: () => void
}

/** Why a line could not be read. */
export type LogFault =
  /** The file ends within this line: the run was killed during the write. */
  | { readonly _tag: 'Torn'; readonly line: number }
  | { readonly _tag: 'Unreadable'; readonly line: number; readonly reason: string }

/** The first 16 hex digits of SHA-256 over the previous line's digest and this line's text. */
export const digestOf = (before: string, body: string): string =>
  createHash('sha256').update(before).update(body).digest('hex').slice(0, 16)

/** Identifies a run by its header. Weights name the run to which they belong by it. */
export const runIdOf = (header: RunLog.Header): string => digestOf('', RunLog.encodeHeader(header))

const cannotWrite = (path: string) => (error: unknown) =>
  environment(
    `The run log ${path} cannot be written (${messageOf(error)}). Free some space or choose another folder with --out; ` +
      'the earlier records are safe.',
  )

/** The end of a log: the size of its complete lines in bytes, the digest of the last one, and the state of the packing. */
export interface LogEnd {
  readonly bytes: number
  readonly digest: string
  readonly packing: RunLog.Packing
}

/** The text of a new line, and the end of the log after it. */
const after = (
  { body, packing }: { readonly body: string; readonly packing: RunLog.Packing },
  { bytes, digest: before }: LogEnd,
): { readonly text: string; readonly end: LogEnd } => {
  const digest = digestOf(before, body)
  const text = `${RunLog.seal(body, digest)}\n`
  return { text, end: { bytes: bytes + Buffer.byteLength(text), digest, packing } }
}

/** The end of an empty log. */
export const noLines: LogEnd = { bytes: 0, digest: '', packing: null }

/** The end of a log after one more line, whose digest must be as expected. */
export const past =
  ({ body, packing }: RunLog.LogLine) =>
  (end: LogEnd): LogEnd =>
    after({ body, packing: packing?.after ?? null }, end).end

const changed = (path: string): ShellError =>
  environment(
    `The run log ${path} was changed by another process during this run. Only one process may continue a run. End the ` +
      'other one, then resume the run.',
  )

const writer = (path: string, file: number, from: LogEnd): LogWriter => {
  let end = from
  // Synchronous, so that no signal handler runs in the middle of a line.
  const write = (
    line: (packing: RunLog.Packing) => { readonly body: string; readonly packing: RunLog.Packing },
  ): TE.TaskEither<ShellError, void> =>
    pipe(
      TE.fromIOEither(() =>
        E.tryCatch(() => {
          if (fs.fstatSync(file).size !== end.bytes) return false
          const next = after(line(end.packing), end)
          fs.writeFileSync(file, next.text)
          fs.fsyncSync(file)
          end = next.end
          return true
        }, cannotWrite(path)),
      ),
      TE.filterOrElse(
        written => written,
        () => changed(path),
      ),
      TE.map(() => undefined),
    )
  return {
    path,
    append: body => write(packing => ({ body, packing })),
    record: record => write(packing => RunLog.packRecord(packing)(record)),
    close: () => fs.closeSync(file),
  }
}

/**
 * Creates a log with its header, and the folder that it is in. The file appears with its whole header: it is written under another
 * name, and then linked. A log without a complete header, which a killed run of an older version may have left, is replaced.
 *
 * Errors: `Environment` if the file cannot be written or exists already.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { readFileSync } from 'node:fs'
 * import { RunLog } from 'bilevel-hpo'
 * import { createLog, type LogWriter } from 'bilevel-hpo/runs'
 *
 * const data = { train: 600, validation: 400, test: null, fingerprint: 'abc' }
 * const header = { format: RunLog.format, version: 1, method: 'mine', config: {}, problem: {}, data, backend: 'mine', versions: {} } as const
 * const log = await createLog('mine.jsonl')(header)()
 * const close = ({ close }: LogWriter): void => close()
 * if (E.isRight(log)) close(log.right)
 * readFileSync('mine.jsonl', 'utf8').startsWith('{"format":"bilevel-hpo/run","version":1,"method":"mine"') // => true
 * ```
 */
export const create =
  (path: string) =>
  (header: RunLog.Header): TE.TaskEither<ShellError, LogWriter> =>
    pipe(
      TE.fromIOEither(() =>
        E.tryCatch(() => {
          makeFolders(dirname(path))
          const from = { ...noLines, packing: RunLog.packingOf(header.version) }
          const { text, end } = after({ body: RunLog.encodeHeader(header), packing: from.packing }, from)
          const file = createWhole(path, text)
          return writer(path, file, end)
        }, cannotWrite(path)),
      ),
    )

/**
 * Opens a log to append to it. An incomplete last line is cut off. `size`: the size in bytes when the log was read. A log of
 * another size is refused, because another process has written to it.
 */
export const reopen =
  (path: string) =>
  (end: LogEnd, size: number): TE.TaskEither<ShellError, LogWriter> =>
    pipe(
      TE.fromIOEither(() => E.tryCatch(() => fs.openSync(path, 'a'), cannotWrite(path))),
      TE.chainIOEitherK(file => () => {
        const opened = pipe(
          E.tryCatch(() => {
            if (fs.fstatSync(file).size !== size) return false
            if (size > end.bytes) {
              fs.ftruncateSync(file, end.bytes)
              fs.fsyncSync(file)
            }
            return true
          }, cannotWrite(path)),
          E.filterOrElse(
            unchanged => unchanged,
            () => changed(path),
          ),
        )
        if (E.isLeft(opened)) fs.closeSync(file)
        else removeDrafts(path)
        return pipe(
          opened,
          E.map(() => writer(path, file, end)),
        )
      }),
    )

const chunkSize = 1 << 16

/** The bytes of a line; `null` if it is too long. `torn`: no newline ends it. */
interface RawLine {
  readonly bytes: Buffer | null
  readonly torn: boolean
}

/** The most bytes that a line of the longest allowed text takes. */
const longest = 3 * RunLog.limits.length

/** The lines of an open file. Reading stops after a line that is too long. */
function* rawLines(file: number): Generator<RawLine> {
  const chunk = Buffer.alloc(chunkSize)
  let parts: Buffer[] = []
  let length = 0
  for (let count = fs.readSync(file, chunk); count > 0; count = fs.readSync(file, chunk)) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1 && end < count; end = chunk.indexOf(10, from)) {
      yield { bytes: Buffer.concat([...parts, chunk.subarray(from, end)]), torn: false }
      parts = []
      length = 0
      from = end + 1
    }
    length += count - from
    if (length > longest) {
      yield { bytes: null, torn: false }
      return
    }
    parts.push(Buffer.from(chunk.subarray(from, count)))
  }
  if (length > 0) yield { bytes: Buffer.concat(parts), torn: true }
}

/** A line as text. Invalid UTF-8 is refused, because all invalid bytes would become the same U+FFFD. */
const textOf = (bytes: Buffer | null): E.Either<string, string> => {
  if (bytes !== null && !isUtf8(bytes)) return E.left('is not UTF-8 text')
  const text = bytes?.toString('utf8')
  return text === undefined || text.length > RunLog.limits.length
    ? E.left(`is longer than ${RunLog.limits.length} characters`)
    : E.right(text)
}

const unreadable = (line: number, reason: string): LogFault => ({ _tag: 'Unreadable', line, reason })

const logLine = (
  line: number,
  bytes: Buffer | null,
  { digest: before, packing }: Pick<LogEnd, 'digest' | 'packing'>,
): E.Either<LogFault, RunLog.LogLine> =>
  pipe(
    textOf(bytes),
    E.chain(text => E.fromOption(() => 'does not end with a digest')(RunLog.unseal(text))),
    E.bindTo('sealed'),
    E.bind('content', ({ sealed }) => RunLog.unpackRecord(packing)(sealed.body)),
    E.bimap(
      reason => unreadable(line, reason),
      ({ sealed: { body, digest }, content: { value, packing: known } }) => {
        const following = line === 1 ? RunLog.packingOf(value['version']) : known
        return {
          line,
          body,
          value,
          ...(following === null ? {} : { packing: { before: packing, after: following } }),
          digest: { expected: digestOf(before, body), found: digest },
        }
      },
    ),
  )

/**
 * The lines of a log, read lazily, up to the first that cannot be read.
 *
 * The expected digest of a line is computed from the digest *stated* in the previous line, so one change gives one error.
 */
export function* readLines(file: number): Generator<E.Either<LogFault, RunLog.LogLine>> {
  let line = 0
  let before: Pick<LogEnd, 'digest' | 'packing'> = noLines
  for (const { bytes, torn } of rawLines(file)) {
    line++
    const read: E.Either<LogFault, RunLog.LogLine> = torn
      ? E.left({ _tag: 'Torn', line })
      : logLine(line, bytes, before)
    yield read
    if (E.isLeft(read)) return
    before = { digest: read.right.digest.found, packing: read.right.packing?.after ?? null }
  }
}

/** Opens a regular file, and closes it after `use`. */
export const withFile =
  (path: string) =>
  <A>(use: (file: number) => E.Either<ShellError, A>): E.Either<ShellError, A> =>
    pipe(
      E.tryCatch(() => fs.statSync(path), messageOf),
      // Opening a pipe would block until another process writes to it, and a device may have no end.
      E.filterOrElse(
        stats => stats.isFile(),
        () => 'it is not a regular file',
      ),
      E.chain(() => E.tryCatch(() => fs.openSync(path, 'r'), messageOf)),
      E.mapLeft(reason =>
        environment(`The run log ${path} cannot be read (${reason}). Name the folder of a run.`),
      ),
      E.chain(file =>
        pipe(
          E.tryCatch(
            () => use(file),
            error => environment(`Reading ${path} failed (${messageOf(error)}).`),
          ),
          E.flatten,
          result => {
            fs.closeSync(file)
            return result
          },
        ),
      ),
    )
