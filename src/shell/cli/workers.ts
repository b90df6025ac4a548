/** The option `--workers` of `tune` and `resume`. */
import { Option } from 'commander'
import * as E from 'fp-ts/lib/Either.js'
import { badInput, type ShellError } from '../base/ShellError.js'

/** Each worker thread holds a copy of the data; more threads than this cost more memory than they save time. */
const most = 64

/** The option `--workers <n>`, for commander. */
export const workersOption = (): Option =>
  new Option(
    '--workers <n>',
    'number of worker threads that train in parallel (default: one per core); does not change results',
  )

/** The value of `--workers`; `null` if it is left out. */
export const workersOf = (text: string | undefined): E.Either<ShellError, number | null> => {
  if (text === undefined) return E.right(null)
  const workers = /^\d+$/.test(text) ? Number(text) : NaN
  return workers >= 1 && workers <= most
    ? E.right(workers)
    : E.left(
        badInput(`The option --workers takes an integer from 1 to ${most}, not "${text}". Try --workers 2.`),
      )
}
