import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { make, uniforms } from '../../../../src/core/numeric/Rng.js'
import { estimate, medianReached, pairedDifference } from '../../../../src/shell/compare/result/statistics.js'

const value = fc.double({ min: -1e3, max: 1e3, noNaN: true })
const values = fc.array(value, { minLength: 2, maxLength: 12 })

describe('a mean over seeds', () => {
  it('is of nothing where there is nothing, and has no error where there is one value', () => {
    expect(estimate([])).toBeNull()
    expect(estimate([3])).toEqual({ n: 1, mean: 3, standardError: null })
    expect(pairedDifference([])).toBeNull()
    expect(pairedDifference([[3, 1]])).toEqual({ n: 1, mean: 2, standardError: null, interval: null })
  })

  it('has the standard error s/√n', () => {
    // Σ(x − 5)² = 32, s² = 32/7.
    const { mean, standardError } = estimate([2, 4, 4, 4, 5, 5, 7, 9])!
    expect(mean).toBe(5)
    expect(standardError).toBeCloseTo(Math.sqrt(32 / 7 / 8), 12)
  })

  it('moves and scales with its values', () =>
    fc.assert(
      fc.property(values, value, fc.double({ min: 0.1, max: 10, noNaN: true }), (xs, shift, scale) => {
        const [before, after] = [estimate(xs)!, estimate(xs.map(x => scale * x + shift))!]
        expect(after.mean).toBeCloseTo(scale * before.mean + shift, 7)
        expect(after.standardError!).toBeCloseTo(scale * before.standardError!, 7)
      }),
    ))
})

describe('a paired difference', () => {
  // Quantiles t(.975; n − 1) of the tables of Student's distribution.
  it.each([
    [2, 12.706204736],
    [3, 4.30265273],
    [5, 2.776445105],
    [11, 2.228138852],
    [31, 2.042272456],
  ])('of %i pairs reaches as many standard errors as the tables say', (n, quantile) => {
    const pairs = Array.from({ length: n }, (_, i) => [i * i, i / 2] as const)
    const { mean, standardError, interval } = pairedDifference(pairs)!
    expect((interval![1] - mean) / standardError!).toBeCloseTo(quantile, 8)
    expect((mean - interval![0]) / standardError!).toBeCloseTo(quantile, 8)
  })

  it('turns its sign with its pairs, and knows nothing of what both share', () =>
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, value), { minLength: 2, maxLength: 9 }),
        value,
        (pairs, shared) => {
          const there = pairedDifference(pairs)!
          const back = pairedDifference(pairs.map(([a, b]) => [b + shared, a + shared] as const))!
          expect(back.mean).toBeCloseTo(-there.mean, 7)
          expect(back.interval![0]).toBeCloseTo(-there.interval![1], 6)
          expect(there.interval![0]).toBeLessThanOrEqual(there.mean)
        },
      ),
    ))

  it('covers the truth in 95 of 100 cases', () => {
    const trials = 4000
    const n = 5
    const [uniform] = uniforms(2 * n * trials)(make(1, 2))
    // Box and Muller.
    const normal = (i: number): number =>
      Math.sqrt(-2 * Math.log(1 - uniform[2 * i]!)) * Math.cos(2 * Math.PI * uniform[2 * i + 1]!)
    let covered = 0
    for (let i = 0; i < trials; i++) {
      const pairs = Array.from({ length: n }, (_, k) => [1 + normal(n * i + k), 0] as const)
      const [lower, upper] = pairedDifference(pairs)!.interval!
      if (lower <= 1 && 1 <= upper) covered++
    }
    // Three standard deviations of a share of 4,000 are 0.0104.
    expect(Math.abs(covered / trials - 0.95)).toBeLessThan(0.011)
  })
})

describe('a median of what was reached', () => {
  it.each([
    [[], null],
    [[null], null],
    [[3], 3],
    [[3, null], null],
    [[null, 3, 1], 3],
    [[4, 1, null, 2], 3],
  ] as const)('of %j is %j', (given, expected) => {
    expect(medianReached(given)).toBe(expected)
  })
})
