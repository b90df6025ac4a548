/** Trainings along a path of λ, and the step size at the end of a descent. */
import { describe, expect, test } from 'vitest'
import type { Question, Refit } from '../../../src/core/protocol/Command.js'
import type { Problem } from '../../../src/shell/train/Problem.js'
import { networkInterpreter } from '../../../src/shell/work/networkInterpreter.js'
import { presentBackends, problem, right, run } from './fixtures.js'

const backends = await presentBackends()

const solver = { epochs: 4, batchSize: 8 }

/** Problems whose λ enters in each way there is: as decay, as a curved penalty, and as weights of examples. */
const problems: ReadonlyArray<readonly [string, Problem]> = [
  ['l2', problem({ solver })],
  ['l2 of a unit', problem({ solver, hyperparameters: { family: 'l2', per: 'unit' } })],
  ['l1', problem({ solver, hyperparameters: { family: 'l1' } })],
  ['label smoothing', problem({ solver, hyperparameters: { family: 'labelSmoothing' } })],
  ['class weights', problem({ solver, hyperparameters: { family: 'classWeights' } })],
]

/** λ with all components equal. */
const all = (of: Problem, value: number): ReadonlyArray<number> => of.hyperparameters.space.map(() => value)

describe.each(backends.map(backend => ({ name: backend.name, backend })))('on $name', ({ backend }) => {
  const ask = async (of: Problem, question: Question): Promise<Record<string, unknown>> => {
    const interpreter = right(networkInterpreter(backend, of))
    const answer = await run(interpreter.answer(question))
    interpreter.dispose()
    return { ...answer }
  }

  test.each(problems)('a path of equal λ is a plain refit, byte for byte: %s', async (_, of) => {
    const lambda = all(of, -1)
    const refit: Refit = { _tag: 'Refit', id: 0, lambda, tolerance: 1e-9, maxEpochs: 6 }
    const plain = await ask(of, refit)
    expect(plain['_tag']).toBe('Refitted')
    expect(await ask(of, { ...refit, path: Array.from({ length: 7 }, () => lambda) })).toEqual(plain)
    expect(await ask(of, { ...refit, path: [] })).toEqual(plain)
    const other = await ask(of, { ...refit, path: [lambda.map(() => 2), lambda] })
    expect(other['_tag']).toBe('Refitted')
    expect(other['metrics']).not.toEqual(plain['metrics'])
  })

  test('the order of a path counts, and so does how long each λ is held', async () => {
    const [, of] = problems[0]!
    const refit = { _tag: 'Refit', id: 0, tolerance: 1e-9, maxEpochs: 6, lambda: all(of, 0) } as const
    const [low, high] = [all(of, -9), all(of, 2)]
    const found = await Promise.all(
      [
        [low, high],
        [high, low],
        [low, low, high],
        [low, low, high, high],
      ].map(async path => JSON.stringify((await ask(of, { ...refit, path }))['metrics'])),
    )
    // Twice as many λ of half the length each are the same path.
    expect(found[3]).toBe(found[0])
    expect(new Set(found).size).toBe(3)
  })

  test('a path with a λ of another length is refused', async () => {
    const [, of] = problems[0]!
    const answer = await ask(of, {
      _tag: 'Refit',
      id: 0,
      lambda: all(of, 0),
      tolerance: 1e-9,
      maxEpochs: 4,
      path: [all(of, 0), [...all(of, 0), 1]],
    })
    expect(answer).toMatchObject({ _tag: 'CommandFailed' })
  })

  test('the step size of a descent falls to its final share, and to that of the solver without one', async () => {
    const of = problem({ solver: { ...solver, descentFinalShare: 0.3 } })
    const descend = (rest: object): Promise<Record<string, unknown>> =>
      ask(of, {
        _tag: 'DescendWeights',
        id: 0,
        lambda: all(of, 0),
        from: 'initial',
        upperCoefficient: 0,
        lowerCoefficient: 1,
        steps: 6,
        batchSize: 8,
        stepScale: 1,
        stream: 3,
        ...rest,
      })
    const own = await descend({})
    expect(await descend({ finalShare: 0.3 })).toEqual(own)
    expect((await descend({ finalShare: 1 }))['lower']).not.toBe(own['lower'])
  })
})
