import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { norm } from '../../../src/core/numeric/norm.js'
import { cases } from '../../support/cases.js'

describe('the length of a vector', () => {
  it('equals Math.hypot, to the last bit', () =>
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true })), vector => {
        expect(norm(vector)).toBe(Math.hypot(...vector))
      }),
      cases(2000, 'quick'),
    ))

  it('also works if Math.hypot would run out of stack', () => {
    expect(norm(Array.from({ length: 1_000_000 }, () => 3))).toBe(3000)
  })

  it('is NaN if a component is', () => {
    expect(norm([1, NaN])).toBeNaN()
  })
})
