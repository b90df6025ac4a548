import { describe, expect, it } from 'vitest'
import { blank, type Info, type Outcome, type ResultRow } from '../../../src/core/protocol/Info.js'
import { resultTable } from '../../../src/shell/run/resultTable.js'
import { encode, summarize } from '../../../src/shell/record/Summary.js'
import * as Timings from '../../../src/shell/record/Timings.js'
import { headerOf, space } from '../../support/recordedRun.js'

const metrics = (loss: number) => ({
  train: { loss: loss / 2, accuracy: 0.9 },
  validation: { loss, accuracy: 0.8 },
  test: { loss: loss + 0.1, accuracy: 0.7654 },
})

const row = (overrides: Partial<ResultRow>): ResultRow => ({
  name: 'best initial sample',
  lambda: [1.5, 0.25],
  trained: metrics(0.5),
  refit: null,
  bilevelWeights: null,
  bilevelLambda: null,
  weights: { trained: null, refit: null, bilevel: null },
  lowerLevelSolves: 5,
  effort: 1000,
  violation: null,
  epsilon: null,
  ...overrides,
})

const outcome: Outcome = {
  stopReason: 'converged',
  message: 'λ has settled.',
  rows: [
    row({}),
    row({
      name: 'bilevel result',
      refit: metrics(0.25),
      bilevelWeights: metrics(0.125),
      lowerLevelSolves: 9,
      effort: 1750,
      violation: 1e-5,
      epsilon: 2e-5,
    }),
  ],
}

const info = (overrides: Partial<Info>): Info => ({
  ...blank,
  phase: 'Sampling',
  ...overrides,
})

const header = headerOf('bilevel', { space, seed: 7 })

const summary = summarize(header, 40, info({ lowerLevelSolves: 10, effort: 2000, outcome }), outcome)

describe('a summary', () => {
  it('has the rows of the outcome, with effort in epochs of the training set', () => {
    expect(summary.rows.map(({ effortEpochs }) => effortEpochs)).toEqual([20, 35])
    expect(summary.rows[1]).toMatchObject({
      lambda: [1.5, 0.25],
      trained: metrics(0.5),
      refit: { test: { loss: 0.35, accuracy: 0.7654 } },
      bilevelWeights: { validation: { loss: 0.125 } },
      lowerLevelSolves: 9,
      seconds: null,
      violation: 1e-5,
      epsilon: 2e-5,
      stopReason: 'converged',
    })
    expect(summary).toMatchObject({
      seed: 7,
      hyperparameters: ['x1', 'x2'],
      total: { steps: 40, lowerLevelSolves: 10, effortEpochs: 40 },
    })
  })

  it('is JSON', () => {
    expect(JSON.parse(encode(summary))).toEqual(summary)
  })
})

describe('timings', () => {
  const at = (seconds: number) => ({ seconds, processorSeconds: 2 * seconds })
  const timeline = [
    Timings.mark(info({ phase: 'Sampling' }), at(1)),
    Timings.mark(info({ phase: 'Sampling', lowerLevelSolves: 5, effort: 1000 }), at(3)),
    Timings.mark(info({ phase: 'Minimising', lowerLevelSolves: 9, effort: 1500 }), at(4)),
    Timings.mark(info({ phase: 'Finishing', lowerLevelSolves: 9, effort: 1750 }), at(6.5)),
    Timings.mark(info({ phase: 'Halted', lowerLevelSolves: 10, effort: 2000 }), at(8)),
  ]
  const timed = Timings.timings(timeline, at(9), outcome)

  it('give a row the seconds until its cost had been spent', () => {
    expect(timed.rows).toEqual({ 'best initial sample': 3, 'bilevel result': 6.5 })
  })

  it('give the same in processor seconds', () => {
    expect(timed.processor).toEqual({
      totalSeconds: 18,
      rows: { 'best initial sample': 6, 'bilevel result': 13 },
    })
    expect(Timings.Timings.is(JSON.parse(Timings.encode(timed)))).toBe(true)
  })

  it('give each phase the seconds of its commands', () => {
    expect(timed.phases).toEqual({ Sampling: 3, Minimising: 2.5, Finishing: 1.5, Halted: 0 })
  })
})

describe('the table', () => {
  const table = resultTable(summary, { 'best initial sample': 3, 'bilevel result': 6.5 })
  const lineWith = (text: string): string => table.split('\n').find(line => line.includes(text)) ?? ''

  it('has a line for each row, its refit and its bilevel weights', () => {
    expect(lineWith('best initial')).toMatch(/1\.500 +0\.5000 +80\.00 +0\.6000 +76\.54 +5 +20 +3\.0/)
    expect(lineWith('bilevel result')).toMatch(/1\.500.*0\.5000.*9.*35.*6\.5/)
  })

  it('fits 80 columns, with long names and small λ too', () => {
    const long = {
      ...outcome,
      rows: outcome.rows.map(r => ({ ...r, name: 'Bayesian optimization, noisy', lambda: [-10.5] })),
    }
    const wide = resultTable(summarize(header, 40, info({ outcome: long }), long), {
      'Bayesian optimization, noisy': 1234.5,
    })
    for (const text of [table, wide])
      for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('says which hyperparameters mattered, the one that gained most first', () => {
    const two = { ...outcome, rows: outcome.rows.slice(0, 1).map(r => ({ ...r, gains: [0.0012, 0.0345] })) }
    const text = resultTable(
      { ...summarize(header, 40, info({ outcome: two }), two), hyperparameters: ['l2[a]', 'l2[b]'] },
      {},
    )
    expect(text.replace(/\s+/g, ' ')).toContain(
      "Fall of the validation loss along λ's path, by hyperparameter: l2[b] 0.0345, l2[a] 0.0012.",
    )
  })

  it('marks every loss of weights that were trained on validation data, and no other', () => {
    expect(lineWith('  refit').match(/†/g)).toHaveLength(4)
    expect(lineWith('  bilevel weights').match(/†/g)).toHaveLength(4)
    expect(lineWith('best initial')).not.toContain('†')
    expect(lineWith('bilevel result')).not.toContain('†')
    expect(table).toContain('† These weights were trained on validation data too')
  })
})
