/**
 * Carries out several commands at once: one in this thread, the others in worker threads. All threads run the same code on the
 * same numbers, so an answer depends neither on its thread nor on the number of threads.
 */
import { messageOf } from '../base/messageOf.js'
import { identity, pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { initialWeights, type Question, type WeightsRef } from '../../core/protocol/Command.js'
import type { Observation } from '../../core/protocol/Observation.js'
import type { WeightStore } from '../train/WeightStore.js'
import { environment, type ShellError } from '../base/ShellError.js'
import type { Interpreter } from '../record/Interpreter.js'
import type { Job } from './threadMessages.js'
import type { TrainingThread } from './TrainingThread.js'

/** The dependencies of {@link manyAtOnce}. */
export interface Workers {
  /** The interpreter of this thread. It uses the same store. */
  readonly here: Interpreter
  readonly store: WeightStore
  /** The number of worker threads, without this thread. */
  readonly threads: number
  readonly start: () => TrainingThread
  readonly onProgress: (progress: {
    readonly command: Question
    readonly done: number
    readonly effort: number
  }) => void
  /** Aborting it stops all running commands. */
  readonly signal: AbortSignal
  /** Aborts `signal`. */
  readonly end: () => void
}

/** Answers questions in one thread, one at a time. */
type AnswerInThread = (question: Question) => TE.TaskEither<ShellError, Observation>

const startOf = (question: Question): WeightsRef => {
  switch (question._tag) {
    case 'SolveLowerLevel':
    case 'DescendWeights':
      return question.from
    case 'EvaluateLosses':
      return question.weights
    case 'Refit':
      return initialWeights
  }
}

/** An interpreter that uses this thread and worker threads. */
export const manyAtOnce = ({
  here,
  store,
  threads,
  start,
  onProgress,
  signal,
  end,
}: Workers): Interpreter => {
  const running: Array<TrainingThread> = []
  signal.addEventListener('abort', () => running.forEach(thread => thread.end()), { once: true })

  const startThread = (): TrainingThread => {
    const thread = start()
    running.push(thread)
    return thread
  }

  const inOwnThread = (): AnswerInThread => {
    let thread: TrainingThread | null = null
    const send = (job: Job): TE.TaskEither<ShellError, Observation> =>
      pipe(
        TE.tryCatch(
          () => {
            thread ??= startThread()
            return thread.work(job, (done, effort) => onProgress({ command: job.question, done, effort }))
          },
          cause =>
            environment(
              `A training thread could not be started (${messageOf(cause)}). ` + 'Use --workers 1.',
            ),
        ),
        TE.chainEitherK(identity),
        TE.chainFirst(({ made }) =>
          made === null ? TE.right(undefined) : store.put(made.ref, made.weights),
        ),
        TE.map(({ observation }) => observation),
      )
    return question => {
      const ref = startOf(question)
      if (ref === initialWeights) return send({ question, from: null })
      return pipe(
        store.get(ref),
        TE.chain(
          O.match(
            // The weights do not exist. The interpreter of this thread answers with the failure.
            () => here.answer(question),
            weights => send({ question, from: { ref, weights } }),
          ),
        ),
      )
    }
  }

  // This thread comes first, so that other threads are only started while it is busy.
  const all: ReadonlyArray<AnswerInThread> = [here.answer, ...Array.from({ length: threads }, inOwnThread)]
  const busy = new Set<AnswerInThread>()
  const waiting: Array<() => void> = []

  return {
    atOnce: all.length,
    answer: question => async () => {
      let idle = all.find(candidate => !busy.has(candidate))
      while (idle === undefined) {
        await new Promise<void>(resolve => waiting.push(resolve))
        idle = all.find(candidate => !busy.has(candidate))
      }
      const chosen = idle
      busy.add(chosen)
      try {
        // An aborted run starts nothing: the interpreter of this thread returns `Interrupted`.
        return await (signal.aborted ? here.answer : chosen)(question)()
      } finally {
        busy.delete(chosen)
        waiting.shift()?.()
      }
    },
    release: here.release,
    dispose: () => {
      end()
      here.dispose()
    },
  }
}
