import * as tf from '@tensorflow/tfjs-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { DescendWeights, Question, SolveLowerLevel } from '../../../src/core/protocol/Command.js'
import { decode } from '../../../src/core/codec/Codec.js'
import { Observation } from '../../../src/core/protocol/Observation.js'
import { choose } from '../../../src/shell/backend/chooseBackend.js'
import type { Backend } from '../../../src/shell/backend/Backend.js'
import type { Problem } from '../../../src/shell/train/Problem.js'
import type { Persistence } from '../../../src/shell/train/WeightStore.js'
import {
  networkInterpreter,
  type InterpreterOptions,
  type Progress,
} from '../../../src/shell/work/networkInterpreter.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { environment } from '../../../src/shell/base/ShellError.js'
import { left, problem, right, run } from '../train/fixtures.js'

let wasm: Backend
beforeAll(async () => {
  wasm = await run(choose('wasm'))
})

const interpreter = (instance: Problem, options: InterpreterOptions = {}) =>
  right(networkInterpreter(wasm, instance, options))

const solveCommand = (id: number, rest: Partial<SolveLowerLevel> = {}): SolveLowerLevel => ({
  _tag: 'SolveLowerLevel',
  id,
  lambda: [0, 0.5],
  from: 'initial',
  tolerance: 1e-3,
  maxEpochs: 200,
  ...rest,
})

const descendCommand = (id: number, rest: Partial<DescendWeights> = {}): DescendWeights => ({
  _tag: 'DescendWeights',
  id,
  lambda: [0, 0.5],
  from: 'initial',
  upperCoefficient: 0,
  lowerCoefficient: 1,
  steps: 10,
  batchSize: 8,
  stepScale: 1,
  stream: 0,
  ...rest,
})

/** Softmax regression: convex and smooth, so that training reaches the tolerance. */
const linear = problem({ network: { kind: 'mlp', hidden: [] }, hyperparameters: { per: 'model' } })

/** Every kind of question, one after the other. */
const session: ReadonlyArray<Question> = [
  solveCommand(0),
  descendCommand(1, { from: 'w0', upperCoefficient: 0.1, stream: 4 }),
  descendCommand(2, { from: 'w1', batchSize: null, steps: 3 }),
  solveCommand(3, { from: 'w2', lambda: [-1, 1] }),
  { _tag: 'EvaluateLosses', id: 4, lambda: [0, 0], weights: 'w3' },
  { _tag: 'Refit', id: 5, lambda: [0, 0.5], tolerance: 1e-3, maxEpochs: 60 },
  { _tag: 'EvaluateLosses', id: 6, lambda: [0, 0], weights: 'w5' },
]

const answers = async (
  instance: Problem,
  questions: ReadonlyArray<Question>,
): Promise<ReadonlyArray<Observation>> => {
  const world = interpreter(instance)
  const found = []
  for (const question of questions) found.push(await run(world.answer(question)))
  world.dispose()
  return found
}

const answered = <T extends Observation['_tag']>(
  tag: T,
  observation: Observation | undefined,
): Extract<Observation, { _tag: T }> => {
  const is = (o: Observation | undefined): o is Extract<Observation, { _tag: T }> => o?._tag === tag
  if (!is(observation)) throw new Error(`expected ${tag}, found ${JSON.stringify(observation)}`)
  return observation
}

describe('every question', () => {
  test('gets its own kind of answer, which decodes and repeats byte for byte', async () => {
    const first = await answers(problem(), session)
    expect(first.map(({ _tag, id }) => [_tag, id])).toEqual([
      ['LowerLevelSolved', 0],
      ['WeightsDescended', 1],
      ['WeightsDescended', 2],
      ['LowerLevelSolved', 3],
      ['LossesEvaluated', 4],
      ['Refitted', 5],
      ['LossesEvaluated', 6],
    ])
    for (const observation of first) expect(right(decode(Observation)(observation))).toEqual(observation)
    expect(JSON.stringify(await answers(problem(), session))).toBe(JSON.stringify(first))
    expect(JSON.stringify(await answers(problem({ seed: 2 }), session))).not.toBe(JSON.stringify(first))
  })

  test('a refit reports the losses of its weights', async () => {
    const found = await answers(problem(), session)
    expect(answered('Refitted', found[5]).metrics).toEqual(answered('LossesEvaluated', found[6]).metrics)
  })

  test('lenet answers too', async () => {
    const instance = problem({
      network: { kind: 'lenet' },
      shape: [12, 12, 1],
      hyperparameters: { per: 'model' },
    })
    const [start, solved] = await answers(instance, [
      descendCommand(0, { lambda: [0], lowerCoefficient: 0, steps: 1 }),
      solveCommand(1, { lambda: [0], maxEpochs: 40 }),
    ])
    const [before, after] = [answered('WeightsDescended', start), answered('LowerLevelSolved', solved)]
    expect(after.lower).toBeLessThan(0.4 * before.lower)
    expect(after.effort).toBeLessThanOrEqual(40 * 40)
  })
})

describe('solving', () => {
  test('reaches the tolerance, and reports what a new measurement of its weights gives', async () => {
    const tolerance = 1e-5
    const [solved, still, looked] = await answers(linear, [
      solveCommand(0, { tolerance, lambda: [0.5] }),
      // Coefficients of zero do not change the weights.
      descendCommand(1, { from: 'w0', lambda: [0.5], lowerCoefficient: 0, steps: 1 }),
      { _tag: 'EvaluateLosses', id: 2, lambda: [0.5], weights: 'w0' },
    ])
    const first = answered('LowerLevelSolved', solved)
    expect(first.converged).toBe(true)
    expect(first.gradientNorm).toBeLessThanOrEqual(tolerance)
    const second = answered('WeightsDescended', still)
    expect(second).toEqual({ ...second, ...pickLosses(first) })
    const { metrics } = answered('LossesEvaluated', looked)
    expect(metrics.validation.loss).toBe(first.upper)
    // The penalty is Σ_k ∂f/∂λ_k, because θ = exp λ.
    const penalty = first.lowerGradient.reduce((a, b) => a + b, 0)
    expect(first.lower).toBeCloseTo(metrics.train.loss + penalty, 12)
    expect(first.upperGradient).toEqual([0])
  })

  test('stays within its budget, and counts every example whose gradient it took', async () => {
    const epoch = 40
    for (const maxEpochs of [1, 3, 12.5]) {
      const [solved] = await answers(problem(), [solveCommand(0, { tolerance: 1e-12, maxEpochs })])
      const { effort, converged } = answered('LowerLevelSolved', solved)
      expect(converged).toBe(false)
      expect(effort).toBeLessThanOrEqual(maxEpochs * epoch)
      expect(effort).toBeGreaterThan((maxEpochs - 1) * epoch - 8)
      expect(effort % 8).toBe(0)
    }
  })

  test('takes one gradient when it starts from solved weights', async () => {
    const [, again] = await answers(problem(), [solveCommand(0), solveCommand(1, { from: 'w0' })])
    expect(answered('LowerLevelSolved', again).effort).toBe(40)
  })

  test('the slope of φ is ∂f/∂λ at the solution (envelope theorem)', async () => {
    const at = async (lambda: number) => {
      const [solved] = await answers(linear, [solveCommand(0, { lambda: [lambda], tolerance: 1e-5 })])
      const found = answered('LowerLevelSolved', solved)
      expect(found.converged).toBe(true)
      return found
    }
    const h = 0.05
    for (const lambda of [-2, 0, 2]) {
      const [below, middle, above] = [await at(lambda - h), await at(lambda), await at(lambda + h)]
      const slope = (above.lower - below.lower) / (2 * h)
      expect(Math.abs(slope - middle.lowerGradient[0]!)).toBeLessThanOrEqual(1e-3 * slope)
    }
  })

  test('a convex problem has the same solution from every start', async () => {
    const [cold, moved, warm] = await answers(linear, [
      solveCommand(0, { lambda: [0], tolerance: 1e-5 }),
      descendCommand(1, { lambda: [3], steps: 40 }),
      solveCommand(2, { from: 'w1', lambda: [0], tolerance: 1e-5 }),
    ])
    const [a, b, c] = [
      answered('LowerLevelSolved', cold),
      answered('WeightsDescended', moved),
      answered('LowerLevelSolved', warm),
    ]
    expect(Math.abs(c.lower - a.lower)).toBeLessThanOrEqual(1e-8)
    expect(Math.abs(c.upper - a.upper)).toBeLessThanOrEqual(1e-3)
    expect(Math.abs(b.upper - a.upper)).toBeGreaterThan(1e-2)
  })
})

const pickLosses = ({
  upper,
  lower,
  upperGradient,
  lowerGradient,
  gradientNorm,
}: Extract<Observation, { _tag: 'LowerLevelSolved' | 'WeightsDescended' }>) => ({
  upper,
  lower,
  upperGradient,
  lowerGradient,
  gradientNorm,
})

describe('descending', () => {
  test('counts the minibatches of the sets it descends on, and the reported gradient', async () => {
    const found = await answers(problem(), [
      descendCommand(0),
      descendCommand(1, { upperCoefficient: 0.5 }),
      descendCommand(2, { upperCoefficient: 1, lowerCoefficient: 0 }),
      descendCommand(3, { batchSize: null, upperCoefficient: 1 }),
    ])
    expect(found.map(o => ('effort' in o ? o.effort : null))).toEqual([
      10 * 8 + 40,
      10 * (8 + 8) + 40,
      10 * 8 + 40,
      10 * (40 + 30) + 40,
    ])
  })

  test('equal streams draw equal minibatches, different streams different ones', async () => {
    const [a, b, c] = await answers(problem(), [
      descendCommand(0, { stream: 7 }),
      descendCommand(1, { stream: 7 }),
      descendCommand(2, { stream: 8 }),
    ])
    const losses = (o: Observation | undefined) => pickLosses(answered('WeightsDescended', o))
    expect(losses(b)).toEqual(losses(a))
    expect(losses(c)).not.toEqual(losses(a))
  })

  test('a little of F changes the result a little: the minibatches of f stay the same', async () => {
    const [a, b, c] = await answers(problem(), [
      descendCommand(0),
      descendCommand(1, { upperCoefficient: 1e-3 }),
      descendCommand(2, { stream: 1 }),
    ])
    const upper = (o: Observation | undefined) => answered('WeightsDescended', o).upper
    expect(upper(b)).not.toBe(upper(a))
    expect(Math.abs(upper(b) - upper(a))).toBeLessThan(0.1 * Math.abs(upper(c) - upper(a)))
  })

  test('large coefficients do not diverge: the step is divided by the largest', async () => {
    const [a, b] = await answers(problem(), [descendCommand(0), descendCommand(1, { lowerCoefficient: 1e6 })])
    expect(answered('WeightsDescended', b).lower).toBeCloseTo(answered('WeightsDescended', a).lower, 4)
  })
})

describe('commands that cannot be carried out', () => {
  const wild = problem({ solver: { learningRate: 1e6 } })
  const failing: ReadonlyArray<readonly [string, Problem, Question, RegExp]> = [
    ['a training that diverges', wild, solveCommand(9), /diverged.*learning rate/i],
    [
      'a refit that diverges',
      wild,
      { _tag: 'Refit', id: 9, lambda: [0, 0], tolerance: 1, maxEpochs: 9 },
      /diverged/,
    ],
    ['a descent that diverges', wild, descendCommand(9, { steps: 50 }), /diverged/],
    ['unknown weights', problem(), solveCommand(9, { from: 'w7' }), /w7.*never made/],
    ['a λ of the wrong length', problem(), solveCommand(9, { lambda: [1] }), /2 finite component/],
    ['a λ that overflows', problem(), solveCommand(9, { lambda: [800, 0] }), /diverged|finite/],
  ]

  test.each(failing)('%s is a CommandFailed, and leaves no tensor', async (_, instance, question, reason) => {
    const world = interpreter(instance)
    const before = tf.memory().numTensors
    const observation = answered('CommandFailed', await run(world.answer(question)))
    expect(tf.memory().numTensors).toBe(before)
    expect(observation.id).toBe(9)
    expect(observation.reason).toMatch(reason)
    expect(right(decode(Observation)(observation))).toEqual(observation)
    // The interpreter still works afterwards.
    expect(
      answered('CommandFailed', await run(world.answer({ ...descendCommand(10), from: 'w9' }))).effort,
    ).toBe(0)
    world.dispose()
  })

  test('commands that succeed leave no tensor either, nor does disposing', async () => {
    const before = tf.memory().numTensors
    const world = interpreter(problem())
    for (const question of session) {
      await run(world.answer(question))
      expect(tf.memory().numTensors).toBe(before)
    }
    world.dispose()
    expect(tf.memory().numTensors).toBe(before)
  })

  test('sets that do not fit are refused before any training', () => {
    const instance = problem()
    const other = problem({ shape: [5, 6, 1] })
    const message = (changed: Partial<Problem['splits']>): string =>
      left(networkInterpreter(wasm, { ...instance, splits: { ...instance.splits, ...changed } })).message
    expect(message({ validation: other.splits.validation })).toContain('5×6×1')
    expect(message({ train: { ...instance.splits.train, labels: new Uint8Array(40).fill(3) } })).toContain(
      'out of range',
    )
    expect(message({ test: { ...instance.splits.train, labels: new Uint8Array(0) } })).toContain('empty')
  })
})

describe('running', () => {
  test('released weights are gone, the initial ones stay', async () => {
    const world = interpreter(problem())
    await run(world.answer(descendCommand(0)))
    world.release(['w0', 'initial'])
    answered('CommandFailed', await run(world.answer(descendCommand(1, { from: 'w0' }))))
    answered('WeightsDescended', await run(world.answer(descendCommand(2))))
  })

  test('yields to timers, reports progress, and stops on request', async () => {
    const controller = new AbortController()
    const heard: Array<Progress> = []
    const world = interpreter(problem(), { signal: controller.signal, onProgress: p => heard.push(p) })
    setTimeout(() => controller.abort(), 150)
    const before = tf.memory().numTensors
    const error = left(await world.answer(descendCommand(0, { steps: 10_000_000 }))())
    expect(error._tag).toBe('Interrupted')
    expect(tf.memory().numTensors).toBe(before)
    expect(heard.length).toBeGreaterThan(0)
    for (const { done } of heard) expect(done >= 0 && done <= 1).toBe(true)
    expect(left(await world.answer(solveCommand(1))())._tag).toBe('Interrupted')
  })

  test('weights that cannot be saved end the run', async () => {
    const broken: Persistence = {
      save: () => TE.left(environment('The disk is full.')),
      load: () => TE.left(environment('The disk is gone.')),
      remove: () => () => undefined,
    }
    const world = interpreter(problem(), { persistence: broken })
    expect(left(await world.answer(descendCommand(0))()).message).toBe('The disk is full.')
    expect(left(await world.answer(descendCommand(1, { from: 'w5' }))()).message).toBe('The disk is gone.')
  })
})
