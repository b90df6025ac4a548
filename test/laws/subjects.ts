/** The unbroken method and its default parts, as subjects of the law kit. Uses published entry points only. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as fc from 'fast-check'
import {
  bilevel,
  type BilevelConfig,
  GaussianProcess,
  type Method,
  Parts,
  StructuredGp,
} from '../../src/core/index.js'
import { Laws, type MethodArbitraries, type Options, type Report } from '../../src/core/laws/index.js'

/** Small runs of the bilevel method or a variant of it: every kind of design and of reference, and few iterations. */
export const small: MethodArbitraries<BilevelConfig> = {
  options: fc
    .record({
      seed: fc.nat(100),
      kernel: fc.constantFrom('matern52', 'rbf'),
      design: fc.record({
        kind: fc.constantFrom('diagonal', 'sobol', 'latinHypercube'),
        size: fc.integer({ min: 1, max: 4 }),
      }),
      pair: fc.record({ reference: fc.constantFrom('paired', 'surrogate', 'solved') }),
      budget: fc.record({
        outerIterations: fc.integer({ min: 1, max: 3 }),
        lowerLevelSolves: fc.integer({ min: 1, max: 6 }),
      }),
      retrain: fc.boolean(),
      refit: fc.boolean(),
    })
    // The budget covers the design.
    .map(({ design, ...rest }) => ({
      ...rest,
      design: { ...design, size: Math.min(design.size, rest.budget.lowerLevelSolves) },
    })),
  // One more solve retrains at the λ to return.
  solves: ({ budget, retrain }) => budget.lowerLevelSolves + (retrain ? 1 : 0),
  maxSteps: 500,
}

export const examineMethod = <S>(method: Method<BilevelConfig, S>): ((options?: Options) => Report) =>
  Laws.method(method, small)

export interface Subject {
  readonly name: string
  readonly examine: (options?: Options) => Report
}

export const unbroken: ReadonlyArray<Subject> = [
  { name: 'method', examine: examineMethod(bilevel) },
  {
    name: 'configurations',
    examine: options =>
      pipe(
        Laws.configurations(bilevel)(options),
        E.getOrElse((reason): Report => ({
          subject: reason,
          runs: 0,
          seed: 0,
          findings: [{ _tag: 'NoSuchLaw', name: 'configurations', because: reason }],
        })),
      ),
  },
  { name: 'surrogate', examine: Laws.surrogate(Parts.defaults.surrogate) },
  { name: 'regression', examine: Laws.regression(GaussianProcess) },
  { name: 'constraintForm', examine: Laws.constraintForm(Parts.defaults.constraint) },
  { name: 'penaltySchedule', examine: Laws.penaltySchedule(Parts.defaults.penalty) },
  { name: 'toleranceSchedule', examine: Laws.toleranceSchedule(Parts.defaults.tolerance) },
  { name: 'design', examine: Laws.design(Parts.defaults.design) },
  { name: 'descentRule', examine: Laws.descentRule(Parts.defaults.descent) },
  { name: 'choice', examine: Laws.choice(Parts.defaults.choice) },
]

/** Parts that the method uses under other circumstances than the kit's small problems. */
export const alternatives: ReadonlyArray<Subject> = [
  { name: 'structured surrogate', examine: Laws.surrogate(Parts.structuredProcess) },
  { name: 'structured regression', examine: Laws.regression(StructuredGp) },
]
