/** How a command ends: its output and its exit code. */
import * as E from 'fp-ts/lib/Either.js'
import type { ShellError } from '../base/ShellError.js'
import { exitCodes } from './exitCodes.js'

export { exitCodes, withoutResult } from './exitCodes.js'

/** Where a command writes. */
export interface Terminal {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

/** A result that is neither a plain success nor an error: text, a notice, and an exit code. */
export interface Finding {
  readonly out: string
  /** Printed to stderr; `null` prints nothing. */
  readonly notice: string | null
  readonly code: number
}

export type Finish = (result: E.Either<ShellError, string | Finding>) => void

/** Prints a command's text to stdout, or its error as one paragraph to stderr, and returns the exit code. */
export const end =
  ({ out, err }: Terminal) =>
  (result: E.Either<ShellError, string | Finding>): number => {
    if (E.isRight(result)) {
      const { right } = result
      const found = typeof right === 'string' ? { out: right, notice: null, code: 0 } : right
      if (found.out !== '') out(`${found.out}\n`)
      if (found.notice !== null) err(`bilevel: ${found.notice}\n`)
      return found.code
    }
    err(`bilevel: ${result.left.message}\n`)
    return exitCodes[result.left._tag]
  }
