import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reach } from '../../../../src/shell/compare/result/studentsT.js'

/** Quantiles by probability and degrees of freedom. */
const { quantiles } = JSON.parse(
  readFileSync(new URL('../../../data/student-mpmath.json', import.meta.url), 'utf8'),
) as { readonly quantiles: Readonly<Record<string, Readonly<Record<string, number>>>> }

const confidence = fc.double({ min: 0, max: 0.999, noNaN: true })

const expectEqual = (actual: number, expected: number): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-12 * expected)

describe('the reach of Student’s t', () => {
  it('is that of a computation with 40 digits, for up to 1,000 degrees of freedom', () => {
    const cases = Object.entries(quantiles).flatMap(([probability, row]) =>
      Object.entries(row).map(([freedom, t]) => [Number(probability), Number(freedom), t] as const),
    )
    expect(cases).toHaveLength(120)
    for (const [probability, freedom, t] of cases)
      // 2·0.55 − 1 is rounded, and a tenth of 1 as large.
      expect(Math.abs(reach(2 * probability - 1, freedom) / t - 1)).toBeLessThan(2e-12)
  })

  it('has closed forms for 1, 2 and 4 degrees of freedom', () =>
    fc.assert(
      fc.property(confidence, c => {
        expectEqual(reach(c, 1), Math.tan((Math.PI / 2) * c))
        expectEqual(reach(c, 2), c * Math.sqrt(2 / ((1 - c) * (1 + c))))
        const alpha = (1 - c) * (1 + c)
        const q = Math.cos(Math.acos(Math.sqrt(alpha)) / 3) / Math.sqrt(alpha)
        // q − 1 cancels where c is small.
        if (c > 0.1) expect(Math.abs(reach(c, 4) / (2 * Math.sqrt(q - 1)) - 1)).toBeLessThan(1e-12)
      }),
    ))

  it('rises with the confidence, and falls with the degrees of freedom', () =>
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.integer({ min: 1, max: 300 }),
        (c, n) => {
          expect(reach(c, n)).toBeLessThan(reach(c + 0.005, n))
          expect(reach(c, n)).toBeGreaterThan(reach(c, n + 1))
        },
      ),
    ))

  it('is 0 without confidence', () => {
    for (const n of [1, 2, 3, 50]) expect(reach(0, n)).toBe(0)
  })
})
