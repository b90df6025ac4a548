import { describe, expect, it } from 'vitest'
import { strategy } from '../../../src/core/baselines/bayesianOptimization.js'
import { bayesianOptimization, randomSearch, Rng, type Trial } from '../../../src/core/index.js'
import { count } from '../../support/cases.js'
import { box } from '../../support/landscape.js'
import { configOf, returned, type Ran, run } from './support.js'

type Vec = ReadonlyArray<number>

/** Forrester, Sóbester & Keane 2008: the global minimum is −6.020740 at 0.757249, with a local minimum beside it. */
const forrester = ([x = 0]: Vec): number => (6 * x - 2) ** 2 * Math.sin(12 * x - 4)

/** Branin's function over the unit square; its minimum 0.397887 is reached at three points. */
const branin = ([u = 0, v = 0]: Vec): number => {
  const [x, y] = [15 * u - 5, 15 * v]
  const curve = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
  return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
}

const cases = [
  { name: 'Forrester', loss: forrester, d: 1, least: -6.02074, within: 1e-4, solves: 15 },
  { name: 'Branin', loss: branin, d: 2, least: 0.397887, within: 0.05, solves: 30 },
] as const

const seeds = Array.from({ length: count(3, 'huge') }, (_, seed) => seed)

describe.each(cases)('Bayesian optimization of $name', ({ loss, d, least, within, solves }) => {
  const options = (seed: number) => ({ space: box(d), seed, budget: { lowerLevelSolves: solves } })
  const gapsOf = (ran: (seed: number) => Ran) => seeds.map(seed => loss(returned(ran(seed))) - least)
  const gaps = gapsOf(seed => run(bayesianOptimization, options(seed))({ loss }))

  it(`comes within ${within} of the minimum in ${solves} trials, from any seed`, () => {
    for (const gap of gaps) expect(gap).toBeLessThan(within)
  })

  it('is ten times closer to it than random search, with any of these seeds', () => {
    const random = gapsOf(seed => run(randomSearch, options(seed))({ loss }))
    expect(Math.max(...gaps)).toBeLessThan(0.1 * Math.min(...random))
  })
})

describe('Bayesian optimization', () => {
  it('returns the λ that its model ranks best, not the luckiest of noisy measurements', () => {
    const at = (x: number, upper: number, i: number): Trial => ({
      lambda: [x],
      epochs: 100,
      cold: true,
      upper,
      weights: `w${i}`,
    })
    // A parabola around 0.3 with noise of .03, and one measurement at 0.8 that is lower than possible.
    const [noise] = Rng.normals(21)(Rng.make(9))
    const trials = noise.map((z, i) => at(i / 20, (i / 20 - 0.3) ** 2 + 0.03 * z - (i === 16 ? 0.4 : 0), i))
    const config = configOf(bayesianOptimization)({ space: box(1) })
    const chosen = strategy.choose({ config, plan: null, trials })
    expect(trials.reduce((best, trial) => (trial.upper! < best.upper! ? trial : best)).lambda).toEqual([0.8])
    expect(Math.abs(chosen!.lambda[0]! - 0.3)).toBeLessThan(0.15)
  })

  it('starts with a Sobol design, asked at once, and then asks for new points one by one', () => {
    const { commands, solves } = run(bayesianOptimization, { space: box(2) })({ loss: branin })
    expect(commands[0]).toHaveLength(6)
    expect(solves).toHaveLength(15)
    expect(new Set(solves.map(({ lambda }) => lambda.join())).size).toBe(15)
    const more = run(bayesianOptimization, { space: box(2), initial: 3 })({ loss: branin })
    expect(more.commands[0]).toHaveLength(3)
    expect(more.solves[0]).toEqual(solves[0])
  })

  it('avoids regions where training fails, and still halts if it always fails', () => {
    const ran = run(bayesianOptimization, { space: box(1), budget: { lowerLevelSolves: 20 } })({
      loss: forrester,
      fails: ([x = 0]) => x < 0.5,
    })
    expect(forrester(returned(ran))).toBeLessThan(-6)
    expect(ran.solves.slice(4).filter(({ lambda }) => lambda[0]! < 0.5).length).toBeLessThan(6)
    const none = run(bayesianOptimization, { space: box(1) })({ loss: forrester, fails: () => true })
    expect([none.outcome.stopReason, none.solves.length]).toEqual(['noSample', 15])
  })

  it('continues if there is nothing to learn: F is constant, or huge', () => {
    for (const loss of [
      () => 3,
      () => 0,
      ([x = 0]: Vec) => 1e300 * x,
      ([x = 0]: Vec) => (x > 0.5 ? 1e200 : x),
    ]) {
      const { solves, outcome } = run(bayesianOptimization, { space: box(1) })({ loss })
      expect([solves.length, outcome.stopReason]).toEqual([15, 'budgetSpent'])
    }
  })

  it('without retraining, returns its weights unmeasured', () => {
    const { outcome, observations } = run(bayesianOptimization, { space: box(1), retrain: false })({
      loss: forrester,
    })
    expect(observations).toHaveLength(15)
    expect(outcome.rows).toMatchObject([{ name: 'bayesian', trained: null, refit: null }])
    expect(outcome.rows[0]!.weights.trained).toMatch(/^w\d+$/)
  })

  it('returns the measured weights of its trial, and a refit', () => {
    const { outcome } = run(bayesianOptimization, { space: box(1) })({ loss: forrester })
    const [row] = outcome.rows
    expect(row!.trained!.validation.loss).toBeCloseTo(forrester(row!.lambda), 12)
    expect(row!.refit!.test!.loss).toBeCloseTo(forrester(row!.lambda), 12)
    expect([row!.lowerLevelSolves, row!.effort]).toEqual([15, 1500])
  })
})
