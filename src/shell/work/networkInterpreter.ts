/** Answers a method's questions by training a network, several at once if worker threads are requested. */
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

/** Where weights are stored, how commands are watched and stopped, and how many may run at once. */
export interface InterpreterOptions extends TrainingOptions {
  readonly persistence?: Persistence
  /**
   * How many commands may run at once: one in this thread, the others in worker threads, which are started when first needed.
   * Only a problem with a `recipe` can use worker threads. The answers are the same bytes for every number. Default 1.
   */
  readonly workers?: number
  /** Starts the threads. Default {@link startThread}. */
  readonly startThread?: StartThread
}

/**
 * Creates the interpreter of a problem on a backend. Equal problems on equal backends with one thread give the same answers,
 * byte for byte. Errors: `BadInput` if a set does not fit the network.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { chooseBackend, configFromFile, type InterpreterOptions, networkInterpreter, type Problem, problemOf, type Progress, status } from 'bilevel-hpo/shell'
 *
 * const options: InterpreterOptions = { onProgress: ({ done }: Progress) => void done }
 * const config = configFromFile('config.json')
 * const problem: E.Either<unknown, Problem> = E.isRight(config)
 *   ? await problemOf(config.right, status({ write: () => true }, () => 0))() : config
 * const backend = await chooseBackend('cpu')()
 * const made = E.isRight(backend) && E.isRight(problem) ? networkInterpreter(backend.right, problem.right, options) : E.left(null)
 * const solve = { _tag: 'SolveLowerLevel', id: 0, lambda: [-4], from: 'initial', tolerance: 1e-3, maxEpochs: 5 } as const
 * const answer = E.isRight(made) ? await made.right.answer(solve)() : made
 * E.isRight(answer) && answer.right._tag // => 'LowerLevelSolved'
 * ```
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
