/** The error messages of the setup's steps. */
import { environment, type ShellError } from '../base/ShellError.js'
import type { Ended } from './process.js'

/** Prints one line about the setup's progress. */
export type Say = (line: string) => void

/** The last sentence of every failure: a failed setup breaks nothing that worked before. */
export const unharmed = 'Everything else works as before: --backend auto uses wasm.'

export const failed = (what: string, advice: string): ShellError =>
  environment(`The native backend could not be set up: ${what}. ${advice} ${unharmed}`)

/** The error for a program that failed. Its last lines are printed, since only they say why. */
export const failedProgram =
  (say: Say) =>
  (what: string, { how, lastLines }: Ended, advice: string): ShellError => {
    for (const line of lastLines) say(`    ${line}`)
    return failed(`${what}: ${how}${lastLines.length === 0 ? '' : ' (its last lines are above)'}`, advice)
  }
