/**
 * Ctrl-C: the first stops after the commands at work, the second stops those too, the third ends the process.
 * The log is valid after each of them.
 */
import type { Status } from './statusLine.js'

export interface Stop {
  readonly requested: () => boolean
  /** Aborted where the command at work is not to be waited for. */
  readonly signal: AbortSignal
  /** Gives the signal back to whoever had it. */
  readonly release: () => void
}

/** What of a process is listened to. */
export interface Signals {
  readonly on: (signal: 'SIGINT' | 'SIGTERM', listener: () => void) => unknown
  readonly off: (signal: 'SIGINT' | 'SIGTERM', listener: () => void) => unknown
  readonly exit: (code: number) => void
}

/** Listens to Ctrl-C (and SIGTERM) until released. */
export const listen = (signals: Signals, status: Status): Stop => {
  const controller = new AbortController()
  let count = 0
  const onSignal = (): void => {
    count++
    if (count === 1) status.note('Stopping after what is at work. Press Ctrl-C again to stop at once.')
    else if (count === 2) controller.abort()
    else signals.exit(130)
  }
  signals.on('SIGINT', onSignal)
  signals.on('SIGTERM', onSignal)
  return {
    requested: () => count > 0,
    signal: controller.signal,
    release: () => {
      signals.off('SIGINT', onSignal)
      signals.off('SIGTERM', onSignal)
    },
  }
}
