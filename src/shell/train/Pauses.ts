/**
 * Pauses a long computation for the event loop, so that timers, signals and the progress line run, and the computation can
 * be stopped.
 *
 * No result depends on when the pauses happen.
 */
import * as E from 'fp-ts/lib/Either.js'

/** The computation was stopped from outside. */
export interface Aborted {
  readonly _tag: 'Aborted'
}
export const aborted: Aborted = { _tag: 'Aborted' }

export interface Pauses {
  /** Whether it is time to call {@link pause}; cheap enough to call at every step. */
  readonly due: () => boolean
  /** Yields to the event loop. Left: the computation must stop. */
  readonly pause: () => Promise<E.Either<Aborted, void>>
}

/** Pauses that yield every `interval` milliseconds, and stop the computation once `signal` is aborted. */
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
