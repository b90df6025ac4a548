import * as fc from 'fast-check'
import { Laws } from '../../../src/core/laws/index.js'
import { equality, equalityForm, everGrowing, smallestViolation } from './equalityForm.js'

// The variant as a method: every law of a method applies. Budgets are small because each law inspects every run.
const asMethod = Laws.method(equalityForm, {
  options: fc.record({
    seed: fc.nat(100),
    pair: fc.record({ reference: fc.constantFrom('paired', 'surrogate', 'solved') }),
    design: fc.record({ size: fc.integer({ min: 1, max: 3 }) }),
    budget: fc.constant({ outerIterations: 2, lowerLevelSolves: 5 }),
  }),
  solves: ({ budget, retrain }) => budget.lowerLevelSolves + (retrain ? 1 : 0),
})

// Its parts: each law that it gives up is declared with a reason. A declared law that no case breaks is a fault too.
const because = 'an equality constraint pulls both ways and has no ε'
export const reports = [
  asMethod({ runs: 30 }),
  Laws.constraintForm(equality)({
    except: [
      { law: 'multiplier not negative', because },
      { law: 'force is not negative', because },
      { law: 'violation not negative', because },
      { law: 'relaxed by epsilon', because },
      { law: 'complementary', because },
      { law: 'multiplier within its range', because: 'the authors have no safeguard, so μ diverges' },
    ],
  }),
  Laws.penaltySchedule(everGrowing)({
    except: [
      { law: 'penalty stays where infeasibility shrank', because: 'ρ grows whatever happens' },
      { law: 'penalty ignores noise', because: 'ρ grows whatever happens' },
    ],
  }),
  Laws.choice(smallestViolation)({
    except: [{ law: 'choice falls back', because: 'the smallest violation is returned, whatever its F' }],
  }),
]
for (const report of reports) Laws.assert(report)
