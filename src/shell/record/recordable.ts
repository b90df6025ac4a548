/**
 * What a log can hold of an interpreter's answer. Training that fails is an outcome; anything that is not an answer is a fault
 * of the interpreter, and ends the run at once.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { decode } from '../../core/codec/Codec.js'
import { plainData } from '../../core/codec/plainData.js'
import type { Question } from '../../core/protocol/Command.js'
import { Observation } from '../../core/protocol/Observation.js'
import { environment, type ShellError } from '../base/ShellError.js'

/** Plain data with 0 in place of every number that is not finite. */
const finite = (value: unknown): unknown => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : 0
  if (Array.isArray(value)) return value.map(finite)
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, finite(field)]))
    : value
}

/** The failure that an answer reports by numbers that are not finite; `null` if it has another fault. */
const diverged = (question: Question, answer: unknown, reason: string): Observation | null => {
  const whole = decode(Observation)(finite(answer))
  if (E.isLeft(whole) || whole.right.id !== question.id || !decodesId(answer, question)) return null
  return {
    _tag: 'CommandFailed',
    id: question.id,
    reason: `The answer to ${question._tag} cannot be used: ${reason}.`,
    effort: 'effort' in whole.right ? whole.right.effort : 0,
  }
}

const decodesId = (answer: unknown, { id }: Question): boolean =>
  typeof answer === 'object' && answer !== null && Reflect.get(answer, 'id') === id

/**
 * The observation as a replay will read it. A number that is not finite means that training diverged: the command failed.
 *
 * Errors: `Environment` if the answer is not an observation. The records so far stay valid.
 */
export const recordable =
  (question: Question) =>
  (given: unknown): E.Either<ShellError, Observation> =>
    pipe(
      plainData(given),
      E.mapLeft(excess => `it ${excess}`),
      E.flatMap(answer =>
        pipe(
          decode(Observation)(answer),
          // A replay gets the answer from JSON, which has no −0.
          E.flatMap(observation => decode(Observation)(JSON.parse(JSON.stringify(observation)))),
          E.orElse(reason => {
            const failed = diverged(question, answer, reason)
            return failed === null ? E.left(reason) : E.right(failed)
          }),
        ),
      ),
      E.mapLeft(reason =>
        environment(
          `The answer to command ${question.id}, ${question._tag}, is not an observation: ${reason}. This is a fault of the ` +
            'interpreter, so the run stops here; the records so far are in the run log. Correct the interpreter, then ' +
            'continue the run. For training that diverged, answer CommandFailed.',
        ),
      ),
    )

/** The error of an interpreter that throws, or returns no Either. */
export const broken = (question: Question, what: string): ShellError =>
  environment(
    `The interpreter failed on command ${question.id}, ${question._tag}: ${what}. The records so far are in the run log. ` +
      'Answer CommandFailed where training fails; correct the interpreter otherwise.',
  )
