/**
 * An interpreter that trains nothing: λ is x, the weights are one number y, and
 * F = x² + y², f = (x + y − 1)² for each component (the closed form of test/core/bilevel).
 */
import * as E from 'fp-ts/lib/Either.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { initialWeights, weightsOf, type Question, type WeightsRef } from '../../src/core/protocol/Command.js'
import type { Observation, SetMetrics } from '../../src/core/protocol/Observation.js'
import type { Interpreter } from '../../src/shell/record/Interpreter.js'

export interface Recorder extends Interpreter {
  readonly asked: Array<Question>
  readonly released: Array<WeightsRef>
  readonly kept: ReadonlyMap<WeightsRef, ReadonlyArray<number>>
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + value, 0)

const upper = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number =>
  sum(x.map((xk, k) => xk * xk + y[k]! * y[k]!))

const lower = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): number =>
  sum(x.map((xk, k) => (xk + y[k]! - 1) ** 2))

const metrics = (x: ReadonlyArray<number>, y: ReadonlyArray<number>): SetMetrics => ({
  train: { loss: lower(x, y), accuracy: null },
  validation: { loss: upper(x, y), accuracy: 0.5 },
  test: null,
})

export interface Disturbance {
  /** Answers in place of the interpreter; `undefined` leaves the question to it. */
  readonly instead?: (question: Question) => E.Either<never, Observation> | undefined
}

export const closedForm = (disturbance: Disturbance = {}): Recorder => {
  const kept = new Map<WeightsRef, ReadonlyArray<number>>()
  const asked: Array<Question> = []
  const released: Array<WeightsRef> = []

  const measured = (id: number, x: ReadonlyArray<number>, y: ReadonlyArray<number>, effort: number) => {
    kept.set(weightsOf(id), y)
    return {
      id,
      upper: upper(x, y),
      lower: lower(x, y),
      upperGradient: x.map(xk => 2 * xk),
      lowerGradient: x.map((xk, k) => 2 * (xk + y[k]! - 1)),
      gradientNorm: 2 * Math.sqrt(lower(x, y)),
      weights: weightsOf(id),
      effort,
    }
  }

  const answer = (question: Question): Observation => {
    const x = question.lambda
    const at = (ref: WeightsRef): ReadonlyArray<number> =>
      ref === initialWeights ? x.map(() => 0) : kept.get(ref)!
    switch (question._tag) {
      case 'SolveLowerLevel':
        return {
          _tag: 'LowerLevelSolved',
          ...measured(
            question.id,
            x,
            x.map(xk => 1 - xk),
            100,
          ),
          converged: true,
        }
      case 'DescendWeights': {
        let y = at(question.from)
        for (let i = 0; i < question.steps; i++)
          y = y.map(
            (yk, k) =>
              yk -
              0.1 * (2 * question.upperCoefficient * yk + 2 * question.lowerCoefficient * (x[k]! + yk - 1)),
          )
        return { _tag: 'WeightsDescended', ...measured(question.id, x, y, question.steps) }
      }
      case 'EvaluateLosses':
        return { _tag: 'LossesEvaluated', id: question.id, metrics: metrics(x, at(question.weights)) }
      case 'Refit': {
        const y = x.map(xk => 1 - xk)
        kept.set(weightsOf(question.id), y)
        return {
          _tag: 'Refitted',
          id: question.id,
          metrics: metrics(x, y),
          weights: weightsOf(question.id),
          effort: 100,
        }
      }
    }
  }

  return {
    asked,
    released,
    kept,
    answer: question => {
      asked.push(question)
      return TE.fromEither(disturbance.instead?.(question) ?? E.right(answer(question)))
    },
    release: refs => {
      for (const ref of refs) {
        kept.delete(ref)
        released.push(ref)
      }
    },
    dispose: () => kept.clear(),
  }
}
