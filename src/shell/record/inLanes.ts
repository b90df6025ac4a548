/** Tasks in lanes: so many at once, begun in their order. */
import * as E from 'fp-ts/lib/Either.js'
import type { TaskEither } from 'fp-ts/lib/TaskEither.js'

/**
 * Begins as many tasks as there are lanes, and another one whenever one ends. Once `stop` says so, or a task was left,
 * no more of them begin, and each of those comes out as what `stopped` makes. Promises are in the order of the tasks.
 */
export const inLanes =
  <F>(lanes: number, stop: () => boolean, stopped: () => F) =>
  <A>(tasks: ReadonlyArray<TaskEither<F, A>>): ReadonlyArray<Promise<E.Either<F, A>>> => {
    let next = 0
    let failed = false
    const settle: Array<(result: E.Either<F, A>) => void> = []
    const results = tasks.map(
      (_, i) =>
        new Promise<E.Either<F, A>>(resolve => {
          settle[i] = resolve
        }),
    )
    const lane = async (): Promise<void> => {
      for (let i = next++; i < tasks.length; i = next++) {
        const result = failed || stop() ? E.left(stopped()) : await tasks[i]!()
        if (E.isLeft(result)) failed = true
        settle[i]!(result)
      }
    }
    for (let i = 0; i < Math.min(lanes, tasks.length); i++) void lane()
    return results
  }
