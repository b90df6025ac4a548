/** How a step of the setup says that it failed. */
import { environment, type ShellError } from '../base/ShellError.js'
import type { Ended } from './process.js'

/** Where the setup says what it does, a line at a time. */
export type Say = (line: string) => void

/** What every failure ends with: nothing that worked before is worse off. */
export const unharmed = 'Everything else works as before: --backend auto goes on with wasm.'

export const failed = (what: string, advice: string): ShellError =>
  environment(`The native backend could not be set up: ${what}. ${advice} ${unharmed}`)

/** A program that failed: its last lines are shown, for only they say why. */
export const failedProgram =
  (say: Say) =>
  (what: string, { how, lastLines }: Ended, advice: string): ShellError => {
    for (const line of lastLines) say(`    ${line}`)
    return failed(`${what}: ${how}${lastLines.length === 0 ? '' : ' (its last lines are above)'}`, advice)
  }
