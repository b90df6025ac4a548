import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  bayesianOptimization,
  bilevel,
  gridSearch,
  hyperband,
  type Method,
  randomSearch,
} from '../../../src/core/index.js'
import { Simulate } from '../../../src/core/laws/index.js'
import { box } from '../../support/landscape.js'
import { configOf, run, type Ran } from './support.js'
import { cases } from '../../support/cases.js'

type Options = Readonly<Record<string, unknown>>
type Rival = (options: Options) => Ran

const landscape = (trainingExamples: number) => ({
  loss: (lambda: ReadonlyArray<number>) => lambda.reduce((sum, x) => sum + (x - 0.3) ** 2, 0),
  trainingExamples,
})

const rival =
  <C, S>(method: Method<C, S>): Rival =>
  options =>
    run(method, options)(landscape(Number(options['trainingExamples'])))

const rivals: ReadonlyArray<readonly [string, Rival]> = [
  ['grid', rival(gridSearch)],
  ['random', rival(randomSearch)],
  ['bayesian', rival(bayesianOptimization)],
  ['hyperband', rival(hyperband)],
]

describe.each(rivals)('the budget of %s', (name, rivalOf) => {
  it('of effort is never exceeded, and less than a complete training remains', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 1, max: 12, noNaN: true }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.integer({ min: 1, max: 3 }),
        (coldEpochs, trainings, trainingExamples, d) => {
          const effortEpochs = coldEpochs * trainings
          const ran = rivalOf({
            space: box(d),
            trainingExamples,
            solve: { coldEpochs },
            budget: { lowerLevelSolves: 10_000, effortEpochs },
          })
          const spent = ran.effort / trainingExamples
          expect(spent).toBeLessThanOrEqual(effortEpochs * (1 + 1e-8))
          expect(effortEpochs - spent).toBeLessThan(coldEpochs * (1 + 1e-8))
          // The reported effort of the search excludes finishing.
          expect(ran.infos[ran.infos.length - 1]!.effort).toBeGreaterThan(ran.effort)
        },
      ),
      cases(name === 'bayesian' ? 10 : 60),
    )
  })

  it('is refused if it does not cover one complete training, or cannot be counted', () => {
    const refusal = (options: Options): unknown => {
      try {
        return rivalOf({ space: box(1), ...options })
      } catch (cause) {
        return cause
      }
    }
    expect(String(refusal({ budget: { effortEpochs: 99 }, trainingExamples: 1 }))).toContain(
      'complete training',
    )
    expect(String(refusal({ budget: { effortEpochs: 200 }, trainingExamples: null }))).toContain(
      'trainingExamples',
    )
  })
})

describe('the budget of the bilevel method', () => {
  it('of effort is not exceeded either, whatever its size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 60 }), effortEpochs => {
        // In this world a solve takes 1 unit of effort, and so does a descent.
        const { space, world } = Simulate.ridge({ a: [2, 3], b: [1, 1] })
        const { transitions, ending } = Simulate.drive(bilevel)(
          configOf(bilevel)({
            space,
            trainingExamples: 1,
            solve: { coldEpochs: 1, warmEpochs: 1 },
            pair: { steps: 1, batchSize: 1 },
            budget: { lowerLevelSolves: 1000, outerIterations: 1000, effortEpochs },
            stop: { step: 0 },
          }),
          world,
        )
        expect(ending).toEqual({ _tag: 'Halted' })
        const outcome = transitions[transitions.length - 1]!.info.outcome!
        expect(outcome.stopReason).toBe('budgetSpent')
        const { effort } = outcome.rows[1]!
        expect(effort).toBeLessThanOrEqual(effortEpochs)
        // Another iteration must reserve 1 for the solve and 5 for the descents, of which they use 2.
        expect(effort).toBeGreaterThan(effortEpochs - 6)
      }),
      cases(30),
    )
  })

  it('is refused if it does not cover the initial design', () => {
    const config = configOf(bilevel)({
      space: box(1),
      trainingExamples: 600,
      // The design may take 200, and the descents after it 34.
      budget: { effortEpochs: 230 },
    })
    expect(bilevel.init(config)).toMatchObject({ left: { field: 'budget.effortEpochs' } })
  })
})
