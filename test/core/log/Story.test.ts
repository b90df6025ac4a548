/** The steps and solves that are read from a log, for any method. */
import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/core/protocol/Command.js'
import type { Observation } from '../../../src/core/protocol/Observation.js'
import type { LogRecord } from '../../../src/core/log/LogRecord.js'
import { solves, steps } from '../../../src/core/log/Story.js'
import { readCommitted } from '../../support/reportRuns.js'

const { info } = readCommitted('d1').steps[0]!

const losses = {
  upper: 1,
  lower: 2,
  upperGradient: [0],
  lowerGradient: [3],
  gradientNorm: 0,
  effort: 10,
}
const solve = (id: number, from: string): Command => ({
  _tag: 'SolveLowerLevel',
  id,
  lambda: [id],
  from,
  tolerance: 1,
  maxEpochs: 1,
})
const solved = (id: number): Observation => ({
  _tag: 'LowerLevelSolved',
  id,
  ...losses,
  weights: `w${id}`,
  converged: true,
})
const descend = (id: number, from: string, upperCoefficient: number, count = 5): Command => ({
  _tag: 'DescendWeights',
  id,
  lambda: [id],
  from,
  upperCoefficient,
  lowerCoefficient: 1,
  steps: count,
  batchSize: null,
  stepScale: 1,
  stream: 0,
})
const descended = (id: number): Observation => ({
  _tag: 'WeightsDescended',
  id,
  ...losses,
  weights: `w${id}`,
})
type Unnumbered = Omit<LogRecord, 'step'>
const record = (observation: Observation | null, ...commands: ReadonlyArray<Command>): Unnumbered => ({
  observation,
  commands,
  info,
})

const stepsOf = (records: ReadonlyArray<Unnumbered>) =>
  steps(records.map((unnumbered, step) => ({ step, ...unnumbered })))

describe('the steps of a run', () => {
  it('know the question that each answers, in any order, and what was spent', () => {
    const story = stepsOf([
      record(null, solve(0, 'initial'), solve(1, 'initial')),
      record(solved(1)),
      record(solved(0), { _tag: 'EvaluateLosses', id: 2, lambda: [0], weights: 'w0' }),
    ])
    expect(story.map(({ question }) => question?.id ?? null)).toEqual([null, 1, 0])
    expect(story.map(({ effort }) => effort)).toEqual([0, 10, 20])
    expect(story.map(({ lowerLevelSolves }) => lowerLevelSolves)).toEqual([0, 1, 2])
  })

  it('of a committed log cost what its infos state', () => {
    const run = readCommitted('d2')
    const last = run.steps[run.steps.length - 1]!
    expect(last.effort).toBe(last.info.effort)
    expect(last.lowerLevelSolves).toBe(last.info.lowerLevelSolves)
  })
})

describe('the solves of a run', () => {
  it('leave out weights that saw validation data, however long ago', () => {
    const story = stepsOf([
      record(null, descend(0, 'initial', 0.5), descend(1, 'initial', 0), descend(2, 'initial', 1, 0)),
      record(descended(0), solve(3, 'w0')),
      record(descended(1), solve(4, 'w1')),
      record(descended(2), solve(5, 'w2')),
      record(solved(3), solve(6, 'w3')),
      record(solved(4)),
      record(solved(5)),
      record(solved(6), { _tag: 'Refit', id: 7, lambda: [0], tolerance: 1, maxEpochs: 1 }),
    ])
    expect(solves(story).map(({ lambda }) => lambda)).toEqual([[4], [5]])
  })

  it('are complete if training began at the initial weights', () => {
    const story = stepsOf([
      record(null, solve(0, 'initial')),
      record(solved(0), solve(1, 'w0')),
      record(solved(1)),
    ])
    expect(solves(story).map(({ complete }) => complete)).toEqual([true, false])
  })

  it('of a committed log are as many as it counts', () => {
    const run = readCommitted('d1')
    expect(run.solves.length).toBe(run.steps[run.steps.length - 1]!.info.lowerLevelSolves)
    expect(run.solves.map(({ effort }) => effort)).toEqual(
      run.solves.map(({ effort }) => effort).sort((a, b) => a - b),
    )
  })
})
