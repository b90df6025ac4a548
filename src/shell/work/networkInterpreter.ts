/** Answers the questions of a method by training a network: several at once, where threads are asked for. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { Backend } from '../backend/Backend.js'
import type { ShellError } from '../base/ShellError.js'
import { initialWeights } from '../model/Network.js'
import type { Interpreter } from '../record/Interpreter.js'
import { checked, type Problem } from '../train/Problem.js'
import { singleInterpreter, type TrainingOptions } from '../train/singleInterpreter.js'
import { weightStore, type Persistence } from '../train/WeightStore.js'
import { manyAtOnce } from './manyAtOnce.js'
import { threadOf, type StartThread } from './TrainingThread.js'

export type { Progress } from '../train/singleInterpreter.js'

/** Where weights are kept, who watches a command and who may stop it. */
export interface InterpreterOptions extends TrainingOptions {
  readonly persistence?: Persistence
  /**
   * How many commands may be trained at once: one here, the others in threads of their own, which are made when first
   * needed and of a problem with a recipe only. The answers are the same bytes. 1 where it is left out.
   */
  readonly workers?: number
  /** Makes the threads; {@link startThread} where it is left out. */
  readonly startThread?: StartThread
}

/**
 * The interpreter of a problem on a backend. Equal problems on equal backends with one thread give equal answers,
 * byte for byte. Errors: `BadInput` where a set does not fit the network.
 */
export const networkInterpreter = (
  backend: Backend,
  problem: Problem,
  options: InterpreterOptions = {},
): E.Either<ShellError, Interpreter> =>
  pipe(
    checked(problem),
    E.map(valid => {
      const store = weightStore(initialWeights(valid.network)(valid.seed), options.persistence ?? null)
      const { workers = 1 } = options
      if (workers === 1 || valid.recipe === undefined)
        return singleInterpreter(backend, valid, store, options)
      const ending = new AbortController()
      const signal = options.signal ? AbortSignal.any([options.signal, ending.signal]) : ending.signal
      return manyAtOnce({
        here: singleInterpreter(backend, valid, store, { ...options, signal }),
        store,
        threads: workers - 1,
        start: threadOf(backend.name, valid, valid.recipe, options.startThread),
        onProgress: options.onProgress ?? (() => undefined),
        signal,
        end: () => ending.abort(),
      })
    }),
  )
