/** What the log of an interrupted run says of it: where it stands, what it has kept, and how long it took. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { isQuestion, WeightsRef } from '../../core/protocol/Command.js'
import type { Method } from '../../core/protocol/Method.js'
import type { Cursor, Place } from '../../core/log/Replay.js'
import type { ShellError } from '../base/ShellError.js'
import * as Clock from './Clock.js'
import { noLines, past, type LogEnd } from './logFile.js'
import { traverse, type RecordedRun } from './RecordedRun.js'
import * as Timings from './Timings.js'

/** What a log says of a run that may go on. */
export interface Recalled<S> {
  readonly cursor: Cursor<S>
  readonly timeline: Timings.Timeline
  readonly end: LogEnd
  readonly torn: number | null
  /** Weights that were made and not let go of: those that the method may name again. */
  readonly weights: ReadonlyArray<WeightsRef>
}

const Answer = t.type({ weights: WeightsRef })

/**
 * Weights that answers made and nothing let go of. A release counts once its turn has come, which is when no question
 * that was issued before it is open: its files may be gone already, and if not they are to go.
 */
const needed = <S>(
  made: ReadonlyArray<WeightsRef>,
  released: ReadonlySet<WeightsRef>,
  { todo, transition: { info } }: Cursor<S>,
): ReadonlyArray<WeightsRef> => {
  const first = info.outcome === null ? todo.findIndex(isQuestion) : -1
  const later = first < 0 ? [] : todo.slice(first)
  const pending = new Set(later.flatMap(command => (isQuestion(command) ? [] : command.weights)))
  return made.filter(ref => !released.has(ref) || pending.has(ref))
}

/** Replays a run's log to its end. Errors: `BadInput` and `Mismatch` where it cannot be. */
export const recall =
  <C, S>(method: Method<C, S>) =>
  (run: RecordedRun): E.Either<ShellError, Recalled<S>> => {
    const infos: Array<Cursor<S>['transition']['info']> = []
    const made: Array<WeightsRef> = []
    const released = new Set<WeightsRef>()
    let end = noLines
    const visit = ({ line, cursor: { records, transition } }: Place<S>): void => {
      end = past(line)(end)
      if (records === 0) return
      infos.push(transition.info)
      const answer = line.value['observation']
      if (Answer.is(answer)) made.push(answer.weights)
      for (const command of transition.commands)
        if (!isQuestion(command)) command.weights.forEach(ref => released.add(ref))
    }
    return pipe(
      run,
      traverse(method)(null, visit),
      E.map(({ cursor, torn }) => {
        const times = Clock.timesOf(run.folder, infos.length)
        return {
          cursor,
          torn,
          end,
          timeline: infos.map((info, step) => Timings.mark(info, times[step] ?? Clock.begin)),
          weights: needed(made, released, cursor),
        }
      }),
    )
  }
