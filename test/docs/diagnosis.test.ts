/** What is said of missed targets is computed from runs as it should be. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { methods } from '../../src/shell/record/Methods.js'
import { readRun } from '../../src/shell/report/ReadRun.js'
import { comparisonOf, finished, metrics } from '../support/comparison.js'
import {
  diagnosisOf,
  diagnosisPath,
  diagnosisTable,
  diagnosisText,
  leastOfDraws,
  phasesOf,
  spread,
  type Diagnosis,
} from '../tools/diagnosis.js'
import { right, withFolder } from '../support/recordedRun.js'
import { committed } from '../support/reportRuns.js'

const diagnosis: Diagnosis = {
  preset: 'task',
  date: '2026-11-29',
  machine: 'any',
  node: 'v20',
  backend: 'wasm',
  seed: 0,
  noise: { lambda: [1, -2], validation: [0.39, 0.4, 0.41], test: [0.5, 0.5, 0.5], diverged: 1 },
  phases: { refit: 30, 'paths on f': 60, measuring: 0 },
  lowerLevelSolves: 10,
  epochsUntilFound: 60,
  examples: 600,
}

const comparison = (mine: number) =>
  comparisonOf(
    [0, 1].flatMap(seed => [
      finished('bilevel', seed, {
        trajectory: { retrained: [{ effortEpochs: mine, loss: 0.4 }], trained: [] },
      }),
      finished('random', seed, {}, { trained: metrics(0.4, 0.5) }),
    ]),
  )

describe('a diagnosis', () => {
  it('has the spread of losses, and what the least of many draws owes to it', () => {
    expect(spread([0.39, 0.4, 0.41]).deviation).toBeCloseTo(0.01, 12)
    // Expected values of the least of n standard normal draws: Harter 1961.
    for (const [n, expected] of [
      [1, 0],
      [2, 0.5642],
      [10, 1.5388],
      [30, 2.0428],
      [100, 2.5076],
    ] as const)
      expect(Math.abs(leastOfDraws(n) - expected)).toBeLessThanOrEqual(0.045 * expected)
  })

  it('accounts for every epoch of a recorded run', () => {
    const { run } = right(readRun(methods)({ target: committed('d2'), name: 'run' }))
    const { train } = run.header.data
    const phases = phasesOf(train)(run.steps)
    const total = Object.values(phases).reduce((sum, epochs) => sum + epochs, 0)
    expect(total).toBeCloseTo(run.steps.at(-1)!.effort / train, 9)
    expect(Object.keys(phases)).toEqual(
      expect.arrayContaining(['trainings from the initial weights', 'paths on f', 'paths on f and F']),
    )
  })

  it('is there where the effort asked for was missed, and only there', () =>
    withFolder(folder => {
      expect(diagnosisOf('task', folder)).toBeNull()
      expect(diagnosisText('task', comparison(100), folder)).toEqual([])
      mkdirSync(folder, { recursive: true })
      writeFileSync(diagnosisPath('task', folder), JSON.stringify(diagnosis))
      const [text] = diagnosisText('task', comparison(100), folder)
      expect(text).toContain('above the best of the seed by 0.00 %, 0.00 %')
      expect(text).toContain('the standard deviation of such a loss at one λ is 2.50 % (3 trainings)')
      expect(text).toContain('finishing included: paths on f 60 (67 %), refit 30 (33 %).')
      // Half of what the rival needed.
      expect(diagnosisText('task', comparison(50), folder)).toEqual([])
      const [, table] = diagnosisTable([{ name: 'task', comparison: comparison(100) }], folder)
      expect(table).toMatch(/\| task +\| +1\.00, −2\.00 \| 3 \(1 diverged\) \| +0\.4000 \| +2\.50 % \|/)
    }))
})
