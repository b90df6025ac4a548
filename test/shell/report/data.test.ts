/** The data of figures and tables, on committed logs and on runs derived from them. */
import * as O from 'fp-ts/lib/Option.js'
import { describe, expect, it } from 'vitest'
import {
  aboveBest,
  bestMeans,
  bestOf,
  returned,
  BestMean,
  BestPoint,
} from '../../../src/shell/report/data/best.js'
import { dualRows, DualRow } from '../../../src/shell/report/data/dual.js'
import { landscapeData, limits } from '../../../src/shell/report/data/landscape.js'
import { meanLines, ResultLine, resultLines } from '../../../src/shell/report/data/results.js'
import { settings } from '../../../src/shell/report/data/setup.js'
import { surface } from '../../../src/shell/report/data/Surface.js'
import { validationData } from '../../../src/shell/report/data/validation.js'
import { phiData } from '../../../src/shell/report/data/valueFunction.js'
import { tasksOf } from '../../../src/shell/report/Task.js'
import { asMethod, readCommitted } from '../../support/reportRuns.js'

const [one, two] = [readCommitted('d1'), readCommitted('d2')]

describe('the best so far', () => {
  it('never rises, and ends at the lowest of all solves', () => {
    const line = bestOf(one)
    expect(line.every(BestPoint.is)).toBe(true)
    for (const [i, point] of line.entries()) {
      expect(point.best).toBeLessThanOrEqual(line[i - 1]?.best ?? Infinity)
      expect(point.epochs).toBeGreaterThan(line[i - 1]?.epochs ?? 0)
    }
    expect(line[line.length - 1]!.best).toBe(Math.min(...one.solves.map(({ upper }) => upper)))
  })

  it('has a mean and a deviation if a method has several runs', () => {
    const runs = [asMethod(one, 'a', 0, 1), asMethod(one, 'a', 1, 3), asMethod(one, 'b', 0, 1)]
    const means = bestMeans(runs)
    expect(means.every(BestMean.is)).toBe(true)
    expect(new Set(means.map(({ method }) => method))).toEqual(new Set(['a']))
    const line = bestOf(one)
    expect(means.length).toBe(line.length)
    for (const [i, { mean, deviation, epochs }] of means.entries()) {
      expect(epochs).toBe(line[i]!.epochs)
      expect(mean).toBeCloseTo(2 * line[i]!.best, 12)
      // The standard deviation of x and 3x is √2 x.
      expect(deviation).toBeCloseTo(Math.SQRT2 * line[i]!.best, 12)
    }
  })

  it('is compared with the best of its seed', () => {
    const runs = [asMethod(one, 'a', 0, 1), asMethod(one, 'b', 0, 2), asMethod(one, 'b', 1, 5)]
    const above = aboveBest(runs)!
    const ends = above.map(run => bestOf(run)).map(line => line[line.length - 1]!.best)
    const least = Math.min(...one.solves.map(({ upper }) => upper))
    const retrained = one.outcome!.rows[1]!.trained!.validation.loss
    expect(ends[0]).toBeCloseTo(0, 12)
    expect(ends[1]).toBeCloseTo(1, 12)
    // The only run of its seed, whose result is better than its samples: the result is the best.
    expect(ends[2]).toBeCloseTo((5 * least) / retrained - 1, 12)
    expect(aboveBest([asMethod(one, 'a', 0, -1)])).toBeNull()
  })

  it('is marked at the returned λ', () => {
    const result = one.outcome!.rows[1]!
    expect(returned([one])).toEqual([
      {
        method: 'bilevel',
        run: 'd1',
        epochs: result.effort / one.header.data.train,
        loss: result.trained!.validation.loss,
      },
    ])
    expect(returned([{ ...one, outcome: null }])).toEqual([])
  })
})

describe('φ̂', () => {
  it('is drawn along every hyperparameter, with every sample', () => {
    const data = phiData(two)!
    expect(new Set(data.rows.map(({ coordinate }) => coordinate))).toEqual(
      new Set(two.space.map(({ name }) => name)),
    )
    expect(data.samples.length).toBe(2 * two.phi!.samples.length)
    expect(data.lambda).toEqual(two.outcome!.rows[1]!.lambda)
  })

  it('is missing for a run that was not replayed, and before the first λ', () => {
    expect(phiData({ ...two, phi: null })).toBeNull()
    expect(phiData({ ...two, outcome: null, steps: [] })).toBeNull()
  })
})

describe('the validation loss against λ', () => {
  it('has every solve over every hyperparameter', () => {
    const { samples, truth } = validationData(two.space, [two], null)
    expect(samples.length).toBe(2 * two.solves.length)
    expect(truth).toEqual([])
  })

  it('has a truth, sorted by λ, if there is a grid among the runs or in a file', () => {
    const grid = asMethod(one, 'grid', 0, 1)
    const given = {
      points: [
        { lambda: [3], upper: 2 },
        { lambda: [-1], upper: 1 },
      ],
    }
    const { truth } = validationData(one.space, [one, grid], given)
    expect(truth.slice(0, 2).map(({ at }) => at)).toEqual([-1, 3])
    const own = truth.slice(2).map(({ at }) => at)
    expect(own).toEqual([...own].sort((a, b) => a - b))
    expect(own.length).toBe(one.solves.length)
  })
})

describe('the dual variables', () => {
  it('equal those of the infos, over increasing iterations', () => {
    const rows = dualRows(one)
    expect(rows.every(DualRow.is)).toBe(true)
    const violations = rows.filter(({ quantity }) => quantity === 'violation')
    expect(violations[violations.length - 1]!.value).toBe(one.outcome!.rows[1]!.violation)
    const order = violations.map(({ iteration }) => iteration)
    expect(new Set(order).size).toBe(order.length)
    expect(order).toEqual([...order].sort((a, b) => a - b))
  })

  it('are empty for a method that measures no violation', () => {
    expect(dualRows(asMethod(one, 'random', 0, 1))).toEqual([])
  })
})

describe('the landscape', () => {
  it('exists only with two hyperparameters', () => {
    expect(landscapeData(one.space, [one])).toBeNull()
  })

  it('shows the whole space, and a close-up of the iterates', () => {
    const { views, samples, paths } = landscapeData(two.space, [two])!
    expect(views[0]).toMatchObject({ x: [-6, 4], y: [-6, 4] })
    expect(samples.length).toBe(two.solves.length)
    expect(paths[paths.length - 1]).toMatchObject({ kind: 'returned' })
    for (const { x, y, cells } of views)
      for (const cell of cells) {
        expect(cell.x0).toBeGreaterThanOrEqual(x[0] - 1e-9)
        expect(cell.x1).toBeLessThanOrEqual(x[1] + 1e-9)
        expect(cell.y1).toBeLessThanOrEqual(y[1] + 1e-9)
        expect(cell.band).toBeLessThanOrEqual(limits.length)
      }
    expect(views.length).toBe(2)
    expect(views[0]!.cells.length).toBeGreaterThan(50)
  })

  it('has a surface that recovers a smooth function near its samples, and has no value far from them', () => {
    const f = ([u, v]: readonly [number, number]): number => Math.sin(3 * u) + v * v
    const knots = Array.from({ length: 36 }, (_, i) => {
      const unit = [0.1 * (i % 6), 0.1 * Math.floor(i / 6)] as const
      return { unit, value: f(unit) }
    })
    const at = surface(0.1)(knots)
    if (O.isNone(at)) throw new Error('expected a surface')
    for (const unit of [
      [0.25, 0.25],
      [0.05, 0.44],
      [0.33, 0.17],
    ] as const)
      expect(Math.abs(at.value(unit)! - f(unit))).toBeLessThan(0.01)
    expect(at.value([0.95, 0.95])).toBeNull()
    expect(surface(0.1)(knots.slice(0, 2))).toEqual(O.none)
  })
})

describe('the tables', () => {
  it('have every row with its costs', () => {
    const lines = resultLines({ ...one, seconds: { totalSeconds: 9, rows: { bilevel: 7 } } })
    expect(lines.every(ResultLine.is)).toBe(true)
    expect(lines.map(({ row }) => row)).toEqual(['best initial sample', 'bilevel'])
    expect(lines.map(({ measures }) => measures.seconds)).toEqual([null, 7])
    expect(lines[1]!.measures.ownValidation).toBe(one.outcome!.rows[1]!.bilevelWeights!.validation.loss)
  })

  it('have the mean over the runs of a method, and its standard error', () => {
    const runs = [0, 1].map(i => asMethod({ ...one, name: '' }, 'a', i, 1))
    const shifted = runs.map((run, i) => ({
      ...run,
      outcome: {
        ...run.outcome!,
        rows: run.outcome!.rows.map(row => ({ ...row, lowerLevelSolves: row.lowerLevelSolves + 2 * i })),
      },
    }))
    const [mean, ...others] = meanLines(shifted)
    expect(others).toEqual([])
    const solves = one.outcome!.rows[1]!.lowerLevelSolves
    expect(mean!.measures.lowerLevelSolves).toEqual({ mean: solves + 1, error: 1, runs: 2 })
    expect(mean!.measures.ownTest).toBeNull()
    expect(meanLines(shifted.slice(1))).toEqual([])
  })

  it('list the runs that have each setting', () => {
    const other = { ...one, name: 'other', header: { ...one.header, backend: 'cpu' } }
    const found = settings([one, other])
    expect(found.filter(({ field }) => field === 'backend')).toEqual([
      { field: 'backend', value: one.header.backend, runs: ['d1'] },
      { field: 'backend', value: 'cpu', runs: ['other'] },
    ])
    expect(found.find(({ field }) => field === 'config.design.size')).toMatchObject({ runs: null })
  })
})

describe('tasks', () => {
  it('differ by problem and space, not by seed', () => {
    const seeded = {
      ...one,
      name: 'seed 9',
      header: { ...one.header, problem: { ...one.header.problem, seed: 9 } },
    }
    expect(tasksOf([one, two, seeded]).map(({ runs }) => runs.map(({ name }) => name))).toEqual([
      ['d1', 'seed 9'],
      ['d2'],
    ])
  })
})
