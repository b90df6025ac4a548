/**
 * Every law of a method, from one hyperparameter to 5,000. What is run grows with d: a case is a dozen runs, each of whose
 * states and transitions are compared as text, so that with 5,000 there are few cases of few steps.
 */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bilevel, hyperband, type Method, randomSearch } from '../../src/core/index.js'
import {
  Laws,
  type MethodArbitraries,
  type Options,
  type Report,
  Simulate,
} from '../../src/core/laws/index.js'
import { lawCases } from '../support/cases.js'
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
  cases: Options,
): Report =>
  Laws.assert(
    Laws.method(method, { ...arbitraries, problems: Simulate.ridgeProblemsOf(d) })({ ...cases, shrinks: 20 }),
  )

/** Every law is put to the test by one of the cases at least. */
const kept = (report: Report): void =>
  expect(report.findings.map(({ _tag }) => _tag)).toEqual(report.findings.map(() => 'Kept'))

describe('every law of a method', () => {
  it.each([
    [1, lawCases(300, 'slow'), small],
    [2, lawCases(300, 'slow'), small],
    [50, lawCases(100, 'heavy'), small],
    [5000, lawCases(12, 'huge'), short],
  ] as const)('is kept by the bilevel method with %i hyperparameters', (d, cases, arbitraries) =>
    kept(examined(bilevel, arbitraries, d, cases)),
  )

  it('is kept by random search with 5,000 hyperparameters', () =>
    kept(examined(randomSearch, trials({}), 5000, lawCases(12, 'huge'))))

  it('is kept by Hyperband with 5,000 hyperparameters', () =>
    kept(examined(hyperband, trials({ R: fc.constant(3) }), 5000, lawCases(12, 'huge'))))
})
