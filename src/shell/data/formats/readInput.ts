/** Reads files that a user named. A bad file is the user's to correct, and the error message says how. */
import { messageOf } from '../../base/messageOf.js'
import { open, stat } from 'node:fs/promises'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { badInput, environment, type ShellError } from '../../base/ShellError.js'
import { gunzipped, type SizeOf } from './inflate.js'
import { group, maxFileBytes } from './limits.js'

/** A file, with its purpose for messages, such as `the IDX file of training images`. */
export interface Input {
  readonly path: string
  readonly what: string
  /** What to do if the file cannot be used; a full sentence. */
  readonly advice: string
}

/** The refusal of an input; all refusals have this form. */
export const refused = ({ path, what, advice }: Input, problem: string): ShellError =>
  badInput(`The file "${path}", ${what}, cannot be used: ${problem}. ${advice}`)

/** Node's code of an error (`ENOENT`, …), or an empty string. */
export const codeOf = (thrown: unknown): string =>
  thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : ''

const problems: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file (a part of its path is a file, not a folder)',
  EACCES: 'it is not readable (permission denied)',
  EPERM: 'it is not readable (permission denied)',
  EISDIR: 'it is a folder',
  ENAMETOOLONG: 'its name is too long',
  // The path contains a NUL character.
  ERR_INVALID_ARG_VALUE: 'its name is not a valid file name',
}

const failed =
  (input: Input) =>
  (thrown: unknown): ShellError => {
    const problem = problems[codeOf(thrown)]
    return problem === undefined
      ? environment(
          `The file "${input.path}", ${input.what}, could not be read: ${messageOf(thrown)}. Try again.`,
        )
      : refused(input, problem)
  }

/** Reads a file, after checking its size. Errors: `BadInput`, or `Environment` on I/O errors. */
export const readInput = (input: Input): TE.TaskEither<ShellError, Uint8Array> =>
  pipe(
    TE.tryCatch(async (): Promise<E.Either<ShellError, Uint8Array>> => {
      const named = await stat(input.path)
      if (named.isDirectory()) return E.left(refused(input, 'it is a folder'))
      // Opening a pipe would wait for a writer. Also, pipes and devices state no size that could be checked.
      if (!named.isFile()) return E.left(refused(input, 'it is not a regular file'))
      const handle = await open(input.path)
      try {
        const stats = await handle.stat()
        if (stats.size > maxFileBytes)
          return E.left(
            refused(
              input,
              `it has ${group(stats.size)} bytes, more than the limit of ${group(maxFileBytes)}`,
            ),
          )
        return E.right(await handle.readFile())
      } finally {
        await handle.close()
      }
    }, failed(input)),
    TE.chain(TE.fromEither),
  )

/** Unpacks a gzipped file, and returns others unchanged. `sizeOf`: the size that its first bytes state. */
export const unpackedInput =
  (input: Input, sizeOf: SizeOf) =>
  (bytes: Uint8Array): TE.TaskEither<ShellError, Uint8Array> =>
    pipe(
      () => gunzipped(sizeOf)(bytes),
      TE.mapLeft(problem => refused(input, problem)),
    )

/** Applies a pure decoder; its `Left` becomes a refusal of the file. */
export const decodeInput =
  <A>(input: Input, decode: (bytes: Uint8Array) => E.Either<string, A>) =>
  (bytes: Uint8Array): TE.TaskEither<ShellError, A> =>
    pipe(
      decode(bytes),
      E.mapLeft(problem => refused(input, problem)),
      TE.fromEither,
    )
