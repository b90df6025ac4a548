/** How a command ends: what it prints, and the code it leaves. */
import * as E from 'fp-ts/lib/Either.js'
import type { ShellError } from '../ShellError.js'

export const exitCodes = {
  BadInput: 2,
  Environment: 2,
  Mismatch: 1,
  Interrupted: 130,
} as const satisfies Record<ShellError['_tag'], number>

/** Where a command writes. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** Ends a command: its text to stdout and 0, or its error as one paragraph to stderr and the error's code. */
export const end =
  ({ out, err }: Terminal) =>
  (result: E.Either<ShellError, string>): number => {
    if (E.isRight(result)) {
      if (result.right !== '') out(`${result.right}\n`)
      return 0
    }
    err(`bilevel: ${result.left.message}\n`)
    return exitCodes[result.left._tag]
  }
