/** Laws of `solveBilevel` on random problems. Tolerances are stated at each; the largest deviations seen are tenths of them. */
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { complete, type BilevelProblem, type Level } from '../../../src/core/inMemory/BilevelProblem.js'
import { solveBilevel, type BilevelSolution } from '../../../src/core/inMemory/solveBilevel.js'
import type { SolveOptions } from '../../../src/core/inMemory/SolveOptions.js'
import { diagonalRidge } from '../../support/knownOptima.js'
import { randomQuadratic } from '../../../src/core/laws/simulate/Quadratic.js'
import { cases } from '../../support/cases.js'

type Vec = ReadonlyArray<number>

const solved = (problem: BilevelProblem, options?: SolveOptions): BilevelSolution => {
  const result = solveBilevel(problem, options)
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right
}

const runs = cases(1000, 'slow')
const seeds = fc.nat({ max: 2 ** 31 - 1 })
const dimension = fc.constantFrom(1, 2)
const quadratics = fc
  .tuple(dimension, fc.constantFrom(1, 2, 3), seeds)
  .map(([d, m, seed]) => randomQuadratic(d, m, seed))
/** 10 to a power in [−3, 3]. */
const factors = fc.double({ min: -3, max: 3, noNaN: true }).map(power => 10 ** power)

const distance = (a: Vec, b: Vec): number => Math.max(...a.map((value, k) => Math.abs(value - b[k]!)))

const times =
  (factor: number, level: Level): Level =>
  (x, y) => {
    const { value, gradX, gradY } = level(x, y)
    return { value: factor * value, gradX: gradX.map(g => factor * g), gradY: gradY.map(g => factor * g) }
  }

describe('on random strongly convex quadratic problems', () => {
  it('the violation tends to ε: from below where the constraint costs nothing, and to 0.5% elsewhere', () => {
    let unfinished = 0
    fc.assert(
      fc.property(quadratics, fc.constantFrom(1e-2, 1e-4, 1e-6), ({ problem, upperValue }, epsilon) => {
        const { violation, multiplier, stopReason, transitions } = solved(problem, { epsilon })
        const gap = violation / epsilon - 1
        const measured = transitions.flatMap(({ info }) => (info.violation === null ? [] : [info.violation]))
        // As minimisations go on, the gap of the first of them closes.
        expect(gap).toBeLessThanOrEqual(Math.max(0.005, Math.abs(measured[0]! / epsilon - 1)))
        if (stopReason !== 'converged') {
          unfinished++
          return
        }
        expect(gap).toBeLessThanOrEqual(0.005)
        const free = multiplier * epsilon <= 1e-6 * Math.max(1, upperValue)
        if (!free) expect(gap).toBeGreaterThanOrEqual(-0.005)
      }),
      runs,
    )
    expect(unfinished).toBeLessThanOrEqual(Math.ceil(0.01 * runs.numRuns))
  })

  it('the optimum is that of the linear system, to 1e-4 in F and 1e-3 in x', () => {
    fc.assert(
      fc.property(quadratics, ({ problem, x, upperValue }) => {
        fc.pre(x.every(value => Math.abs(value) < 10))
        const solution = solved(problem)
        expect(Math.abs(solution.upperValue - upperValue)).toBeLessThanOrEqual(1e-4 * Math.max(1, upperValue))
        expect(distance(solution.x, x)).toBeLessThanOrEqual(1e-3)
        expect(solution.stopReason).toBe('converged')
      }),
      runs,
    )
  })

  it('the scales of F and of f, ×1e-3 to ×1e3, change x by at most 1e-4 and F by 1e-6 of it', () => {
    fc.assert(
      fc.property(quadratics, factors, factors, ({ problem }, upper, lower) => {
        const plain = solved(problem)
        const scaled = solved({
          ...problem,
          upperLevel: times(upper, problem.upperLevel),
          lowerLevel: times(lower, problem.lowerLevel),
        })
        expect(distance(plain.x, scaled.x)).toBeLessThanOrEqual(1e-4)
        expect(Math.abs(scaled.upperValue / upper - plain.upperValue)).toBeLessThanOrEqual(
          1e-6 * Math.max(1, plain.upperValue),
        )
      }),
      runs,
    )
  })

  it('an affine change of the search space changes x by at most 1e-4 and F by 1e-6', () => {
    const shift = fc.double({ min: -50, max: 50, noNaN: true })
    fc.assert(
      fc.property(quadratics, factors, shift, ({ problem }, a, b) => {
        const to = (x: Vec): number[] => x.map(value => a * value + b)
        const from = (x: Vec): number[] => x.map(value => (value - b) / a)
        const changed =
          (level: Level): Level =>
          (x, y) => {
            const { value, gradX, gradY } = level(to(x), y)
            return { value, gradX: gradX.map(g => a * g), gradY }
          }
        const plain = solved(problem)
        const { start, lower, upper } = complete(problem).x
        const other = solved({
          x: { start: from(start), lower: from(lower), upper: from(upper) },
          y: problem.y,
          upperLevel: changed(problem.upperLevel),
          lowerLevel: changed(problem.lowerLevel),
        })
        expect(distance(plain.x, to(other.x))).toBeLessThanOrEqual(1e-4)
        expect(Math.abs(other.upperValue - plain.upperValue)).toBeLessThanOrEqual(
          1e-6 * Math.max(1, plain.upperValue),
        )
      }),
      runs,
    )
  })

  it('the solution is within bounds, the budget is kept, and what it says of itself is so', () => {
    const unit = fc.double({ min: -4, max: 4, noNaN: true })
    const corners = fc.array(fc.tuple(unit, unit), { minLength: 2, maxLength: 2 })
    fc.assert(
      fc.property(quadratics, corners, fc.integer({ min: 1, max: 8 }), ({ problem }, pairs, budget) => {
        const lower = problem.x.start.map((_, k) => Math.min(...pairs[k]!))
        const upper = problem.x.start.map((_, k) => Math.max(...pairs[k]!))
        fc.pre(lower.some((bound, k) => bound < upper[k]!))
        const bounded = { ...problem, x: { start: problem.x.start, lower, upper } }
        const { x, y, upperValue, lowerValue, violation, lowerLevelSolves, multiplier } = solved(bounded, {
          maxLowerLevelSolves: budget,
        })
        x.forEach((value, k) => {
          expect(value).toBeGreaterThanOrEqual(lower[k]!)
          expect(value).toBeLessThanOrEqual(upper[k]!)
        })
        expect(lowerLevelSolves).toBeLessThanOrEqual(budget)
        expect(upperValue).toBe(problem.upperLevel(x, y).value)
        expect(lowerValue).toBe(problem.lowerLevel(x, y).value)
        expect(violation).toBeGreaterThanOrEqual(0)
        expect(multiplier).toBeGreaterThanOrEqual(0)
      }),
      runs,
    )
  })

  it('the same input gives the same output, to the last bit, and is not changed', () => {
    fc.assert(
      fc.property(quadratics, fc.constantFrom(1, 3), fc.nat(9), ({ problem }, starts, seed) => {
        const { x, y, upperLevel, lowerLevel } = complete(problem)
        const frozen: BilevelProblem = Object.freeze({
          x: Object.freeze({
            start: Object.freeze([...x.start]),
            lower: Object.freeze([...x.lower]),
            upper: Object.freeze([...x.upper]),
          }),
          y: Object.freeze({ start: Object.freeze([...y.start]) }),
          upperLevel,
          lowerLevel,
        })
        const options = Object.freeze({ starts, seed, maxLowerLevelSolves: 3 })
        const { transitions, ...first } = solved(frozen, options)
        const { transitions: again, ...second } = solved(structured(problem), options)
        expect(second).toStrictEqual(first)
        expect(again.length).toBe(transitions.length)
        expect(JSON.stringify(again[again.length - 1])).toBe(
          JSON.stringify(transitions[transitions.length - 1]),
        )
      }),
      runs,
    )
  })
})

/** The same problem with arrays of its own. */
const structured = (problem: BilevelProblem): BilevelProblem => {
  const { x, y, ...levels } = complete(problem)
  return {
    ...levels,
    x: { start: [...x.start], lower: [...x.lower], upper: [...x.upper] },
    y: { start: [...y.start] },
  }
}

describe('on random diagonal ridge problems', () => {
  it('F never grows with the budget, x draws nearer on average, and ends within 1e-3 of the closed-form optimum', () => {
    const budgets = [3, 6, 12, 24]
    const total = budgets.map(() => 0)
    let receding = 0
    fc.assert(
      fc.property(dimension, seeds, (d, seed) => {
        const known = diagonalRidge(d, seed)
        const solutions = budgets.map(budget => {
          const solution = solved(known.problem, { maxLowerLevelSolves: budget })
          expect(solution.lowerLevelSolves).toBeLessThanOrEqual(budget)
          return solution
        })
        const away = solutions.map(({ x }) => distance(x, known.x))
        solutions.slice(1).forEach(({ upperValue }, i) => {
          expect(upperValue).toBeLessThanOrEqual(solutions[i]!.upperValue + 1e-6)
        })
        expect(away[3]!).toBeLessThanOrEqual(1e-3)
        away.forEach((far, i) => (total[i]! += far))
        // A step that lowers F may well lead away from the optimum in one component.
        if (away.slice(1).some((after, i) => after > away[i]! + 1e-4)) receding++
      }),
      runs,
    )
    total.slice(1).forEach((after, i) => expect(after).toBeLessThanOrEqual(0.5 * total[i]!))
    expect(receding).toBeLessThanOrEqual(Math.ceil(0.01 * runs.numRuns))
  })
})
