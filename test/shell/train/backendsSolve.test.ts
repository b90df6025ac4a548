/** Every kind of question has the same answer on every available backend, within a float tolerance. */
import { expect, test } from 'vitest'
import type { Question } from '../../../src/core/protocol/Command.js'
import type { Observation } from '../../../src/core/protocol/Observation.js'
import type { Backend } from '../../../src/shell/backend/Backend.js'
import { networkInterpreter } from '../../../src/shell/work/networkInterpreter.js'
import { presentBackends, problem, right, run } from './fixtures.js'

const lambda = [0, 0.5]
/** A tolerance that no training reaches: the number of steps must not depend on the last digit. */
const common = { lambda, tolerance: 1e-12, maxEpochs: 12 }
const questions: ReadonlyArray<Question> = [
  { _tag: 'SolveLowerLevel', id: 0, from: 'initial', ...common },
  {
    _tag: 'DescendWeights',
    id: 1,
    lambda,
    from: 'w0',
    upperCoefficient: 0.1,
    lowerCoefficient: 1,
    steps: 10,
    batchSize: 8,
    stepScale: 1,
    stream: 4,
  },
  { _tag: 'EvaluateLosses', id: 2, lambda, weights: 'w1' },
  { _tag: 'Refit', id: 3, ...common },
  { _tag: 'EvaluateLosses', id: 4, lambda, weights: 'w3' },
]

const instance = problem({ network: { kind: 'mlp', hidden: [9] }, solver: { epochs: 10 } })

const answersOn = async (backend: Backend): Promise<ReadonlyArray<Observation>> => {
  const world = right(networkInterpreter(backend, instance))
  const answers = []
  for (const question of questions) answers.push(await run(world.answer(question)))
  world.dispose()
  return answers
}

const backends = await presentBackends()
const [first, ...others] = backends.map(({ name }) => name)

/** The numbers in an answer, by their paths. */
const numbersIn = (value: unknown, path = ''): ReadonlyArray<readonly [string, number]> =>
  typeof value === 'number'
    ? [[path, value]]
    : typeof value === 'object' && value !== null
      ? Object.entries(value).flatMap(([key, inner]) => numbersIn(inner, `${path}.${key}`))
      : []

test(`${others.join(', ')} and ${first ?? 'none'} answer alike`, async () => {
  const [expected, ...found] = await Promise.all(backends.map(answersOn))
  expect(expected!.map(({ _tag }) => _tag)).toEqual(questions.map(({ _tag }) => answered[_tag]))
  expect(found.length).toBeGreaterThan(0)
  for (const answers of found)
    for (const [k, answer] of answers.entries()) {
      const [a, b] = [numbersIn(answer), numbersIn(expected![k])]
      expect(answer._tag).toBe(expected![k]!._tag)
      expect(a.map(([path]) => path)).toEqual(b.map(([path]) => path))
      for (const [i, [path, value]] of a.entries()) {
        const other = b[i]![1]
        expect(Math.abs(value - other), path).toBeLessThanOrEqual(1e-3 * Math.abs(other) + 1e-5)
      }
    }
})

const answered = {
  SolveLowerLevel: 'LowerLevelSolved',
  DescendWeights: 'WeightsDescended',
  EvaluateLosses: 'LossesEvaluated',
  Refit: 'Refitted',
} as const satisfies Record<Question['_tag'], Observation['_tag']>
