/** Reads the state of an interrupted run from its log: its cursor, the weights it still needs, and its times. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { isQuestion, WeightsRef, type Question } from '../../core/protocol/Command.js'
import { Observation } from '../../core/protocol/Observation.js'
import { Natural } from '../../core/codec/Codec.js'
import type { Method } from '../../core/protocol/Method.js'
import type { Cursor, Place } from '../../core/log/Replay.js'
import type { ShellError } from '../base/ShellError.js'
import * as Clock from './Clock.js'
import { noLines, past, type LogEnd } from './logFile.js'
import { traverse, type RecordedRun } from './RecordedRun.js'
import * as Timings from './Timings.js'

/** Weights that a run stored, and what its log says about them. */
export interface Recorded {
  readonly ref: WeightsRef
  /** The λ of the command that made them. */
  readonly lambda: ReadonlyArray<number>
  readonly answer: Observation
}

/** The state of a run that can be resumed. */
export interface Recalled<S> {
  readonly cursor: Cursor<S>
  readonly timeline: Timings.Timeline
  readonly end: LogEnd
  readonly torn: number | null
  /** Weights that were stored and not released: the method may name them again. */
  readonly weights: ReadonlyArray<WeightsRef>
  /** The same weights, with the recorded losses. */
  readonly recorded: ReadonlyArray<Recorded>
}

const Answer = t.type({ id: Natural, weights: WeightsRef })
type Answer = t.TypeOf<typeof Answer>

const recordedOf = (made: Answer, question: Question | undefined): ReadonlyArray<Recorded> => {
  const answer = Observation.decode(made)
  // A replayed log has no other answers, and no answer without its question.
  return question === undefined || E.isLeft(answer)
    ? []
    : [{ ref: made.weights, lambda: question.lambda, answer: answer.right }]
}

/**
 * The stored weights that are not released. A release takes effect once every earlier question is answered. From then on the
 * files may be deleted.
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

/** Replays a run's log to its end. Errors: `BadInput` if it cannot be read, `Mismatch` if it does not replay. */
export const recall =
  <C, S>(method: Method<C, S>) =>
  (run: RecordedRun): E.Either<ShellError, Recalled<S>> => {
    const infos: Array<Cursor<S>['transition']['info']> = []
    const made = new Map<WeightsRef, Answer>()
    const questions = new Map<number, Question>()
    const released = new Set<WeightsRef>()
    let end = noLines
    const visit = ({ line, cursor: { records, transition } }: Place<S>): void => {
      end = past(line)(end)
      if (records === 0) return
      infos.push(transition.info)
      const answer = line.value['observation']
      if (Answer.is(answer)) made.set(answer.weights, answer)
      for (const command of transition.commands)
        if (isQuestion(command)) questions.set(command.id, command)
        else command.weights.forEach(ref => released.add(ref))
    }
    return pipe(
      run,
      traverse(method)(null, visit),
      E.map(({ cursor, torn }) => {
        const times = Clock.timesOf(run.folder, infos.length)
        const weights = needed([...made.keys()], released, cursor)
        return {
          cursor,
          torn,
          end,
          timeline: infos.map((info, step) => Timings.mark(info, times[step] ?? Clock.begin)),
          weights,
          recorded: weights.flatMap(ref => {
            const answer = made.get(ref)
            return answer === undefined ? [] : recordedOf(answer, questions.get(answer.id))
          }),
        }
      }),
    )
  }
