/** How a command ends: what it prints, and the code it leaves. */
import * as E from 'fp-ts/lib/Either.js'
import type { ShellError } from '../base/ShellError.js'

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

/** What a command found that is neither plainly good nor an error: text, a notice, and the code that says so. */
export interface Finding {
  readonly out: string
  /** For stderr; `null` for none. */
  readonly notice: string | null
  readonly code: number
}

export type Finish = (result: E.Either<ShellError, string | Finding>) => void

/** Ends a command: its text to stdout and 0, or its error as one paragraph to stderr and the error's code. */
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
