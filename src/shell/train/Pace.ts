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

export interface Pace {
  /** Whether it is time to call {@link pause}; cheap enough to ask at every step. */
  readonly due: () => boolean
  /** Gives way to the event loop, then says whether to go on. */
  readonly pause: () => Promise<E.Either<Aborted, void>>
}

/** A pace that gives way every `interval` milliseconds, and stops once `signal` is aborted. */
export const paceOf = (signal: AbortSignal | null, interval = 40): Pace => {
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
