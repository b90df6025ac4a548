/** The exit codes of the program; docs/configuration.md has them for its users. No module with code is imported here. */
import type { ShellError } from '../base/ShellError.js'

/** The exit code of each error. */
export const exitCodes = {
  BadInput: 2,
  Environment: 2,
  Mismatch: 1,
  Interrupted: 130,
} as const satisfies Record<ShellError['_tag'], number>

/** The exit code of a run that ended without a result, and of a comparison with such runs. */
export const withoutResult = 1

/**
 * The exit codes where stdout cannot be written. 141 is what a shell reports of a program whose reader went away (128 + SIGPIPE); such a
 * reader wants no more, so nothing is said. A full disk is a failure of the environment.
 */
export const lostOutput = (
  code: string | undefined,
): { readonly code: number; readonly notice: string | null } =>
  code === 'EPIPE'
    ? { code: 141, notice: null }
    : {
        code: exitCodes.Environment,
        notice:
          `The result could not be written to stdout (${code ?? 'unknown error'}). A run's results are in its folder; free some ` +
          'space, or write the output elsewhere.',
      }
