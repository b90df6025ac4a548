import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exp } from '../../../src/core/numeric/exponential.js'
import { cases } from '../../support/cases.js'

/** The unit in the last place of a positive normal number. */
const ulp = (x: number): number => 2 ** (Math.floor(Math.log2(x)) - 52)

describe('exp', () => {
  // mpmath, 60 digits, rounded to the nearest double. Math.exp of Node 20 is wrong for every one of them.
  it.each([
    [-0.39173126220703125, 0.6758857255947736],
    [-0.4836740493774414, 0.6165141223274323],
    [-0.3671038746833801, 0.6927376833994313],
    [-0.32903578877449036, 0.7196172620663025],
    [-2.1671533584594727, 0.11450310270903606],
    [-4.337704181671143, 0.013066492086486718],
    [-3.159986436367035, 0.04242631653159427],
  ])('e^%d is the nearest double', (t, nearest) => {
    expect(exp(t)).toBe(nearest)
  })

  it('agrees with Math.exp except in the last digit (one unit in the last place, plus the error of either)', () => {
    fc.assert(
      fc.property(fc.double({ min: -690, max: 690, noNaN: true }), t => {
        expect(Math.abs(exp(t) - Math.exp(t))).toBeLessThanOrEqual(2 * ulp(Math.exp(t)))
      }),
      cases(10_000, 'quick'),
    )
  })

  it('never decreases as t grows', () => {
    fc.assert(
      fc.property(fc.double({ min: -40, max: 40, noNaN: true }), fc.nat(1000), (t, steps) => {
        expect(exp(t + steps * 2 ** -50)).toBeGreaterThanOrEqual(exp(t))
      }),
      cases(1000, 'quick'),
    )
  })

  it.each([0, -0, -745, -800, 709, 710, Infinity, -Infinity, NaN])('is Math.exp at %d', t => {
    expect(exp(t)).toBe(Math.exp(t))
  })
})
