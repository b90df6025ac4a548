/**
 * The two output streams of the program, and what happens if one is lost.
 *
 * - stderr has progress and messages. A run goes on without it, since nothing is lost: its steps are in its log.
 * - stdout has results. The command goes on, too, because it may have more to do than to print; the exit code tells of the loss.
 */
import { lostOutput } from './exitCodes.js'

/** The part of a stream that is needed here. */
interface Stream {
  readonly write: (text: string) => unknown
  readonly on: (event: 'error', listener: (error: NodeJS.ErrnoException) => void) => unknown
}

/** The part of a process that is needed here. */
export interface Streams {
  readonly stdout: Stream
  readonly stderr: Stream
  exitCode?: number | string | null | undefined
}

/** Writes that never fail. */
export interface Safe {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** The exit code of a command that succeeded: 0, or why its output is lost. */
  readonly lost: () => number
}

/** A write may throw (a file), or fail later (a pipe). */
const writing =
  (stream: Stream, onError: (error: NodeJS.ErrnoException) => void) =>
  (text: string): void => {
    try {
      stream.write(text)
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)))
    }
  }

/** Listens to the errors of both streams, for as long as the process lives. */
export const safely = (process: Streams): Safe => {
  const ignore = (): void => undefined
  process.stderr.on('error', ignore)
  const err = writing(process.stderr, ignore)
  let code = 0
  const onLost = (error: NodeJS.ErrnoException): void => {
    if (code !== 0) return
    const loss = lostOutput(error.code)
    code = loss.code
    if (loss.notice !== null) err(`bilevel: ${loss.notice}\n`)
    // The command may have ended before its output failed.
    if (process.exitCode === undefined || process.exitCode === 0) process.exitCode = code
  }
  process.stdout.on('error', onLost)
  return { out: writing(process.stdout, onLost), err, lost: () => code }
}
