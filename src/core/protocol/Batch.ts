/**
 * Questions that were asked together, and the answers that have come so far.
 *
 * A method that looks at a batch only when it is complete, with the answers in the order of their questions, does
 * not depend on the order in which answers arrive.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { decode } from '../codec/Codec.js'
import { Command, isQuestion, type Question } from './Command.js'
import { invalidObservation, type MethodError, unexpectedObservation, unknownCommand } from './MethodError.js'
import { answerTag, Observation } from './Observation.js'

const QuestionCodec = t.refinement(Command, isQuestion, 'a command that wants an answer')

export const Batch = t.readonly(
  t.strict({ questions: t.readonlyArray(QuestionCodec), answers: t.readonlyArray(Observation) }),
  'Batch',
)
/** `answers[i]` answers some question; a batch is complete when there are as many of them as questions. */
export type Batch = Readonly<{ questions: ReadonlyArray<Question>; answers: ReadonlyArray<Observation> }>

/** Questions that nobody has answered yet. */
export const ask = (questions: ReadonlyArray<Question>): Batch => ({ questions, answers: [] })

/** Whether every question has its answer. */
export const isComplete = (batch: Batch): boolean => batch.answers.length === batch.questions.length

const validate = (question: Question, observation: Observation): E.Either<MethodError, Observation> => {
  const expected = answerTag[question._tag]
  if (observation._tag !== expected && observation._tag !== 'CommandFailed')
    return E.left(unexpectedObservation(question.id, expected, observation._tag))
  if (observation._tag === 'LowerLevelSolved' || observation._tag === 'WeightsDescended') {
    const d = question.lambda.length
    if (observation.upperGradient.length !== d || observation.lowerGradient.length !== d)
      return E.left(
        invalidObservation(
          question.id,
          `The answer to command ${question.id} has gradients by λ of lengths ${observation.upperGradient.length} ` +
            `and ${observation.lowerGradient.length}; λ has ${d} components.`,
        ),
      )
  }
  // Whoever calls `step` need not have decoded anything, and a NaN that got in would be in every state from here on.
  return pipe(
    decode(Observation)(observation),
    E.bimap(
      reason =>
        invalidObservation(
          question.id,
          `The answer to command ${question.id} cannot be used: ${reason}. Where a number is not finite, answer ` +
            'CommandFailed instead.',
        ),
      () => observation,
    ),
  )
}

/**
 * The batch with one more answer.
 *
 * Errors: `UnknownCommand` for an id that is not open, `UnexpectedObservation` for the wrong kind of answer,
 * `InvalidObservation` for gradients of the wrong length and whatever else is not as its codec says, numbers that are
 * not finite above all.
 */
export const receive =
  (observation: Observation) =>
  (batch: Batch): E.Either<MethodError, Batch> => {
    const question = batch.questions.find(({ id }) => id === observation.id)
    if (question === undefined || batch.answers.some(({ id }) => id === observation.id))
      return E.left(unknownCommand(observation.id))
    return E.map((answer: Observation) => ({ ...batch, answers: [...batch.answers, answer] }))(
      validate(question, observation),
    )
  }

/** The answers in the order of their questions, whatever the order they came in. */
export const inOrder = (batch: Batch): ReadonlyArray<Observation> =>
  batch.questions.flatMap(({ id }) => batch.answers.filter(answer => answer.id === id))

/**
 * The effort of all answers together, added to what had been spent before, one after the other: give them in the order
 * of their questions where the last digit matters.
 */
export const effortOf = (answers: ReadonlyArray<Observation>, before = 0): number =>
  answers.reduce((sum, answer) => sum + ('effort' in answer ? answer.effort : 0), before)
