/** Commands that run at once on worker threads give the same bytes as one by one, and leave nothing behind. */
import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, test } from 'vitest'
import type { Question, SolveLowerLevel, WeightsRef } from '../../../src/core/protocol/Command.js'
import { choose } from '../../../src/shell/backend/chooseBackend.js'
import { HyperparametersConfig } from '../../../src/shell/model/Hyperparameters.js'
import { NetworkConfig } from '../../../src/shell/model/NetworkConfig.js'
import type { Problem } from '../../../src/shell/train/Problem.js'
import type { Persistence } from '../../../src/shell/train/WeightStore.js'
import { networkInterpreter, type InterpreterOptions } from '../../../src/shell/work/networkInterpreter.js'
import type { StartThread } from '../../../src/shell/work/TrainingThread.js'
import { bundled } from '../../support/bundled.js'
import { deep } from '../../support/cases.js'
import { left, presentBackends, problem, right, run } from '../train/fixtures.js'

const backends = await presentBackends()
const wasm = await run(choose('wasm'))

/** Running threads. All must have ended at the end of a test. */
const threads = new Set<Worker>()
const bundle = bundled('src/shell/work/trainingThread.worker.ts')

const startThread: StartThread = workerData => {
  const worker = new Worker(bundle, { workerData })
  threads.add(worker)
  worker.on('exit', () => threads.delete(worker))
  return worker
}

const allGone = async (): Promise<void> => {
  for (let i = 0; i < 200 && threads.size > 0; i++) await new Promise(resolve => setTimeout(resolve, 20))
  expect(threads.size).toBe(0)
}
afterEach(allGone)

const networks = { mlp: { kind: 'mlp', hidden: [8] }, lenet: { kind: 'lenet' } } as const

const withRecipe = (network: keyof typeof networks, solver: object = {}): Problem => ({
  ...problem({
    network: networks[network],
    ...(network === 'lenet' ? { shape: [12, 12, 1], sizes: [16, 12, 8] as const } : {}),
    solver,
  }),
  recipe: {
    network: right(NetworkConfig.decode(networks[network])),
    hyperparameters: right(HyperparametersConfig.decode({ per: 'layer' })),
  },
})

/** Stores weights in memory, so that a test can read them. */
const shelf = () => {
  const kept = new Map<WeightsRef, Float32Array>()
  const persistence: Persistence = {
    save: (ref, weights) =>
      TE.fromIO(() => {
        kept.set(ref, Float32Array.from(weights))
      }),
    load: ref => TE.right(O.fromNullable(kept.get(ref))),
    remove: ref => () => void kept.delete(ref),
  }
  return { kept, persistence }
}

const solving = (dimension: number, id: number, rest: Partial<SolveLowerLevel> = {}): SolveLowerLevel => ({
  _tag: 'SolveLowerLevel',
  id,
  lambda: Array.from({ length: dimension }, (_, k) => -2 + id + 0.1 * k),
  from: 'initial',
  tolerance: 1e-3,
  maxEpochs: 30,
  ...rest,
})

/** Rounds of questions. The questions of a round are independent. */
const rounds = (dimension: number, maxEpochs: number): ReadonlyArray<ReadonlyArray<Question>> => {
  const lambda = Array.from({ length: dimension }, () => 0.5)
  const descent = {
    _tag: 'DescendWeights',
    lambda,
    from: 'w1',
    lowerCoefficient: 1,
    steps: 12,
    batchSize: 8,
    stepScale: 1,
    stream: 5,
  } as const
  return [
    [0, 1, 2, 3, 4].map(id => solving(dimension, id, { maxEpochs })),
    [
      { ...descent, id: 5, upperCoefficient: 0 },
      { ...descent, id: 6, upperCoefficient: 0.2 },
    ],
    [
      { _tag: 'EvaluateLosses', id: 7, lambda, weights: 'w5' },
      { _tag: 'EvaluateLosses', id: 8, lambda, weights: 'w99' },
      { _tag: 'Refit', id: 9, lambda, tolerance: 1e-3, maxEpochs },
      { _tag: 'Refit', id: 10, lambda: lambda.map(l => l + 1), tolerance: 1e-3, maxEpochs },
      solving(dimension, 11, { from: 'w6', maxEpochs }),
    ],
  ]
}

describe('commands that run at once', () => {
  // Convolutions in plain JavaScript are too slow for this test.
  const cases = backends.flatMap(backend =>
    (backend.name === 'cpu' ? ['mlp' as const] : ['mlp' as const, 'lenet' as const]).map(network => ({
      backend,
      network,
    })),
  )
  test.each(cases)(
    'give the same answers and weights as one by one, bit for bit, for any number of threads ($backend.name, $network)',
    async ({ backend, network }) => {
      const instance = withRecipe(network, { epochs: 3 })
      const dimension = instance.hyperparameters.space.length
      const all = async (workers: number) => {
        const { kept, persistence } = shelf()
        const answers = []
        const before = tf.memory().numTensors
        const interpreter = right(
          networkInterpreter(backend, instance, { workers, persistence, startThread }),
        )
        expect(interpreter.atOnce ?? 1).toBe(workers)
        for (const round of rounds(dimension, network === 'lenet' && !deep ? 8 : 30))
          answers.push(...(await Promise.all(round.map(question => run(interpreter.answer(question))))))
        expect(threads.size).toBe(workers - 1)
        interpreter.dispose()
        await allGone()
        expect(tf.memory().numTensors).toBe(before)
        return { answers, kept }
      }
      const alone = await all(1)
      const together = await all(3)
      // Kernels with several threads may round differently on each call.
      if (backend.threads === 1) expect(together).toEqual(alone)
      expect(together.answers.map(({ _tag }) => _tag)).toEqual(alone.answers.map(({ _tag }) => _tag))
      for (const [ref, weights] of alone.kept) {
        const others = together.kept.get(ref)!
        const furthest = weights.reduce((most, w, i) => Math.max(most, Math.abs(w - others[i]!)), 0)
        expect(furthest).toBeLessThan(1e-3)
      }
      expect(alone.kept.size).toBe(10)
    },
  )

  test('see the same augmented images on every thread', async () => {
    const instance = withRecipe('mlp', { epochs: 3, augment: { crop: 2, flip: true } })
    const first = rounds(2, 5)[0]!
    const answers = async (of: Problem, workers: number) => {
      const interpreter = right(networkInterpreter(wasm, of, { workers, startThread }))
      const found = await Promise.all(first.map(question => run(interpreter.answer(question))))
      interpreter.dispose()
      return found
    }
    const together = await answers(instance, 3)
    expect(together).toEqual(await answers(instance, 1))
    expect(together).not.toEqual(await answers(withRecipe('mlp', { epochs: 3 }), 1))
  })

  test('a training that diverges fails only its own command', async () => {
    const instance = withRecipe('mlp', { epochs: 3, learningRate: 1 })
    const at = (id: number, lambda: number) => solving(2, id, { lambda: [lambda, lambda] })
    const questions = [at(0, 0), at(1, 700), at(2, 0), at(3, 700), at(4, 1)]
    const answers = async (workers: number) => {
      const interpreter = right(networkInterpreter(wasm, instance, { workers, startThread }))
      const found = await Promise.all(questions.map(question => run(interpreter.answer(question))))
      interpreter.dispose()
      return found
    }
    const together = await answers(2)
    expect(together.map(({ _tag }) => _tag === 'CommandFailed')).toEqual([false, true, false, true, false])
    expect(together).toEqual(await answers(1))
  })

  const long = (id: number) => solving(2, id, { tolerance: 1e-30, maxEpochs: 1e6 })
  const endless = (options: InterpreterOptions) => {
    const instance = withRecipe('mlp', { epochs: 1e6 })
    return right(networkInterpreter(wasm, instance, { workers: 2, startThread, ...options }))
  }

  test('all end on a stop, in this thread and in worker threads', async () => {
    const stop = new AbortController()
    const seen = new Set<number>()
    const interpreter = endless({
      signal: stop.signal,
      onProgress: ({ command }) => {
        seen.add(command.id)
        if (seen.size === 2) stop.abort()
      },
    })
    const results = await Promise.all([0, 1, 2].map(id => interpreter.answer(long(id))()))
    expect(results.map(result => left(result)._tag)).toEqual(['Interrupted', 'Interrupted', 'Interrupted'])
    expect([...seen].sort()).toEqual([0, 1])
  })

  test('all end when the interpreter is disposed of', async () => {
    const seen = new Set<number>()
    const interpreter = endless({
      onProgress: ({ command }) => {
        seen.add(command.id)
        if (seen.size === 2) interpreter.dispose()
      },
    })
    const results = Promise.all([0, 1].map(id => interpreter.answer(long(id))()))
    expect((await results).map(result => left(result)._tag)).toEqual(['Interrupted', 'Interrupted'])
  })

  test('a lost thread ends the run, and the message says what to do', async () => {
    const stop = new AbortController()
    const interpreter = endless({
      signal: stop.signal,
      onProgress: ({ command }) => {
        if (command.id === 1) for (const worker of threads) void worker.terminate()
      },
    })
    const here = interpreter.answer(long(0))()
    const error = left(await interpreter.answer(long(1))())
    expect(error._tag).toBe('Environment')
    expect(error.message).toMatch(/^The thread that trained for command 1 ended .*--workers 1/)
    expect(left(await interpreter.answer(long(2))()).message).toMatch(/thread/)
    stop.abort()
    expect(E.isLeft(await here)).toBe(true)
  })

  test('run one at a time if the problem has no recipe, and one at a time needs no worker thread', async () => {
    expect(right(networkInterpreter(wasm, problem(), { workers: 4, startThread })).atOnce).toBeUndefined()
    const interpreter = right(networkInterpreter(wasm, withRecipe('mlp'), { workers: 4, startThread }))
    for (const id of [0, 1]) await run(interpreter.answer(solving(2, id)))
    expect(threads.size).toBe(0)
    interpreter.dispose()
  })
})
