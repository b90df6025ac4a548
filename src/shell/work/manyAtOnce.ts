/**
 * Carries out several commands at once: one in this thread, the others in threads of their own. All run the same code
 * on the same numbers, so the answers do not depend on who gave them, nor on how many threads there are.
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
import type { Errand } from './threadMessages.js'
import type { TrainingThread } from './TrainingThread.js'

/** Who does the work. */
export interface Crew {
  /** Trains in this thread; it shares the store. */
  readonly here: Interpreter
  readonly store: WeightStore
  /** How many threads besides this one. */
  readonly threads: number
  readonly start: () => TrainingThread
  readonly onProgress: (progress: {
    readonly command: Question
    readonly done: number
    readonly effort: number
  }) => void
  /** Aborting ends everything that is at work. */
  readonly signal: AbortSignal
  /** Aborts `signal`. */
  readonly end: () => void
}

type Lane = (question: Question) => TE.TaskEither<ShellError, Observation>

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

export const manyAtOnce = ({ here, store, threads, start, onProgress, signal, end }: Crew): Interpreter => {
  const running: Array<TrainingThread> = []
  signal.addEventListener('abort', () => running.forEach(thread => thread.end()), { once: true })

  const begun = (): TrainingThread => {
    const thread = start()
    running.push(thread)
    return thread
  }

  const elsewhere = (): Lane => {
    let thread: TrainingThread | null = null
    const errandTo = (errand: Errand): TE.TaskEither<ShellError, Observation> =>
      pipe(
        TE.tryCatch(
          () => {
            thread ??= begun()
            return thread.work(errand, (done, effort) =>
              onProgress({ command: errand.question, done, effort }),
            )
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
      if (ref === initialWeights) return errandTo({ question, from: null })
      return pipe(
        store.get(ref),
        TE.chain(
          O.match(
            // Without its weights there is nothing to train, only to say so.
            () => here.answer(question),
            weights => errandTo({ question, from: { ref, weights } }),
          ),
        ),
      )
    }
  }

  // This thread comes first: it is there already, and the others are made when it has its hands full.
  const all: ReadonlyArray<Lane> = [here.answer, ...Array.from({ length: threads }, elsewhere)]
  const busy = new Set<Lane>()
  const waiting: Array<() => void> = []

  return {
    atOnce: all.length,
    answer: question => async () => {
      let lane = all.find(candidate => !busy.has(candidate))
      while (lane === undefined) {
        await new Promise<void>(resolve => waiting.push(resolve))
        lane = all.find(candidate => !busy.has(candidate))
      }
      busy.add(lane)
      try {
        // A run that is being stopped begins nothing; the interpreter here knows how to say so.
        return await (signal.aborted ? here.answer : lane)(question)()
      } finally {
        busy.delete(lane)
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
