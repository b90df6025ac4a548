/**
 * Every law of a method, from one hyperparameter to 5,000. What is run grows with d: a case is a dozen runs, each of whose
 * states and transitions are compared as text, so that with 5,000 there are few cases of few steps.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bilevel, hyperband, type Method, randomSearch } from '../../src/core/index.js'
import { Laws, type MethodArbitraries, type Report, Simulate } from '../../src/core/laws/index.js'
import { small } from './subjects.js'

/** Runs of the bilevel method as `small` has them, of two outer iterations at most. */
const short: typeof small = {
  ...small,
  options: fc.record({
    seed: fc.nat(100),
    design: fc.record({
      kind: fc.constantFrom('halvedDiagonal', 'latinHypercube'),
      size: fc.constantFrom(1, 2),
    }),
    pair: fc.record({ reference: fc.constantFrom('paired', 'surrogate', 'solved') }),
    budget: fc.record({ outerIterations: fc.constantFrom(1, 2), lowerLevelSolves: fc.constantFrom(2, 3) }),
    retrain: fc.boolean(),
    refit: fc.boolean(),
  }),
}

const trials = <
  C extends { readonly budget: { readonly lowerLevelSolves: number }; readonly retrain: boolean },
>(
  own: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): MethodArbitraries<C> => ({
  options: fc.record({
    seed: fc.nat(100),
    budget: fc.record({ lowerLevelSolves: fc.integer({ min: 1, max: 4 }) }),
    retrain: fc.boolean(),
    refit: fc.boolean(),
    ...own,
  }),
  solves: ({ budget, retrain }) => budget.lowerLevelSolves + (retrain ? 1 : 0),
})

const examined = <C, S>(
  method: Method<C, S>,
  arbitraries: MethodArbitraries<C>,
  d: number,
  runs: number,
): Report =>
  Laws.assert(
    Laws.method(method, { ...arbitraries, problems: Simulate.ridgeProblemsOf(d) })({ runs, shrinks: 20 }),
  )

/** At these numbers of cases every law is put to the test by one of them. */
const kept = (report: Report): void =>
  expect(report.findings.map(({ _tag }) => _tag)).toEqual(report.findings.map(() => 'Kept'))

describe('every law of a method', () => {
  it.each([
    [1, 100, small],
    [2, 100, small],
    [50, 25, small],
    [5000, 4, short],
  ] as const)(
    'is kept by the bilevel method with %i hyperparameters, in %i cases',
    (d, runs, arbitraries) => kept(examined(bilevel, arbitraries, d, runs)),
    300_000,
  )

  it(
    'is kept by random search with 5,000 hyperparameters, in 3 cases',
    () => kept(examined(randomSearch, trials({}), 5000, 3)),
    300_000,
  )

  it(
    'is kept by Hyperband with 5,000 hyperparameters, in 3 cases',
    () => kept(examined(hyperband, trials({ R: fc.constant(3) }), 5000, 3)),
    300_000,
  )
})
