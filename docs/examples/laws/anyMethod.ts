import * as fc from 'fast-check'
import { bilevel } from '../../../src/core/index.js'
import { Laws } from '../../../src/core/laws/index.js'

const examine = Laws.method(bilevel, {
  // Configurations as a user writes them. Leave out `space`: each simulated problem brings its own.
  options: fc.record({
    seed: fc.nat(100),
    design: fc.record({ size: fc.integer({ min: 1, max: 3 }) }),
    budget: fc.constant({ outerIterations: 2, lowerLevelSolves: 5 }),
  }),
  // The most solves that the budget law allows. Retraining at the end adds one.
  solves: ({ budget, retrain }) => budget.lowerLevelSolves + (retrain ? 1 : 0),
})

export const report = Laws.assert(examine({ runs: 30, seed: 7 }))
