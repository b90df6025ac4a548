/**
 * Modules that stand on packages which an installation may have left out (`npm install --omit=optional`): all that
 * trains, all that reads data, and all that draws. What decides, records and replays does without them.
 */
import * as E from 'fp-ts/lib/Either.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { environment, type ShellError } from './ShellError.js'

const missing = /Cannot find (?:package|module) '((?:@[\w.-]+\/)?[\w.-]+)/

/** The package that an import failed for want of, if that is why it failed. */
const missingPackage = (cause: unknown): string | null => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return cause instanceof Error && (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    ? (missing.exec(cause.message)?.[1] ?? null)
    : null
}

/**
 * What an import gives; `without` is what cannot be done if it fails. Errors: `Environment` where a package is not installed. Whatever else goes wrong with an import
 * is a fault of the program, and rejects.
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
            'was left out (--omit=optional), or could not be fetched. Install what is missing with ' +
            '`npm install --include=optional`; `bilevel replay` and `bilevel diff` do without it.',
        ),
      )
    }
  }
