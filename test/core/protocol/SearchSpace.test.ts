import { isLeft, isRight } from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as SearchSpace from '../../../src/core/protocol/SearchSpace.js'
import { cases } from '../../support/cases.js'

const scales = fc.constantFrom('log' as const, 'linear' as const, 'logit' as const)
const lambdas = fc.double({ min: -8, max: 8, noNaN: true })
const spaceOf = (scale: 'log' | 'linear' | 'logit'): SearchSpace.SearchSpace => [
  { name: 'h', lower: -8, upper: 8, scale },
]

describe('coefficients', () => {
  test('are displaced by `displacement` slopes (tolerance: 1e-9 of the terms)', () => {
    fc.assert(
      fc.property(scales, lambdas, lambdas, (scale, from, to) => {
        const at = (lambda: number) => SearchSpace.coefficients(spaceOf(scale))([lambda])[0]!
        const slope = SearchSpace.coefficientSlopes(spaceOf(scale))([from])[0]!
        const moved = SearchSpace.displacement(scale, from, to) * slope
        expect(Math.abs(at(to) - at(from) - moved)).toBeLessThanOrEqual(1e-9 * (at(to) ** 2 + 1))
      }),
    )
  })

  test('have the slopes of difference quotients, and `slopeRatio` is their ratio (1e-6)', () => {
    fc.assert(
      fc.property(scales, lambdas, lambdas, (scale, from, to) => {
        const h = 1e-5
        const quotient =
          (SearchSpace.displacement(scale, from, to + h) - SearchSpace.displacement(scale, from, to - h)) /
          (2 * h)
        const ratio = SearchSpace.slopeRatio(scale, from, to)
        expect(Math.abs(quotient - ratio)).toBeLessThanOrEqual(
          1e-6 * (ratio + Math.abs(SearchSpace.displacement(scale, from, to))) + 1e-9,
        )
        const slope = (lambda: number) => SearchSpace.coefficientSlopes(spaceOf(scale))([lambda])[0]!
        expect(slope(to)).toBeCloseTo(ratio * slope(from), 6)
      }),
    )
  })

  test('on the logit scale lie in [0, 1], however large λ is', () => {
    expect([-1000, 0, 1000].map(SearchSpace.sigmoid)).toEqual([0, 0.5, 1])
  })
})

test('the names of five thousand hyperparameters are checked at once; a repeated name is refused', () => {
  const many = Array.from({ length: 5000 }, (_, k) => ({
    name: `weight[${k}]`,
    lower: -5,
    upper: 5,
    scale: 'logit' as const,
  }))
  expect(SearchSpace.make(many)._tag).toBe('Right')
  expect(SearchSpace.make([...many, many[7]!])).toMatchObject({
    left: { message: expect.stringContaining('weight[7]') as unknown },
  })
})

describe('a search space', () => {
  const reasonOf = (lower: number, upper: number, scale: 'log' | 'linear' | 'logit'): string => {
    const made = SearchSpace.make([{ name: 'h', lower, upper, scale }])
    return isLeft(made) ? made.left.message : ''
  }

  test('is refused if the width of its bounds overflows', () => {
    expect(reasonOf(-1e308, 1e308, 'linear')).toBe(
      'The bounds of the hyperparameter "h", -1e+308 and 1e+308, are too far apart: their difference is not a finite ' +
        'number. Bring them nearer to each other.',
    )
    expect(reasonOf(-8e307, 8e307, 'linear')).toBe('')
  })

  test('is refused if a coefficient overflows', () => {
    expect(reasonOf(-12, 800, 'log')).toContain('exp(800) is not a finite number')
    expect(reasonOf(-12, 709, 'log')).toBe('')
    expect(reasonOf(-800, 800, 'logit')).toBe('')
  })

  test('is refused in a sentence that can be read, however long a name is', () => {
    const name = 'x'.repeat(10_000)
    const refused = [
      [{ name, lower: 1, upper: 0, scale: 'linear' as const }],
      [{ name, lower: -1e308, upper: 1e308, scale: 'linear' as const }],
      [{ name, lower: 0, upper: 800, scale: 'log' as const }],
      [1, 2].map(upper => ({ name, lower: 0, upper, scale: 'linear' as const })),
    ].map(space => SearchSpace.make(space))
    for (const made of refused) expect(isLeft(made) && made.left.message.length).toBeLessThan(400)
  })

  test('that is made has finite widths, points and coefficients everywhere', () => {
    const bound = fc.double({ noNaN: true, noDefaultInfinity: true })
    fc.assert(
      fc.property(bound, bound, scales, fc.double({ min: 0, max: 1, noNaN: true }), (a, b, scale, u) => {
        const made = SearchSpace.make([{ name: 'h', lower: Math.min(a, b), upper: Math.max(a, b), scale }])
        if (!isRight(made)) return
        const space = made.right
        const lambda = SearchSpace.fromUnit(space)([u])
        const numbers = [SearchSpace.widths(space), lambda, SearchSpace.coefficients(space)(lambda)]
        expect(numbers.flat().every(Number.isFinite)).toBe(true)
        expect(SearchSpace.contains(space)(lambda)).toBe(true)
      }),
      cases(10_000, 'quick'),
    )
  })
})
