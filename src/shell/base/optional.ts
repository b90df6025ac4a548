/**
 * Imports modules whose packages an installation may lack (`npm install --omit=optional`): all code that trains, reads
 * data or draws. The code that decides, records and replays does not need them.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { environment, type ShellError } from './ShellError.js'

const missing = /Cannot find (?:package|module) '((?:@[\w.-]+\/)?[\w.-]+)/

/** The missing package, if an import failed because a package is missing; otherwise `null`. */
const missingPackage = (cause: unknown): string | null => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return cause instanceof Error && (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    ? (missing.exec(cause.message)?.[1] ?? null)
    : null
}

/**
 * The imported module. `without` says in the error message what cannot be done without it. Errors: `Environment` if a
 * package is not installed. Any other failure of the import is a bug of the program, and rejects.
 */
export const optional =
  <A>(load: () => Promise<A>, without = 'nothing can be trained'): TE.TaskEither<ShellError, A> =>
  async () => {
    try {
      return E.right(await load())
    } catch (cause) {
      const name = missingPackage(cause)
      if (name === null) throw cause
      return E.left(
        environment(
          `The package ${name} is not installed, and ${without} without it. It is an optional dependency: it ` +
            'was left out (--omit=optional), or could not be fetched. Install it with ' +
            '`npm install --include=optional`; `bilevel replay` and `bilevel diff` work without it.',
        ),
      )
    }
  }
