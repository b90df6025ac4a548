/** The option `--workers` of the commands that train. */
import { Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { badInput, type ShellError } from '../base/ShellError.js'

/** More threads than this hold more memory than they save time. */
const most = 64

/** `--workers <n>`. */
export const workersOption = (): Option =>
  new Option(
    '--workers <n>',
    'how many commands are trained at once, each in a thread (default: one a core); changes no result',
  )

/** How many; `null` where it is left out. */
export const workersOf = (text: string | undefined): E.Either<ShellError, number | null> => {
  if (text === undefined) return E.right(null)
  const workers = /^\d+$/.test(text) ? Number(text) : NaN
  return workers >= 1 && workers <= most
    ? E.right(workers)
    : E.left(
        badInput(`The option --workers takes an integer from 1 to ${most}, not "${text}". Try --workers 2.`),
      )
}
