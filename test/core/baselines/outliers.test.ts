/** Trainings that diverge to a finite loss: they neither hide the differences of other trials, nor decide what is returned. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { strategy } from '../../../src/core/baselines/bayesianOptimization.js'
import { temper } from '../../../src/core/baselines/temper.js'
import { bayesianOptimization, type SearchSpace, type Trial } from '../../../src/core/index.js'
import { cases, deep } from '../../support/cases.js'
import { configOf, returned, run } from './support.js'

type Vec = ReadonlyArray<number>

const space: SearchSpace.SearchSpace = [{ name: 'lambda', lower: -10, upper: 4, scale: 'log' }]

const valley = (x: number): number => 0.3 + 0.02 * (x + 3) ** 2

const diverging =
  (from: number, size: number) =>
  ([x = 0]: Vec): number =>
    x > from ? size : valley(x)

const searched = (loss: (lambda: Vec) => number, seed: number, solves: number) => {
  const ran = run(bayesianOptimization, { space, seed, budget: { lowerLevelSolves: solves } })({ loss })
  const found = loss(returned(ran))
  return { found, regret: found - Math.min(...ran.solves.map(({ lambda }) => loss(lambda))) }
}

/** In depth 60 seeds; in `npm test` those of them that were bad before, and a few others. */
const seeds = deep ? Array.from({ length: 60 }, (_, seed) => seed) : [0, 1, 2, 3, 4, 44]

describe('Bayesian optimization where F is 1000 above 3', () => {
  it('returns the best of five trials from seed 44, which tries −3.04', () => {
    expect(searched(diverging(3, 1000), 44, 5).found).toBeLessThan(0.3001)
  })

  it.each([5, 15])(
    'with %i trials: no seed returns a λ that was measured to be worse than another',
    solves => {
      const runs = seeds.map(seed => searched(diverging(3, 1000), seed, solves))
      expect(runs.filter(({ regret }) => regret > 1e-3)).toEqual([])
      if (solves === 15) for (const { found } of runs) expect(found).toBeLessThan(0.3001)
    },
  )

  it.each([
    [0.5, 1000],
    [-1.6, 1e6],
    [3, 1e300],
  ])('and where it is above %f, and the loss %f', (from, size) => {
    for (const seed of seeds.slice(0, deep ? 6 : 2))
      expect(searched(diverging(from, size), seed, 15).regret).toBeLessThan(1e-3)
  })
})

describe('Bayesian optimization with one training that went wrong', () => {
  it.each([3, 10, 30, 100, 1000])('and ended at %d, returns no trial that was measured to be worse', size => {
    for (const seed of deep ? seeds.slice(0, 20) : [0, 2, 6]) {
      let trained = 0
      const wrong = seed % 12
      const ran = run(bayesianOptimization, { space, seed, budget: { lowerLevelSolves: 12 } })({
        loss: ([x = 0]) => (trained++ === wrong ? size : 0.1 + valley(x)),
      })
      const found = 0.1 + valley(returned(ran)[0]!)
      const tried = ran.solves
        .slice(0, 12)
        .flatMap(({ lambda }, i) => (i === wrong ? [] : [0.1 + valley(lambda[0]!)]))
      expect({ seed, bad: found - Math.min(...tried) > 0.01 }).toEqual({ seed, bad: false })
    }
  })
})

describe('the trial that is returned', () => {
  const config = configOf(bayesianOptimization)({ space })
  const trialAt = (x: number, upper: number, i: number): Trial => ({
    lambda: [x],
    epochs: 100,
    cold: true,
    upper,
    weights: `w${i}`,
  })
  const between = (min: number, max: number) => fc.double({ min, max, noNaN: true })

  it('is the best measured one where a smooth F shows no noise, whatever the outliers are', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 56 }), { minLength: 3, maxLength: 10 }),
        between(-9, 3),
        fc.integer({ min: 2, max: 12 }),
        (places, bottom, size) => {
          const trials = [...places.map(i => -10 + i / 4), 4].map((x, i) =>
            trialAt(x, x === 4 ? 10 ** size : 0.3 + 0.02 * (x - bottom) ** 2, i),
          )
          const chosen = strategy.choose({ config, plan: null, trials })!
          expect(chosen.upper - Math.min(...trials.map(({ upper }) => upper!))).toBeLessThan(1e-3)
        },
      ),
      { ...cases(40, 'heavy'), examples: [[[52, 29, 53, 5, 0], 0, 7]] },
    )
  })
})

describe('tempered losses', () => {
  const placed = (losses: Vec) => losses.map((loss, i) => ({ unit: [i / losses.length], loss }))
  const losses = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 9 })
  const outliers = fc.array(fc.integer({ min: 5, max: 300 }), { maxLength: 2 })
  const mixed = fc
    .tuple(losses, outliers)
    .map(([usual, far]) => placed([...usual, ...far.map(exponent => 10 ** exponent)]))

  it('are in the order of the losses, finite, and never above them', () => {
    fc.assert(
      fc.property(mixed, given => {
        const tempered = temper(given)
        given.forEach(({ loss }, i) => {
          expect(Number.isFinite(tempered[i])).toBe(true)
          expect(tempered[i]!).toBeLessThanOrEqual(loss)
          given.forEach((other, j) => {
            if (other.loss < loss) expect(tempered[j]!).toBeLessThanOrEqual(tempered[i]!)
          })
        })
      }),
      cases(1000, 'quick'),
    )
  })

  it('are the losses themselves where none is far from the others', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 49 }), { minLength: 1, maxLength: 9 }), given => {
        // With nine of them, none is so close to another that both count as one place.
        const even = [...given, 100, 101].slice(-7)
        const spaced = placed([0, 2, ...even])
        expect(temper(spaced)).toEqual(spaced.map(({ loss }) => loss))
      }),
      cases(1000, 'quick'),
    )
  })

  it('are of the order of the others, however large an outlier is', () => {
    for (let exponent = 2; exponent <= 308; exponent++) {
      const tempered = temper(placed([0.5, 0.3, 0.7, 10 ** exponent, 0.4]))
      expect(tempered.filter((_, i) => i !== 3)).toEqual([0.5, 0.3, 0.7, 0.4])
      expect(tempered[3]!).toBeGreaterThan(0.7)
      expect(tempered[3]!).toBeLessThanOrEqual(0.7 + 4 * 0.4 + 1e-12)
    }
  })

  it('know no units of F', () => {
    fc.assert(
      fc.property(mixed, fc.integer({ min: -20, max: 20 }), (given, doublings) => {
        const factor = 2 ** doublings
        const scaled = temper(given.map(({ unit, loss }) => ({ unit, loss: factor * loss })))
        if (scaled.every(Number.isFinite))
          temper(given).forEach((value, i) => {
            const difference = Math.abs(scaled[i]! / factor - value)
            expect(difference).toBeLessThanOrEqual(1e-12 * Math.abs(value))
          })
      }),
      cases(1000, 'quick'),
    )
  })
})
