/**
 * Handles Ctrl-C. The first one stops the run after the running commands, the second one aborts these too, the third one ends
 * the process. The log is valid after each of them.
 */
import type { Status } from './statusLine.js'

export interface Stop {
  readonly requested: () => boolean
  /** Aborted when running commands must stop at once. */
  readonly signal: AbortSignal
  /** Removes the listeners. */
  readonly release: () => void
}

/** The part of a process that is needed here. */
export interface Signals {
  readonly on: (signal: 'SIGINT' | 'SIGTERM', listener: () => void) => unknown
  readonly off: (signal: 'SIGINT' | 'SIGTERM', listener: () => void) => unknown
  readonly exit: (code: number) => void
}

/** Listens for Ctrl-C (and SIGTERM) until released. */
export const listen = (signals: Signals, status: Status): Stop => {
  const controller = new AbortController()
  let count = 0
  const onSignal = (): void => {
    count++
    if (count === 1) status.note('Stopping after the running commands. Press Ctrl-C again to stop at once.')
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
