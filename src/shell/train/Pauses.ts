/**
 * Lets a long computation breathe: timers, signals and a progress line get their turn, and it can be stopped.
 *
 * Nothing that is computed depends on when these pauses fall.
 */
import * as E from 'fp-ts/lib/Either.js'

/** The computation was stopped from outside. */
export interface Aborted {
  readonly _tag: 'Aborted'
}
export const aborted: Aborted = { _tag: 'Aborted' }

export interface Pauses {
  /** Whether it is time to call {@link pause}; cheap enough to ask at every step. */
  readonly due: () => boolean
  /** Gives way to the event loop, then says whether to go on. */
  readonly pause: () => Promise<E.Either<Aborted, void>>
}

/** Pauses that give way every `interval` milliseconds, and stop the computation once `signal` is aborted. */
export const pausesOf = (signal: AbortSignal | null, interval = 40): Pauses => {
  let last = performance.now()
  return {
    due: () => signal?.aborted === true || performance.now() - last >= interval,
    pause: async () => {
      await new Promise(resolve => setImmediate(resolve))
      last = performance.now()
      return signal?.aborted === true ? E.left(aborted) : E.right(undefined)
    },
  }
}
