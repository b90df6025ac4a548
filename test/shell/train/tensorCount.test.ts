/** No command leaves a tensor behind, whether it succeeds or fails, on any available backend. */
import * as tf from '@tensorflow/tfjs-core'
import { describe, expect, test } from 'vitest'
import type { Question } from '../../../src/core/protocol/Command.js'
import { available } from '../../../src/shell/backend/chooseBackend.js'
import type { Problem } from '../../../src/shell/train/Problem.js'
import { networkInterpreter } from '../../../src/shell/work/networkInterpreter.js'
import { deep } from '../../support/cases.js'
import { presentBackends, problem, right, run } from './fixtures.js'

const backends = await presentBackends()
const absent = (await available()).filter(({ present }) => !present).map(({ name }) => name)

const common = { tolerance: 1e-3, maxEpochs: 6 }
const descent = {
  _tag: 'DescendWeights',
  from: 'initial',
  upperCoefficient: 0.1,
  lowerCoefficient: 1,
  batchSize: 8,
  stepScale: 1,
  stream: 0,
} as const

/** Every kind of question, in all its forms. */
const questionsAt = (lambda: ReadonlyArray<number>): ReadonlyArray<Question> => [
  { _tag: 'SolveLowerLevel', id: 0, from: 'initial', lambda, ...common },
  { _tag: 'SolveLowerLevel', id: 1, from: 'w0', lambda, ...common },
  { ...descent, lambda, id: 2, steps: 4 },
  { ...descent, lambda, id: 3, steps: 2, batchSize: null },
  { ...descent, lambda, id: 4, steps: 0 },
  { _tag: 'EvaluateLosses', id: 5, lambda, weights: 'initial' },
  { _tag: 'Refit', id: 6, lambda, ...common },
]

const networks: Readonly<Record<string, (learningRate: number) => Problem>> = {
  mlp: learningRate => problem({ hyperparameters: { per: 'model' }, solver: { epochs: 3, learningRate } }),
  // Costs of examples, one coefficient per input, and a penalty that is not quadratic: every way in which λ enters.
  linear: learningRate =>
    problem({
      network: { kind: 'linear' },
      hyperparameters: [
        { family: 'labelSmoothing', lower: -8, upper: 8 },
        { family: 'l1', per: 'input' },
        { family: 'classWeights' },
      ],
      solver: { epochs: 3, learningRate },
    }),
  lenet: learningRate =>
    problem({
      network: { kind: 'lenet' },
      shape: [12, 12, 1],
      // Few images: the convolutions of the cpu backend are slow.
      sizes: deep ? [16, 12, 8] : [8, 4, 4],
      hyperparameters: { per: 'model' },
      solver: { epochs: 2, learningRate },
    }),
}

describe(`the tensor count (absent backends: ${absent.join(', ') || 'none'})`, () => {
  test.each(backends.flatMap(backend => Object.keys(networks).map(name => ({ backend, name }))))(
    '$backend.name, $name: is the same before and after every command, also one that fails',
    async ({ backend, name }) => {
      const instance = networks[name]!
      // With the larger rate every training diverges; only measuring succeeds.
      const [good, wild] = [0.1, 1e35].map(rate => right(networkInterpreter(backend, instance(rate))))
      const before = tf.memory().numTensors
      const tags: Array<readonly [string, string]> = []
      const lambda = instance(0.1).hyperparameters.space.map(() => 0)
      for (const question of questionsAt(lambda)) {
        const answers = [await run(good!.answer(question))]
        expect(tf.memory().numTensors).toBe(before)
        answers.push(await run(wild!.answer(question)))
        expect(tf.memory().numTensors).toBe(before)
        const unknown = { ...question, lambda: [NaN] }
        expect((await run(good!.answer(unknown)))._tag).toBe('CommandFailed')
        expect(tf.memory().numTensors).toBe(before)
        tags.push([answers[0]!._tag, answers[1]!._tag])
      }
      expect(tags).toEqual([
        ['LowerLevelSolved', 'CommandFailed'],
        ['LowerLevelSolved', 'CommandFailed'],
        ['WeightsDescended', 'CommandFailed'],
        ['WeightsDescended', 'CommandFailed'],
        ['WeightsDescended', 'WeightsDescended'],
        ['LossesEvaluated', 'LossesEvaluated'],
        ['Refitted', 'CommandFailed'],
      ])
      good!.dispose()
      wild!.dispose()
      expect(tf.memory().numTensors).toBe(before)
    },
  )
})
