/**
 * The only thing a driver knows of the world that trains: questions in, observations out.
 */
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'
import type { Question, WeightsRef } from '../../core/protocol/Command.js'
import type { Observation } from '../../core/protocol/Observation.js'
import type { ShellError } from '../base/ShellError.js'

/** Carries out a method's commands, by training or otherwise. */
export interface Interpreter {
  /**
   * Carries out one command. A command that fails by its own nature (training diverged, unknown weights) is a
   * `CommandFailed` on the right; a `ShellError` on the left means that the run cannot go on.
   */
  readonly answer: (question: Question) => TaskEither<ShellError, Observation>
  /**
   * How many commands may be at work at once; without it, one. Where it is more, `answer` is called again before
   * earlier answers have come, for commands that do not depend on one another. An answer must not depend on what else
   * is at work.
   */
  readonly atOnce?: number
  /** Lets go of weights that are not needed again. */
  readonly release: (weights: ReadonlyArray<WeightsRef>) => void
  /** Ends what is at work and lets go of everything; the tensor count afterwards is what it was before the interpreter was made. */
  readonly dispose: () => void
}
