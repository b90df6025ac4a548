import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import {
  bayesianOptimization,
  gridSearch,
  hyperband,
  type Method,
  randomSearch,
} from '../../../src/core/index.js'
import { Laws, type MethodArbitraries, type Report } from '../../../src/core/laws/index.js'
import type { TrialConfig } from '../../../src/core/baselines/TrialConfig.js'
import * as Hyperband from '../../../src/core/baselines/hyperband.js'
import * as RandomSearch from '../../../src/core/baselines/randomSearch.js'
import type { Strategy } from '../../../src/core/baselines/Strategy.js'
import { trialMethod, type TrialState } from '../../../src/core/baselines/trialMethod.js'
import * as SearchSpace from '../../../src/core/protocol/SearchSpace.js'
import { lawCases } from '../../support/cases.js'

/** Small runs, by solves and by effort; in the simulated worlds a training takes one unit of it, or less. */
const small = <C extends TrialConfig>(
  own: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): MethodArbitraries<C> => ({
  options: fc.record({
    seed: fc.nat(100),
    trainingExamples: fc.constant(0.25),
    solve: fc.record({ coldEpochs: fc.constantFrom(4, 5) }),
    budget: fc.record({
      lowerLevelSolves: fc.integer({ min: 1, max: 12 }),
      effortEpochs: fc.oneof(fc.constant(null), fc.integer({ min: 5, max: 40 })),
    }),
    retrain: fc.boolean(),
    refit: fc.boolean(),
    ...own,
  }),
  solves: ({ budget, retrain }) => budget.lowerLevelSolves + (retrain ? 1 : 0),
})

const examined = {
  grid: Laws.method(
    gridSearch,
    small({ levels: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 4 })) }),
  ),
  random: Laws.method(randomSearch, small({ sequence: fc.constantFrom('random', 'sobol') })),
  bayesian: Laws.method(
    bayesianOptimization,
    small({ initial: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 4 })) }),
  ),
  hyperband: Laws.method(
    hyperband,
    small({
      R: fc.constantFrom(1, 3, 4, 9),
      eta: fc.constantFrom(2, 3),
      sizes: fc.constantFrom('table', 'algorithm'),
    }),
  ),
}

const kept = (report: Report): void => {
  Laws.assert(report)
  expect(report.findings.map(({ _tag }) => _tag)).toEqual(report.findings.map(() => 'Kept'))
}

describe('the rivals', () => {
  // A case of Bayesian optimization takes ten times as long as one of the others.
  it.each(Object.entries(examined))(
    '%s keeps every law of a method, none of them untested',
    (name, examine) => {
      kept(examine(name === 'bayesian' ? lawCases(40, 'heavy') : lawCases(200, 'slow')))
    },
  )

  it.each([
    ['grid', Laws.configurations(gridSearch)],
    ['random', Laws.configurations(randomSearch)],
    ['bayesian', Laws.configurations(bayesianOptimization)],
    ['hyperband', Laws.configurations(hyperband)],
  ])('%s takes any configuration or says why not', (_, examine) => {
    const made = examine(lawCases(300))
    if (E.isLeft(made)) throw new Error(made.left)
    kept(made.right)
  })
})

/** A strategy with one fault. */
const faulty = <C extends TrialConfig, P>(
  strategy: Strategy<C, P>,
  wrong: Partial<Strategy<C, P>>,
): Method<C, TrialState<C, P>> => trialMethod({ ...strategy, ...wrong })

describe('single faults of the rivals', () => {
  const random = RandomSearch.strategy
  const bands = Hyperband.strategy
  const inRandom = (wrong: Partial<typeof random>) =>
    Laws.method(faulty(random, wrong), { ...small({}), maxSteps: 30 })
  const inHyperband = (wrong: Partial<typeof bands>) =>
    Laws.method(faulty(bands, wrong), {
      ...small({ R: fc.constant(3), eta: fc.constant(3) }),
      maxSteps: 30,
    })
  let calls = 0
  it.each([
    [
      'a budget forgotten',
      'within the budget',
      inRandom({ propose: known => random.propose(known, { solves: 20, epochs: Infinity }) }),
    ],
    [
      'a state outside the state',
      'deterministic',
      inRandom({
        propose: (known, room) =>
          random.propose(
            { ...known, plan: { rng: known.plan.rng.map((word, i) => (i === 0 ? word + calls++ : word)) } },
            room,
          ),
      }),
    ],
    ['nothing kept', 'weights exist', inRandom({ keep: () => [] })],
    [
      'only the last kept',
      'weights exist',
      inHyperband({ keep: ({ trials }) => trials.slice(-1).flatMap(({ weights }) => weights ?? []) }),
    ],
    [
      'a λ beyond its bounds',
      'lambda in the space',
      inRandom({
        propose: (known, room) => {
          const proposal = random.propose(known, room)
          const beyond = (lambda: ReadonlyArray<number>) =>
            lambda.map((value, k) => value + SearchSpace.widths(known.config.space)[k]!)
          return proposal._tag === 'Stop'
            ? proposal
            : {
                ...proposal,
                trials: proposal.trials.map(trial => ({ ...trial, lambda: beyond(trial.lambda) })),
              }
        },
      }),
    ],
    [
      'never an end',
      'within the budget',
      inHyperband({ propose: (known, room) => bands.propose(known, { ...room, solves: Infinity }) }),
    ],
  ] as const)('%s is found by "%s"', (_, law, examine) => {
    expect(Laws.broken(examine({ ...lawCases(300, 'quick'), shrinks: 20, only: [law] }))).toEqual([law])
  })
})
