import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { allot, budgetOf, epochsPerSolve } from '../../../../src/shell/compare/budget.js'
import { canResume, jobs, Plan } from '../../../../src/shell/compare/result/Plan.js'
import { SolverConfig } from '../../../../src/shell/train/SolverConfig.js'
import { overviewLine } from '../../../../src/shell/compare/progress.js'
import { planOf } from '../../../support/comparison.js'
import { left, right } from '../../../support/recordedRun.js'

const plan = planOf()
const [bilevel, random] = plan.contenders

describe('the jobs of a plan', () => {
  it('are all contenders at one seed, then at the next', () => {
    expect(jobs(plan).map(({ folder }) => folder)).toEqual([
      'runs/bilevel-seed0',
      'runs/random-seed0',
      'runs/bilevel-seed1',
      'runs/random-seed1',
    ])
  })
})

describe('canResume', () => {
  it('accepts the same plan, and more methods and seeds', () => {
    right(canResume(plan)(plan))
    right(canResume(plan)(right(Plan.decode(JSON.parse(JSON.stringify(plan))))))
    right(canResume(plan)({ ...plan, seeds: [5, 1, 0] }))
    right(
      canResume(plan)({
        ...plan,
        contenders: [{ label: 'grid', method: 'grid', options: {} }, bilevel!, random!],
      }),
    )
    // The name of the plan does not matter.
    right(canResume(plan)({ ...plan, name: 'other' }))
  })

  it.each([
    ['task.solver.epochs', { task: { ...plan.task, solver: { epochs: 51 } } }],
    ['budget.solves', { budget: budgetOf(31, 100) }],
    ['backend', { backend: 'cpu' }],
    ['seeds', { seeds: [0, 2] }],
    ['methods', { contenders: [bilevel!] }],
    [
      'methods.bilevel.options.pair',
      { contenders: [{ ...bilevel!, options: { ...bilevel!.options, pair: 1 } }, random!] },
    ],
  ] as const)('does not go on where %s is another', (field, change) => {
    expect(left(canResume(plan)({ ...plan, ...change }))).toContain(`field \`${field}`)
  })
})

describe('a budget', () => {
  const solver = right(SolverConfig.decode({}))

  it('counts a solve with the most epochs that one may take', () => {
    expect(epochsPerSolve([{ solve: { coldEpochs: 100 } }, { solve: { coldEpochs: 120 } }, {}], solver)).toBe(
      120,
    )
    expect(epochsPerSolve([{}, { solve: {} }], solver)).toBe(solver.epochs)
    expect(budgetOf(30, 120)).toEqual({ solves: 30, epochsPerSolve: 120, epochs: 3600 })
  })

  it('replaces the effort in a method’s options, and keeps their other fields', () => {
    const given = (method: string) => ({
      label: 'a',
      method,
      options: { budget: { effortEpochs: 7, outerIterations: 3 }, x: 1 },
    })
    expect(allot(given('bilevel'), budgetOf(2, 50)).options).toEqual({
      budget: { effortEpochs: 100, outerIterations: 3 },
      x: 1,
    })
    // A rival may train as often as the effort allows, an epoch at least.
    expect(allot(given('random'), budgetOf(2, 50)).options['budget']).toMatchObject({ lowerLevelSolves: 100 })
    expect(
      allot({ label: 'a', method: 'random', options: { budget: { lowerLevelSolves: 3 } } }, budgetOf(2, 50))
        .options,
    ).toEqual({ budget: { lowerLevelSolves: 3, effortEpochs: 100 } })
  })
})

describe('a label', () => {
  it.each(['', '../x', 'a/b', 'a b', '.', '..', '-x', 'a'.repeat(65), 'a|b', 'ä'])('is not %j', label => {
    expect(E.isLeft(Plan.decode({ ...plan, contenders: [{ ...bilevel, label }] }))).toBe(true)
  })
})

describe('overviewLine', () => {
  const [first] = jobs(plan)
  const overview = { total: 4, before: 1, finished: 2, failed: 0, atWork: [], seconds: 60 }

  it('shows how many runs have ended, which are in progress, and the time left', () => {
    expect(overviewLine({ ...overview, atWork: [{ job: first!, progress: 0.5, phase: 'sampling' }] })).toBe(
      '2 of 4 runs · bilevel seed 0 50 % · about 60 s left',
    )
    expect(overviewLine({ ...overview, failed: 1 })).toBe('3 of 4 runs (1 failed) · about 30 s left')
    expect(overviewLine({ ...overview, finished: 1, seconds: 7200 })).toBe('1 of 4 runs · 2 h 0 min so far')
  })
})
