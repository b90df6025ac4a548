/**
 * The step of every method: adds an answer to the batch of open questions. The method concludes the batch when it is complete.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { type Batch, effortOf, inOrder, isComplete, receive } from './Batch.js'
import type { Transition } from './Method.js'
import { halted, type MethodError } from './MethodError.js'
import type { Observation } from './Observation.js'

/** The fields of a state that asks in batches. */
interface Asking {
  readonly phase: { readonly _tag: string }
  readonly batch: Batch
  /** Effort up to the end of the batch before. */
  readonly effort: number
}

/** `wait` makes the transition while questions are open, `conclude` when all are answered. */
interface Next<S> {
  readonly wait: (state: S) => Transition<S>
  readonly conclude: (state: S) => E.Either<MethodError, Transition<S>>
}

/** The step of a method that asks in batches. Errors: `Halted`, those of `Batch.receive`, and those of `conclude`. */
export const answered =
  <S extends Asking>({ wait, conclude }: Next<S>) =>
  (observation: Observation) =>
  (state: S): E.Either<MethodError, Transition<S>> =>
    state.phase._tag === 'Halted'
      ? E.left(halted)
      : pipe(
          state.batch,
          receive(observation),
          E.flatMap(batch =>
            isComplete(batch)
              ? conclude({ ...state, batch, effort: effortOf(inOrder(batch), state.effort) })
              : E.right(wait({ ...state, batch })),
          ),
        )
