/** What `converged` means: a solution whose certificate holds, checked here against closed forms and dense searches. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { BilevelProblem, Level } from '../../../src/core/inMemory/BilevelProblem.js'
import * as Simulate from '../../../src/core/laws/simulate/index.js'
import { cases } from '../../support/cases.js'
import { type BilevelSolution, solveBilevel } from '../../../src/core/inMemory/solveBilevel.js'

type Vec = ReadonlyArray<number>

const solved = (problem: BilevelProblem, options = {}): BilevelSolution => {
  const result = solveBilevel(problem, options)
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right
}

describe('a smooth, strictly convex problem', () => {
  it('has converged at its optimum, without a kink or a tie', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(1e6),
        (d, m, seed) => {
          const { problem, x, upperValue: upper } = Simulate.randomQuadratic(d, m, seed)
          const inside = x.every((v, k) => v > problem.x.lower![k]! && v < problem.x.upper![k]!)
          fc.pre(inside)
          const { stopReason, upperValue, certificate } = solved(problem)
          expect({ stopReason, verdict: certificate.verdict }).toEqual({
            stopReason: 'converged',
            verdict: 'solution',
          })
          expect(Math.abs(upperValue - upper)).toBeLessThanOrEqual(1e-4 * Math.max(1, Math.abs(upper)))
        },
      ),
      cases(300, 'slow'),
    )
  })
})

describe('a descent that ends unfinished', () => {
  // Outrata's example 1a without constraints, and its smallest form: F(0, 0) cancels to 0 and y*(0) is a rounding error,
  // so that the first step of a descent is 1e-30 and its line search fails at once.
  const target = [3, 4] as const
  const smallest: BilevelProblem = {
    x: { start: [0, 0] },
    y: { start: [3, 3] },
    upperLevel: (_, y) => ({
      value: ((y[0]! - target[0]) ** 2 + (y[1]! - target[1]) ** 2 - 25) / 2,
      gradX: [0, 0],
      gradY: [y[0]! - target[0], y[1]! - target[1]],
    }),
    // f = ½·yᵀMy − xᵀy with M = [[1, −2], [−2, 5]]
    lowerLevel: (x, y) => {
      const [a, b] = [y[0]! - 2 * y[1]!, -2 * y[0]! + 5 * y[1]!]
      return {
        value: (y[0]! * a + y[1]! * b) / 2 - x[0]! * y[0]! - x[1]! * y[1]!,
        gradX: [-y[0]!, -y[1]!],
        gradY: [a - x[0]!, b - x[1]!],
      }
    },
  }

  it('is no solution: y* = M⁻¹x reaches c, where F is −25/2', () => {
    const { y, upperValue, stopReason } = solved(smallest)
    expect(upperValue).toBeCloseTo(-12.5, 3)
    expect(y[0]).toBeCloseTo(3, 2)
    expect(y[1]).toBeCloseTo(4, 2)
    expect(stopReason).toBe('converged')
  })
})

describe('a minimizer of the lower level that was known from another x', () => {
  // Mitsos & Barton 3.11 without its bounds on x = 0: F = y, f = x·p(y), with several minimizers of p in the box.
  const p = (y: number): number => 16 * y ** 4 + 2 * y ** 3 - 8 * y ** 2 - 1.5 * y + 0.5
  const slope = (y: number): number => 64 * y ** 3 + 6 * y ** 2 - 16 * y - 1.5
  const isolated: BilevelProblem = {
    x: { start: [1], lower: [-1], upper: [1] },
    y: { start: [1], lower: [-0.8], upper: [1] },
    upperLevel: (_, [y]) => ({ value: y!, gradX: [0], gradY: [1] }),
    lowerLevel: ([x], [y]) => ({ value: x! * p(y!), gradX: [p(y!)], gradY: [x! * slope(y!)] }),
  }

  it('never leaves a violation unsaid: a dense search of y finds no lower f', () => {
    for (const start of [1, 0.4, -0.3, -1])
      for (const seed of [0, 1]) {
        const { x, y, violation, certificate } = solved(
          { ...isolated, x: { ...isolated.x, start: [start] } },
          { starts: 8, seed },
        )
        const lowest = Math.min(
          ...Array.from({ length: 20_001 }, (_, i) => x[0]! * p(-0.8 + (1.8 * i) / 20_000)),
        )
        const found = x[0]! * p(y[0]!) - lowest
        expect(found).toBeLessThanOrEqual(violation + certificate.tolerance.lower)
      }
  })
})

describe('bounds of y', () => {
  it('hold, and the solution lies on one where the lower level pushes there', () => {
    // f = (y − 2x)², y ≤ 0.5, F = (x − 1)² + (y − 1)²: with y at its bound, x is free to be 1.
    const { x, y, stopReason } = solved({
      x: { start: [0], lower: [-3], upper: [3] },
      y: { start: [0], lower: [-1], upper: [0.5] },
      upperLevel: (x: Vec, y: Vec) => ({
        value: (x[0]! - 1) ** 2 + (y[0]! - 1) ** 2,
        gradX: [2 * (x[0]! - 1)],
        gradY: [2 * (y[0]! - 1)],
      }),
      lowerLevel: (x: Vec, y: Vec) => {
        const r = y[0]! - 2 * x[0]!
        return { value: r * r, gradX: [-4 * r], gradY: [2 * r] }
      },
    })
    expect(y[0]).toBeCloseTo(0.5, 6)
    expect(x[0]).toBeCloseTo(1, 3)
    expect(['converged', 'kink']).toContain(stopReason)
  })

  it('are optional, as those of x are, and typed arrays will do', () => {
    const { x } = solved({
      x: { start: Float64Array.of(2) },
      y: { start: Float32Array.of(0) },
      upperLevel: (x, y) => ({
        value: x[0]! ** 2 + y[0]! ** 2,
        gradX: [2 * x[0]!],
        gradY: [2 * y[0]!],
      }),
      lowerLevel: (x, y) => {
        const r = x[0]! + y[0]! - 1
        return { value: r * r, gradX: [2 * r], gradY: [2 * r] }
      },
    })
    expect(x[0]).toBeCloseTo(0.5, 3)
  })
})

describe('a kink', () => {
  // y* = |x| by f = (y − |x|)²; F = (y + 1)² is least at x = 0, where it has a kink.
  it('is told from a point where the search is stuck', () => {
    const { x, stopReason, certificate } = solved({
      x: { start: [1], lower: [-2], upper: [2] },
      y: { start: [1] },
      upperLevel: (_, y) => ({ value: (y[0]! + 1) ** 2, gradX: [0], gradY: [2 * (y[0]! + 1)] }),
      lowerLevel: (x, y) => {
        const r = y[0]! - Math.abs(x[0]!)
        return { value: r * r, gradX: [-2 * r * Math.sign(x[0]!)], gradY: [2 * r] }
      },
    })
    expect(Math.abs(x[0]!)).toBeLessThan(1e-3)
    expect(stopReason).toBe('kink')
    expect(certificate.verdict).toBe('kink')
    expect(certificate.gain).toBeGreaterThanOrEqual(-certificate.tolerance.upper)
  })
})

describe('a minimizer that is a maximum of the lower level a little further', () => {
  // f = −x·cos y and F = 1 + cos y: y = 0, with F = 2, for x > 0, and y = ±π, with F = 0, for x < 0. Descents from y = 0 stay there.
  const turning = (start: number): BilevelProblem => ({
    x: { start: [start], lower: [-1], upper: [1] },
    y: { start: [0] },
    upperLevel: (_, [y = 0]) => ({ value: 1 + Math.cos(y), gradX: [0], gradY: [-Math.sin(y)] }),
    lowerLevel: ([x = 0], [y = 0]) => ({
      value: -x * Math.cos(y),
      gradX: [-Math.cos(y)],
      gradY: [x * Math.sin(y)],
    }),
  })

  it('is not followed there: the other side is better', () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 0.015, noNaN: true }), start => {
        const { x, upperValue, stopReason } = solved(turning(start))
        expect({ x, upperValue, stopReason }).toEqual({
          x: [expect.any(Number)],
          upperValue: expect.closeTo(0, 6) as number,
          stopReason: expect.any(String) as string,
        })
      }),
      cases(300, 'slow'),
    )
  })
})

describe('a step onto a bound of y', () => {
  // f = x·y on [−1, 1]: the step from y = .5 to −1 ends at −1 + 2e-16.
  it('is there, though its sum is rounded', () => {
    const { y, stopReason } = solved({
      x: { start: [0.022341080121632884], lower: [0.02], upper: [1] },
      y: { start: [0.5], lower: [-1], upper: [1] },
      upperLevel: ([x = 0], [y = 0]) => ({ value: x + y, gradX: [1], gradY: [1] }),
      lowerLevel: ([x = 0], [y = 0]) => ({ value: x * y, gradX: [y], gradY: [x] }),
    })
    expect(y[0]).toBeCloseTo(-1, 12)
    expect(stopReason).toBe('converged')
  })
})

describe('an x at which the minimizers of the lower level change places', () => {
  // f = (x − c)·y and F = y² with y in [−1, 1]: F is 1 on either side of c, where y = ±1, and 0 at c, where f is constant.
  const changing = (c: number, start: number): BilevelProblem => ({
    x: { start: [start], lower: [-1], upper: [1] },
    y: { start: [0.5], lower: [-1], upper: [1] },
    upperLevel: (_, [y = 0]) => ({ value: y * y, gradX: [0], gradY: [2 * y] }),
    lowerLevel: ([x = 0], [y = 0]) => ({ value: (x - c) * y, gradX: [y], gradY: [x - c] }),
  })

  it('is found from near by, though F is lower at that x alone', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 0.5, -0.25),
        fc.double({ min: 0.001, max: 0.03, noNaN: true }),
        fc.boolean(),
        (c, distance, right) => {
          const { x, upperValue } = solved(changing(c, right ? c + distance : c - distance))
          expect(x).toEqual([c])
          expect(upperValue).toBeCloseTo(0, 6)
        },
      ),
      cases(300, 'slow'),
    )
  })
})

describe('functions that fail beyond a point', () => {
  const lowerLevel: Level = ([x = 0], [y = 0]) => ({
    value: (y - x) ** 2,
    gradX: [-2 * (y - x)],
    gradY: [2 * (y - x)],
  })
  const upperLevel: Level = (_, [y = 0]) => ({ value: (y - 2) ** 2, gradX: [0], gradY: [2 * (y - 2)] })
  /** The optimum is x = 2; the level fails from `edge` on. */
  const failing =
    (edge: number, level: Level, fault: (made: ReturnType<Level>) => ReturnType<Level>): Level =>
    (x, y) =>
      x[0]! > edge ? fault(level(x, y)) : level(x, y)
  const faults: ReadonlyArray<readonly [string, (made: ReturnType<Level>) => ReturnType<Level>]> = [
    [
      'throw',
      () => {
        throw new Error('boom')
      },
    ],
    ['return NaN as value', made => ({ ...made, value: NaN })],
    ['return NaN as gradient', made => ({ ...made, gradY: [NaN] })],
    ['return a gradient of another length', made => ({ ...made, gradY: [1, 2] })],
  ]

  it.each(faults)('are never certified where F falls towards it: they %s', (_, fault) => {
    for (const edge of [0.5, 1.2, 1.9])
      for (const [upper, lower] of [
        [failing(edge, upperLevel, fault), lowerLevel],
        [upperLevel, failing(edge, lowerLevel, fault)],
      ] as const) {
        const solved = solveBilevel({
          x: { start: [0.2], lower: [0], upper: [5] },
          y: { start: [0] },
          upperLevel: upper,
          lowerLevel: lower,
        })
        if (E.isLeft(solved)) continue
        const { stopReason, certificate, stationarity } = solved.right
        expect(stopReason).not.toBe('converged')
        expect(stopReason).not.toBe('kink')
        expect(certificate.verdict).not.toBe('solution')
        expect(stationarity).not.toBe(0)
      }
  })

  it('do not matter where F rises towards it', () => {
    for (const edge of [2.001, 2.05, 2.5]) {
      const solved = solveBilevel({
        x: { start: [0.2], lower: [0], upper: [5] },
        y: { start: [0] },
        upperLevel: failing(edge, upperLevel, made => ({ ...made, value: NaN })),
        lowerLevel,
      })
      expect(E.isRight(solved) && solved.right.x[0]).toBeCloseTo(2, 4)
      expect(E.isRight(solved) && solved.right.stopReason).toBe('converged')
    }
  })
})

/** x is y: the lower level is |y − x|². */
const copying: Level = (x, y) => ({
  value: y.reduce((sum, v, k) => sum + (v - x[k]!) ** 2, 0),
  gradX: y.map((v, k) => -2 * (v - x[k]!)),
  gradY: y.map((v, k) => 2 * (v - x[k]!)),
})

describe('what a check has to see', () => {
  it('the global one of many wells: each component of y has two of its own', () => {
    for (const m of [2, 4, 6]) {
      const { x, y, upperValue } = solved({
        x: { start: [0.9], lower: [0.5], upper: [1] },
        y: { start: Array.from({ length: m }, () => 0.9) },
        lowerLevel: ([l = 0], ys) => ({
          value: ys.reduce((sum, v) => sum + (v * v - 1) ** 2 + 0.3 * l * v, 0),
          gradX: [ys.reduce((sum, v) => sum + 0.3 * v, 0)],
          gradY: ys.map(v => 4 * v * (v * v - 1) + 0.3 * l),
        }),
        upperLevel: ([l = 0], ys) => ({
          value: (l - 0.7) ** 2 + ys.reduce((sum, v) => sum + (v + 1) ** 2, 0),
          gradX: [2 * (l - 0.7)],
          gradY: ys.map(v => 2 * (v + 1)),
        }),
      })
      expect(y.every(v => v < -1)).toBe(true)
      expect(x[0]).toBeCloseTo(0.7, 1)
      expect(upperValue).toBeLessThan(0.01)
    }
  })

  it('a minimizer of the lower level that takes over right beside x', () => {
    for (const border of [0.501, 0.503, 0.508]) {
      const { stopReason, upperValue } = solved({
        x: { start: [0.3], lower: [0], upper: [1] },
        y: { start: [-1.2] },
        lowerLevel: ([l = 0], [v = 0]) => ({
          value: (v * v - 1) ** 2 + 0.3 * (border - l) * v,
          gradX: [-0.3 * v],
          gradY: [4 * v * (v * v - 1) + 0.3 * (border - l)],
        }),
        upperLevel: ([l = 0], [v = 0]) => ({
          value: (l - 0.5) ** 2 - 0.2 * Math.tanh(5 * v),
          gradX: [2 * (l - 0.5)],
          gradY: [-(1 - Math.tanh(5 * v) ** 2)],
        }),
      })
      expect(stopReason === 'converged' && upperValue > 0).toBe(false)
    }
  })

  it('a saddle of F', () => {
    const saddles: ReadonlyArray<readonly [Level, number]> = [
      [(_, [a = 0, b = 0]) => ({ value: a * b, gradX: [0, 0], gradY: [b, a] }), 0.5],
      [
        (_, [a = 0, b = 0]) => ({
          value: a * a + b * b - 3 * a * b + a ** 4 + b ** 4,
          gradX: [0, 0],
          gradY: [2 * a - 3 * b + 4 * a ** 3, 2 * b - 3 * a + 4 * b ** 3],
        }),
        0,
      ],
    ]
    for (const [upperLevel, start] of saddles) {
      const { stopReason, upperValue } = solved({
        x: { start: [start, start], lower: [-1, -1], upper: [1, 1] },
        y: { start: [0.3, 0.3] },
        lowerLevel: copying,
        upperLevel,
      })
      expect(stopReason === 'converged' && upperValue > -0.1).toBe(false)
    }
  })

  it('a narrow valley across the coordinates', () => {
    for (const [start, steep] of [
      [[1.5, 1.4], 1e5],
      [[0, 0.5], 1e5],
      [[-1, 1], 1e5],
    ] as const) {
      const { stopReason, upperValue } = solved({
        x: { start, lower: [-2, -2], upper: [2, 2] },
        y: { start: [0, 0] },
        lowerLevel: copying,
        upperLevel: (_, [a = 0, b = 0]) => ({
          value: steep * (b - a) ** 2 + a + b,
          gradX: [0, 0],
          gradY: [-2 * steep * (b - a) + 1, 2 * steep * (b - a) + 1],
        }),
      })
      expect(stopReason === 'converged' && upperValue > -3.9).toBe(false)
    }
  })

  it('a wrong gradient, however large a constant F has', () => {
    for (const constant of [0, 1e3, 1e6]) {
      const result = solveBilevel({
        x: { start: [0.8], lower: [-1], upper: [1] },
        y: { start: [0.8] },
        lowerLevel: copying,
        upperLevel: (_, [v = 0]) => ({
          value: constant + (v - 0.3) ** 2,
          gradX: [0],
          gradY: [-2 * (v - 0.3)],
        }),
      })
      expect(E.isRight(result) && result.right.stopReason === 'converged').toBe(false)
    }
  })
})
