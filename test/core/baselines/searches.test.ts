import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { levelsFor, spread } from '../../../src/core/baselines/gridSearch.js'
import { gridSearch, randomSearch } from '../../../src/core/index.js'
import { box } from '../../support/landscape.js'
import { returned, run } from './support.js'
import { cases } from '../../support/cases.js'

const bowl = (lambda: ReadonlyArray<number>) => lambda.reduce((sum, x) => sum + (x - 0.3) ** 2, 0)

describe('grid search', () => {
  const gridOf = (d: number, lowerLevelSolves: number, options = {}) =>
    run(gridSearch, { space: box(d), budget: { lowerLevelSolves }, ...options })({ loss: bowl })

  it('uses as many levels as the budget covers', () => {
    expect(levelsFor(30, 1)).toEqual([30])
    expect(levelsFor(30, 2)).toEqual([6, 5])
    expect(levelsFor(30, 4)).toEqual([3, 3, 2, 2])
    expect(levelsFor(30, 5)).toEqual([2, 2, 2, 2, 2])
    expect(levelsFor(30, 100).filter(levels => levels > 1)).toHaveLength(5)
  })

  it('tries each point of a full factorial once, the ends of the bounds included', () => {
    const { solves, outcome } = gridOf(2, 30)
    const points = solves.map(({ lambda }) => lambda.map(x => Math.round(x * 1e9) / 1e9).join())
    expect(new Set(points).size).toBe(30)
    expect(new Set(solves.map(({ lambda }) => lambda[0])).size).toBe(6)
    expect(new Set(solves.map(({ lambda }) => lambda[1])).size).toBe(5)
    expect(points).toContain('0,0')
    expect(points).toContain('1,1')
    expect(outcome.stopReason).toBe('searched')
  })

  it('keeps given levels, and omits points that the budget does not cover', () => {
    const { solves, outcome } = gridOf(2, 7, { levels: 3 })
    expect(solves).toHaveLength(7)
    expect(outcome.stopReason).toBe('budgetSpent')
  })

  it('spreads out: early points are not neighbours while distant points remain', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 2, max: 5 }), (d, levels) => {
        const axis = Array.from({ length: levels }, (_, i) => i / (levels - 1))
        const points = Array.from({ length: d }).reduce<ReadonlyArray<ReadonlyArray<number>>>(
          all => all.flatMap(point => axis.map(x => [...point, x])),
          [[]],
        )
        const ordered = spread(points)
        expect(new Set(ordered.map(point => point.join())).size).toBe(points.length)
        const gap = (i: number) =>
          Math.min(
            ...ordered.slice(0, i).map(other => Math.hypot(...ordered[i]!.map((x, k) => x - other[k]!))),
          )
        // Greedy maximin: the distance of the next point from those before never grows.
        for (let i = 2; i < ordered.length; i++) expect(gap(i)).toBeLessThanOrEqual(gap(i - 1) + 1e-5)
      }),
      cases(30),
    )
  })

  it('refuses a grid that is too large to order', () => {
    for (const options of [{ budget: { lowerLevelSolves: 5000 } }, { levels: 50 }])
      expect(gridSearch.init({ ...configs.grid, ...options, space: box(9) } as never)).toMatchObject({
        left: { _tag: 'InvalidConfig' },
      })
  })
})

const configs = {
  grid: {
    seed: 0,
    trainingExamples: null,
    solve: { tolerance: 1, coldEpochs: 1 },
    budget: { lowerLevelSolves: 3, effortEpochs: null },
    retrain: true,
    refit: true,
    levels: null,
  },
} as const

describe('random search', () => {
  const options = { space: box(3, -2, 2), seed: 5, budget: { lowerLevelSolves: 64 } }
  const solvesOf = (more: object) => run(randomSearch, { ...options, ...more })({ loss: bowl }).solves

  it('draws independently and uniformly in λ: each half of each axis gets about half of the points, for this seed', () => {
    const lambdas = solvesOf({ budget: { lowerLevelSolves: 400 } }).map(({ lambda }) => lambda)
    for (let k = 0; k < 3; k++) {
      const lower = lambdas.filter(lambda => lambda[k]! < 0).length
      // Within four standard deviations of a binomial distribution.
      expect(Math.abs(lower - 200)).toBeLessThan(40)
    }
    expect(solvesOf({})).toEqual(solvesOf({}))
    expect(solvesOf({})[0]!.lambda).not.toEqual(solvesOf({ seed: 6 })[0]!.lambda)
  })

  it('by the Sobol sequence has one of 64 points in each 64th of each axis, for any batch size', () => {
    const lambdas = solvesOf({ sequence: 'sobol' }).map(({ lambda }) => lambda)
    for (let k = 0; k < 3; k++) {
      const cells = lambdas.map(lambda => Math.floor((lambda[k]! + 2) * 16))
      expect(new Set(cells).size).toBe(64)
    }
  })

  it('by the Sobol sequence also covers dimensions beyond the sequence’s own', () => {
    const lambdas = solvesOf({ space: box(25), sequence: 'sobol', budget: { lowerLevelSolves: 40 } })
    expect(new Set(lambdas.map(({ lambda }) => lambda[24])).size).toBe(40)
  })

  it('returns the best of its trials, and reports the best so far on the way', () => {
    const ran = run(randomSearch, options)({ loss: bowl })
    const losses = ran.solves.map(({ lambda }) => bowl(lambda))
    const least = Math.min(...losses)
    expect(bowl(returned(ran))).toBe(least)
    const reported = ran.infos.filter(({ phase }) => phase === 'searching').map(({ upperLoss }) => upperLoss)
    expect(reported[0]).toBeNull()
    losses.forEach((_, i) => expect(reported[i + 1] ?? least).toBe(Math.min(...losses.slice(0, i + 1))))
  })
})
