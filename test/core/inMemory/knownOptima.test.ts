/** Problems with known optima are solved to the bars of docs/results/known-optima.md, from three starts each. */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import * as Bilevel from '../../../src/core/bilevel/Bilevel.js'
import type * as Parts from '../../../src/core/bilevel/Parts.js'
import {
  solveBilevel,
  solveBilevelWith,
  type BilevelSolution,
} from '../../../src/core/inMemory/solveBilevel.js'
import type { SolveOptions } from '../../../src/core/inMemory/SolveOptions.js'
import type { BilevelProblem } from '../../../src/core/inMemory/BilevelProblem.js'
import { deep } from '../../support/cases.js'
import { randomQuadratic } from '../../../src/core/laws/simulate/Quadratic.js'
import * as Known from '../../support/knownOptima.js'

const solved = (problem: BilevelProblem, options?: SolveOptions): BilevelSolution => {
  const result = solveBilevel(problem, options)
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right
}

const cases = (problems: ReadonlyArray<Known.KnownOptimum>, starts = 3) =>
  problems.flatMap(known =>
    known.starts
      .slice(0, starts)
      .map((start, i) => ({ title: `${known.name}, start ${i + 1}`, known, start })),
  )

/** |F − F*| ≤ 1e-4·max(1, |F*|) and ‖x − x*‖∞ ≤ 1e-3. */
const expectOptimum = (known: Known.KnownOptimum, { x, upperValue, violation }: BilevelSolution): void => {
  expect(Math.abs(upperValue - known.upperValue)).toBeLessThanOrEqual(
    1e-4 * Math.max(1, Math.abs(known.upperValue)),
  )
  expect(x).toHaveLength(known.x.length)
  expect(Math.max(...x.map((value, k) => Math.abs(value - known.x[k]!)))).toBeLessThanOrEqual(1e-3)
  expect(violation).toBeGreaterThanOrEqual(0)
}

describe('problems with up to two components of x', () => {
  it.each(
    cases([
      Known.henrionSurowiec(1),
      Known.henrionSurowiec(-3),
      Known.lamparielloSagratella,
      Known.macalHurter,
      Known.deSilva,
      Known.smd2,
      ...[1, 2].flatMap(d => [1, 2, 3, 4, 5].map(seed => Known.diagonalRidge(d, seed))),
      ...[1, 2].flatMap(d => [1, 2, 3].map(seed => Known.ridgeRegression(d, seed))),
    ]),
  )('$title: solved in at most 15 lower-level solves', ({ known, start }) => {
    const solution = solved(Known.startedAt(known, start))
    expectOptimum(known, solution)
    expect(solution.lowerLevelSolves).toBeLessThanOrEqual(15)
  })
})

describe('problems with more components of x', () => {
  it.each(
    cases([
      ...[1, 2, 3].map(seed => Known.diagonalRidge(10, seed)),
      ...[1, 2].map(seed => Known.ridgeRegression(10, seed)),
    ]),
  )('$title: solved', ({ known, start }) => {
    expectOptimum(known, solved(Known.startedAt(known, start)))
  })

  it.each(cases([Known.diagonalRidge(100, 1)], 1))(
    '$title: solved in at most 40 lower-level solves',
    ({ known, start }) => {
      const solution = solved(Known.startedAt(known, start))
      expectOptimum(known, solution)
      expect(solution.lowerLevelSolves).toBeLessThanOrEqual(40)
    },
  )

  // It takes 8 s: in depth only.
  it.each(cases(deep ? [Known.ridgeRegression(100, 2)] : [], 1))(
    '$title: solved',
    ({ known, start }) => {
      expectOptimum(known, solved(Known.startedAt(known, start)))
    },
    60_000,
  )
})

describe('an optimum far beyond the range that is guessed', () => {
  // The second guess starts where the first one ended, next to a minimizer of the lower level.
  it.each([1e2, 1e3, 1e4, -1e5])('at %d is found from 0', optimum => {
    const { x, stopReason } = solved({
      x: { start: [0], lower: [-Infinity], upper: [Infinity] },
      y: { start: [0] },
      upperLevel: (_, [y]) => ({ value: (y! - optimum) ** 2, gradX: [0], gradY: [2 * (y! - optimum)] }),
      lowerLevel: ([x], [y]) => ({ value: (y! - x!) ** 2, gradX: [2 * (x! - y!)], gradY: [2 * (y! - x!)] }),
    })
    expect(stopReason).toBe('converged')
    expect(Math.abs(x[0]! - optimum)).toBeLessThanOrEqual(1e-3)
  })
})

describe('a y that starts next to a minimizer of the lower level', () => {
  it.each([0, 1e-12, 1e-7, 1e-4])('%d off it, changes nothing', off => {
    const known = Known.deSilva
    const { x, upperValue } = solved({ ...startedAtThree, y: { start: [3 + off, -2] } })
    expect(Math.abs(upperValue - known.upperValue)).toBeLessThanOrEqual(1e-4)
    expect(Math.max(...x.map((value, k) => Math.abs(value - known.x[k]!)))).toBeLessThanOrEqual(1e-3)
  })
  const startedAtThree = Known.startedAt(Known.deSilva, [3, -2])
})

describe('what rounding leaves open', () => {
  it('does not decide which point is returned: of equally good ones, the last', () => {
    const known = Known.ridgeRegression(10, 1)
    const { x } = solved(Known.startedAt(known, known.starts[2]!))
    expect(Math.max(...x.map((value, k) => Math.abs(value - known.x[k]!)))).toBeLessThanOrEqual(1e-4)
  })

  it('is not looked for by dual steps, however large f is against what can be gained in it', () => {
    const { problem } = Known.henrionSurowiec(1)
    const raised: BilevelProblem = {
      ...problem,
      lowerLevel: (x, y) => {
        const at = problem.lowerLevel(x, y)
        return { ...at, value: at.value + 100 }
      },
    }
    const { transitions, evaluations, x } = solved(raised)
    expect(Math.abs(x[0]! + 0.5)).toBeLessThanOrEqual(1e-3)
    expect(transitions.length).toBeLessThanOrEqual(60)
    expect(evaluations).toBeLessThanOrEqual(1000)
  })

  it('is not looked for by line searches at the minimum of the lower level', () => {
    const { evaluations } = solved(Known.startedAt(Known.deSilva, [0, 0]))
    expect(evaluations).toBeLessThanOrEqual(2000)
  })

  it('grows with the number of terms, and the tolerance with it', () => {
    const m = 2000
    const mean = (v: ReadonlyArray<number>): number => v.reduce((sum, value) => sum + value, 0) / m
    const target = (i: number): number => 1 + (i % 7) / 7
    const { x, stopReason, evaluations } = solved({
      x: { start: [0.5], lower: [0], upper: [10] },
      y: { start: Array.from({ length: m }, () => 0) },
      upperLevel: (_, y) => ({
        value: mean(y.map(v => (v - 0.5) ** 2)),
        gradX: [0],
        gradY: y.map(v => (2 * (v - 0.5)) / m),
      }),
      lowerLevel: ([weight], y) => ({
        value: mean(y.map((v, i) => (v - target(i)) ** 2 + weight! * v * v)),
        gradX: [mean(y.map(v => v * v))],
        gradY: y.map((v, i) => (2 * (v - target(i)) + 2 * weight! * v) / m),
      }),
    })
    // y = t/(1+x), so that F is least where 1 + x = 2·Σt²/Σt.
    const targets = Array.from({ length: m }, (_, i) => target(i))
    const optimum = (2 * mean(targets.map(t => t * t))) / mean(targets) - 1
    expect(stopReason).toBe('converged')
    expect(Math.abs(x[0]! - optimum)).toBeLessThanOrEqual(1e-3)
    expect(evaluations).toBeLessThanOrEqual(1000)
  })
})

describe('a tolerance that is asked for', () => {
  it.each([1e-2, 1e-4, 1e-6])('gives the relaxed solution and its multiplier to 1%% at ε = %s', epsilon => {
    const { x, y, upperValue, lowerValue, violation, multiplier, ...rest } = solved(
      Known.lamparielloSagratella.problem,
      { epsilon },
    )
    const root = Math.sqrt(epsilon)
    const off = (value: number, truth: number): number => Math.abs(value / truth - 1)
    expect(off(x[0]!, (1 - root) / 2)).toBeLessThanOrEqual(0.01)
    expect(off(y[0]!, (1 - root) / 2)).toBeLessThanOrEqual(0.01)
    expect(off(upperValue, (1 - root) ** 2 / 2)).toBeLessThanOrEqual(0.01)
    expect(off(multiplier, (1 - root) / (2 * root))).toBeLessThanOrEqual(0.01)
    // φ = 0: the violation is f itself.
    expect(off(violation, epsilon)).toBeLessThanOrEqual(0.01)
    expect(off(lowerValue, epsilon)).toBeLessThanOrEqual(0.01)
    expect(rest.epsilon).toBe(epsilon)
    expect(rest.stopReason).toBe('converged')
  })
})

describe('a multiplier that hardly moves the violation', () => {
  // F alone keeps y so near that f − φ stays just below or above ε, whatever μ.
  it.each([
    [1, 2, 6968725],
    [2, 1, 101],
  ])('is found in a few descents: d = %i, m = %i, seed %i', (d, m, seed) => {
    const { violation, epsilon, transitions, stopReason } = solved(randomQuadratic(d, m, seed).problem, {
      epsilon: 1e-2,
    })
    expect(stopReason).toBe('converged')
    expect(Math.abs(violation / epsilon - 1)).toBeLessThanOrEqual(1e-5)
    expect(transitions.length).toBeLessThanOrEqual(40)
  })
})

describe('a method with a part of one’s own', () => {
  it('solves as well: a tolerance schedule that goes straight to its end, and ends higher', () => {
    const end = 1e-4
    const tolerance: Parts.ToleranceSchedule = {
      initial: () => end,
      final: () => () => end,
      next: () => () => epsilon => epsilon,
    }
    const { problem } = Known.lamparielloSagratella
    const result = solveBilevelWith(Bilevel.make({ tolerance }))(problem)
    if (E.isLeft(result)) throw new Error(result.left.message)
    const { x, epsilon, stopReason } = result.right
    expect(stopReason).toBe('converged')
    expect(epsilon).toBe(end)
    expect(Math.abs(x[0]! / ((1 - Math.sqrt(end)) / 2) - 1)).toBeLessThanOrEqual(0.01)
  })
})
