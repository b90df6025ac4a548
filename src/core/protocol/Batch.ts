/**
 * A batch: questions that were asked together, and their answers so far.
 *
 * A method that reads a batch only once it is complete, and reads the answers in the order of their questions, does not
 * depend on the order in which answers arrive.
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
/**
 * A batch. Each answer belongs to one of the questions. The batch is complete once it has as many answers as questions.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { Batch, decode } from 'bilevel-hpo'
 *
 * const batch = Batch.ask([{ _tag: 'EvaluateLosses', id: 0, lambda: [-4], weights: 'w3' }])
 * decode(Batch.Batch)(JSON.parse(JSON.stringify(batch))) // => right(batch)
 * ```
 */
export type Batch = Readonly<{ questions: ReadonlyArray<Question>; answers: ReadonlyArray<Observation> }>

/**
 * A batch of questions without answers.
 *
 * @example
 * ```ts
 * import { Batch } from 'bilevel-hpo'
 *
 * const batch = Batch.ask([{ _tag: 'EvaluateLosses', id: 0, lambda: [-4], weights: 'w3' }])
 * batch.answers // => []
 * ```
 */
export const ask = (questions: ReadonlyArray<Question>): Batch => ({ questions, answers: [] })

/**
 * Whether every question has its answer.
 *
 * @example
 * ```ts
 * import { Batch } from 'bilevel-hpo'
 *
 * Batch.isComplete(Batch.ask([{ _tag: 'EvaluateLosses', id: 0, lambda: [-4], weights: 'w3' }])) // => false
 * Batch.isComplete(Batch.ask([])) // => true
 * ```
 */
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
  // // The caller of `step` need not have decoded the answer, and a NaN would spread through every later state.
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
 * `InvalidObservation` for gradients of the wrong length and for any field that its codec refuses, above all numbers
 * that are not finite.
 *
 * @example
 * ```ts
 * import { isLeft, isRight } from 'fp-ts/lib/Either.js'
 * import { Batch, type Observation } from 'bilevel-hpo'
 *
 * const batch = Batch.ask([{ _tag: 'EvaluateLosses', id: 7, lambda: [-4], weights: 'w3' }])
 * const failed = (id: number): Observation.Observation => ({ _tag: 'CommandFailed', id, reason: 'no memory', effort: 0 })
 * isRight(Batch.receive(failed(7))(batch)) // => true
 * // There is no question 8.
 * isLeft(Batch.receive(failed(8))(batch)) // => true
 * ```
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

/**
 * The answers in the order of their questions, in whatever order they arrived.
 *
 * @example
 * ```ts
 * import { Batch, type Command, type Observation } from 'bilevel-hpo'
 *
 * const measure = (id: number): Command.Question => ({ _tag: 'EvaluateLosses', id, lambda: [-4], weights: 'w3' })
 * const failed = (id: number): Observation.Observation => ({ _tag: 'CommandFailed', id, reason: 'no memory', effort: 0 })
 * // Question 1 was answered first.
 * const batch: Batch.Batch = { questions: [measure(0), measure(1)], answers: [failed(1), failed(0)] }
 * Batch.inOrder(batch) // => [failed(0), failed(1)]
 * ```
 */
export const inOrder = (batch: Batch): ReadonlyArray<Observation> =>
  batch.questions.flatMap(({ id }) => batch.answers.filter(answer => answer.id === id))

/**
 * The effort of all answers, added one by one to `before`. Rounding depends on the order, so pass the answers in the
 * order of their questions where results must be bit-identical.
 *
 * @example
 * ```ts
 * import { Batch, type Observation } from 'bilevel-hpo'
 *
 * const answers: ReadonlyArray<Observation.Observation> = [
 *   { _tag: 'CommandFailed', id: 0, reason: 'it diverged', effort: 600 },
 *   { _tag: 'CommandFailed', id: 1, reason: 'it diverged', effort: 1200 },
 * ]
 * Batch.effortOf(answers, 3000) // => 4800
 * ```
 */
export const effortOf = (answers: ReadonlyArray<Observation>, before = 0): number =>
  answers.reduce((sum, answer) => sum + ('effort' in answer ? answer.effort : 0), before)
