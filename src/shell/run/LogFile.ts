/**
 * A run log on disk: each line is on the disk before it counts, and reading believes nothing.
 */
import { createHash } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import * as RunLog from '../../core/protocol/RunLog.js'
import { environment, type ShellError } from '../ShellError.js'

/** Where a driver puts its records. */
export interface LogWriter {
  readonly path: string
  /** Right once the line is on the disk. */
  readonly append: (body: string) => TE.TaskEither<ShellError, void>
  readonly close: () => void
}

/** Why a line could not be read. */
export type LogFault =
  /** The file ends within this line: what was being written when the run was killed. */
  | { readonly _tag: 'Torn'; readonly line: number }
  | { readonly _tag: 'Unreadable'; readonly line: number; readonly reason: string }

/** The first 16 hex digits of SHA-256 over the digest before and the line's text. */
export const digestOf = (before: string, body: string): string =>
  createHash('sha256').update(before).update(body).digest('hex').slice(0, 16)

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const cannotWrite = (path: string) => (error: unknown) =>
  environment(
    `The run log ${path} cannot be written (${reasonOf(error)}). Free some space or choose another folder with --out; ` +
      'the records before this one are safe.',
  )

const syncFolder = (path: string): void => {
  // Makes the new file's name durable; not every system can open a folder, and none needs it to go on.
  E.tryCatch(() => {
    const folder = fs.openSync(dirname(path), 'r')
    fs.fsyncSync(folder)
    fs.closeSync(folder)
  }, reasonOf)
}

/** Starts a log at a path where there is none yet, with its header. */
export const create =
  (path: string) =>
  (header: RunLog.Header): TE.TaskEither<ShellError, LogWriter> =>
    pipe(
      TE.fromEither(E.tryCatch(() => fs.openSync(path, 'wx'), cannotWrite(path))),
      TE.chain(file => {
        let last = ''
        // Synchronous, so that no signal handler ever runs between the first and the last byte of a line.
        const append = (body: string): TE.TaskEither<ShellError, void> =>
          TE.fromIOEither(() =>
            E.tryCatch(() => {
              const digest = digestOf(last, body)
              fs.writeFileSync(file, `${RunLog.seal(body, digest)}\n`)
              fs.fsyncSync(file)
              last = digest
            }, cannotWrite(path)),
          )
        const writer: LogWriter = { path, append, close: () => fs.closeSync(file) }
        return pipe(
          append(RunLog.encodeHeader(header)),
          TE.map(() => {
            syncFolder(path)
            return writer
          }),
        )
      }),
    )

const chunkSize = 1 << 16

/** The lines of an open file as text; the last one is marked if no newline ends it. */
function* textLines(file: number): Generator<{ readonly text: string; readonly torn: boolean }> {
  const chunk = Buffer.alloc(chunkSize)
  let parts: Buffer[] = []
  let length = 0
  for (let count = fs.readSync(file, chunk); count > 0; count = fs.readSync(file, chunk)) {
    let from = 0
    for (let end = chunk.indexOf(10); end !== -1 && end < count; end = chunk.indexOf(10, from)) {
      yield { text: Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8'), torn: false }
      parts = []
      length = 0
      from = end + 1
    }
    length += count - from
    parts.push(Buffer.from(chunk.subarray(from, count)))
    // Longer than any line may be: handed on as it is, to be refused without reading the rest.
    if (length > 4 * RunLog.limits.length) break
  }
  if (length > 0) yield { text: Buffer.concat(parts).toString('utf8'), torn: length <= RunLog.limits.length }
}

const unreadable = (line: number, reason: string): LogFault => ({ _tag: 'Unreadable', line, reason })

const logLine = (line: number, text: string, before: string): E.Either<LogFault, RunLog.LogLine> =>
  pipe(
    text.length > RunLog.limits.length
      ? E.left(`is longer than ${RunLog.limits.length} characters`)
      : E.right(text),
    E.chain(whole => E.fromOption(() => 'does not end with a digest')(RunLog.unseal(whole))),
    E.bindTo('sealed'),
    E.bind('value', ({ sealed }) => RunLog.parse(sealed.body)),
    E.bimap(
      reason => unreadable(line, reason),
      ({ sealed: { body, digest }, value }) => ({
        line,
        body,
        value,
        digest: { expected: digestOf(before, body), found: digest },
      }),
    ),
  )

/**
 * The lines of a log, read as they are asked for, up to the first that cannot be.
 *
 * Each line's expected digest is chained from the one that the line before *states*, so one change is one error.
 */
export function* readLines(file: number): Generator<E.Either<LogFault, RunLog.LogLine>> {
  let line = 0
  let before = ''
  for (const { text, torn } of textLines(file)) {
    line++
    const read: E.Either<LogFault, RunLog.LogLine> = torn
      ? E.left({ _tag: 'Torn', line })
      : logLine(line, text, before)
    yield read
    if (E.isLeft(read)) return
    before = read.right.digest.found
  }
}

/** Opens a file for as long as `use` takes. */
export const withFile =
  (path: string) =>
  <A>(use: (file: number) => E.Either<ShellError, A>): E.Either<ShellError, A> =>
    pipe(
      E.tryCatch(
        () => fs.openSync(path, 'r'),
        error =>
          environment(`The run log ${path} cannot be read (${reasonOf(error)}). Name the folder of a run.`),
      ),
      E.chain(file =>
        pipe(
          E.tryCatch(
            () => use(file),
            error => environment(`Reading ${path} failed (${reasonOf(error)}).`),
          ),
          E.flatten,
          result => {
            fs.closeSync(file)
            return result
          },
        ),
      ),
    )
