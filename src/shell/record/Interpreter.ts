/**
 * The interface between a driver and the code that trains: questions in, observations out.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Question, WeightsRef } from '../../core/protocol/Command.js'
import type { Observation } from '../../core/protocol/Observation.js'
import type { ShellError } from '../base/ShellError.js'

/** Carries out a method's commands, by training or otherwise. */
export interface Interpreter {
  /**
   * Carries out one command. If the command itself fails (training diverged, unknown weights), it returns a `CommandFailed`
   * on the right. A `ShellError` on the left means that the run cannot continue.
   */
  readonly answer: (question: Question) => TaskEither<ShellError, Observation>
  /**
   * How many commands may run at once; default 1. If it is more, `answer` is called for independent commands before earlier
   * calls have returned. An answer must not depend on which other commands are running.
   */
  readonly atOnce?: number
  /** Releases weights that are not needed again. */
  readonly release: (weights: ReadonlyArray<WeightsRef>) => void
  /** Stops running commands and releases everything. No tensor of the interpreter remains. */
  readonly dispose: () => void
}
