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
import { decode, Natural } from '../codec/Codec.js'
import { show } from '../codec/Difference.js'
import { quoted } from '../codec/shown.js'
import { plainData } from '../codec/plainData.js'
import { Command, isQuestion, type Question, weightsOf } from './Command.js'
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

/** What an observation must have before anything else is read from it. */
const Addressed = t.type({ id: Natural })

/** The observation as plain data that names a command. The caller of `step` need not have decoded it. */
const addressed = (
  given: unknown,
): E.Either<MethodError, { readonly id: number; readonly value: t.OutputOf<typeof Addressed> }> =>
  pipe(
    plainData(given),
    E.mapLeft(excess => `it ${excess}`),
    E.flatMap(value =>
      pipe(
        decode(Addressed)(value),
        E.map(found => ({ id: found.id, value: found })),
      ),
    ),
    E.mapLeft(reason =>
      invalidObservation(
        null,
        `The observation cannot be used: ${reason}. Answer a command with an object that has its \`id\`.`,
      ),
    ),
  )

const isTag = (tag: unknown): tag is Observation['_tag'] =>
  tag === 'CommandFailed' || Object.values<unknown>(answerTag).includes(tag)

/** The decoded answer, if it belongs to this question. A NaN would spread through every later state. */
const answerTo =
  (question: Question) =>
  (value: object): E.Either<MethodError, Observation> => {
    const { id } = question
    const expected = answerTag[question._tag]
    const found: unknown = Reflect.get(value, '_tag')
    if (found !== expected && found !== 'CommandFailed')
      return E.left(
        unexpectedObservation(
          id,
          expected,
          isTag(found) ? found : `an object whose \`_tag\` is ${show(found, 60)}`,
        ),
      )
    return pipe(
      decode(Observation)(value),
      E.mapLeft(reason =>
        invalidObservation(
          id,
          `The answer to command ${id} cannot be used: ${reason}. Where a number is not finite, answer ` +
            'CommandFailed instead.',
        ),
      ),
      E.flatMap(fitting(question)),
    )
  }

const fitting =
  (question: Question) =>
  (answer: Observation): E.Either<MethodError, Observation> => {
    const { id } = question
    if (answer._tag === 'LowerLevelSolved' || answer._tag === 'WeightsDescended') {
      const d = question.lambda.length
      const { upperGradient, lowerGradient } = answer
      if (upperGradient.length !== d || lowerGradient.length !== d)
        return E.left(
          invalidObservation(
            id,
            `The answer to command ${id} has gradients by λ of lengths ${upperGradient.length} ` +
              `and ${lowerGradient.length}; λ has ${d} components.`,
          ),
        )
    }
    return 'weights' in answer && answer.weights !== weightsOf(id)
      ? E.left(
          invalidObservation(
            id,
            `The answer to command ${id} names the weights ${quoted(answer.weights)}. The weights that a command creates are ` +
              `named after it: keep them as "${weightsOf(id)}", and answer with that name.`,
          ),
        )
      : E.right(answer)
  }

/**
 * The batch with one more answer.
 *
 * The observation may be any value: it is decoded, and the batch holds what was decoded.
 *
 * Errors: `UnknownCommand` for an id that is not open, `UnexpectedObservation` for the wrong kind of answer,
 * `InvalidObservation` for gradients of the wrong length, for weights that are named after another command, and for
 * anything that the codec refuses, above all numbers that are not finite.
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
  (batch: Batch): E.Either<MethodError, Batch> =>
    pipe(
      addressed(observation),
      E.flatMap(({ id, value }) => {
        const question = batch.questions.find(asked => asked.id === id)
        return question === undefined || batch.answers.some(answer => answer.id === id)
          ? E.left(unknownCommand(id))
          : answerTo(question)(value)
      }),
      E.map(answer => ({ ...batch, answers: [...batch.answers, answer] })),
    )

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
