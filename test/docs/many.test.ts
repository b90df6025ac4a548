/** docs/many.md is what the committed runs with many hyperparameters come to. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/shell/compare/result/Comparison.js'
import { complete } from '../../src/shell/report/render.js'
import { bestKnown, type Implicit } from '../tools/bestKnown.js'
import { comparisonOf, finished } from '../support/comparison.js'
import { cleaning, figure, many, manyFigure, manyPath } from '../tools/many.js'
import { leastAt, leastKnown, reach, tasks } from '../tools/manyData.js'
import { withFolder } from '../support/recordedRun.js'

const point = (effortEpochs: number, loss: number) => ({ effortEpochs, loss })
const implicit: Implicit = {
  dimension: 4,
  seed: 0,
  fingerprint: 'data-0',
  date: '2026-11-29',
  machine: 'any',
  node: 'v20',
  exact: { validation: 0.395, test: 0.42 },
  retrained: { validation: 0.396, test: 0.41 },
  refitTest: 0.37,
  status: 'converged',
  projectedGradient: 1e-6,
  evaluations: 5,
  seconds: 1,
  atBounds: [0, 1],
  lambda: [1, 2, 3, 4],
}
const comparison = comparisonOf(
  [
    finished('bilevel', 0, {
      trajectory: { retrained: [point(500, 0.397)], trained: [point(150, 0.41), point(250, 0.396)] },
    }),
    finished('random', 0, {
      trajectory: {
        retrained: [point(100, 0.5), point(1200, 0.41)],
        trained: [point(100, 0.5), point(1200, 0.41)],
      },
    }),
  ],
  { seeds: [0] },
)

const withTasks = (
  act: (found: ReturnType<typeof tasks>) => void | Promise<void>,
  found = implicit,
): Promise<void> =>
  withFolder(async folder => {
    mkdirSync(join(folder, 'groups-mnist-4'))
    writeFileSync(join(folder, 'groups-mnist-4', 'comparison.json'), encode(comparison))
    await act(tasks({ script: '', implicit: [found], long: [] }, folder))
  })

describe('the document on many hyperparameters', () => {
  it('is the one that the committed results make (else: npx tsx test/bench/many.ts)', async () => {
    const all = tasks(bestKnown())
    expect(readFileSync(manyPath, 'utf8')).toBe(await many(all, cleaning()))
    expect(JSON.parse(readFileSync(`${manyFigure}.vl.json`, 'utf8'))).toEqual(complete(figure(all)))
  })

  it('measures efforts by the least loss that is known, whoever found it', () =>
    withTasks(([task]) => {
      expect(leastKnown(task!, 0)).toEqual({ loss: 0.395, by: 'implicit gradient, exact minimum' })
      // Within 1 %: up to .39895. Within 5 %: up to .41475.
      expect(reach(task!, 'bilevel', 0.01, 'retrained')).toEqual([5])
      expect(reach(task!, 'bilevel', 0.01, 'trained')).toEqual([2.5])
      expect(reach(task!, 'bilevel', 0.05, 'trained')).toEqual([1.5])
      expect(reach(task!, 'random', 0.01, 'retrained')).toEqual([null])
      expect(reach(task!, 'random', 0.05, 'retrained')).toEqual([12])
      expect(leastKnown({ ...task!, implicit: [] }, 0)).toEqual({ loss: 0.397, by: 'bilevel' })
    }))

  it('draws no mark where a method did not come near', () =>
    withTasks(all => {
      const { data } = figure(all) as { data: { values: ReadonlyArray<Record<string, unknown>> } }
      expect(data.values.filter(({ method }) => method === 'random')).toEqual([
        { within: 'within 5 %', method: 'random', d: 4, solves: 12 },
      ])
    }))

  it('refuses what was found on other data', async () => {
    await expect(withTasks(() => undefined, { ...implicit, fingerprint: 'other' })).rejects.toThrow(
      'on other data',
    )
  })

  it('says where more hyperparameters stop helping', () => {
    const rows = [0.4, 0.39, 0.45].map((loss, i) => ({ dimension: 4 ** i, loss }))
    expect(leastAt(rows)).toEqual({ dimension: 4, loss: 0.39 })
    expect(leastAt([])).toBeNull()
  })
})
