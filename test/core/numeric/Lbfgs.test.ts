import fc from 'fast-check'
import { Matrix, solve } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import * as Lbfgs from '../../../src/core/numeric/Lbfgs.js'
import * as Rng from '../../../src/core/numeric/Rng.js'
import { cases } from '../../support/cases.js'

type Objective = Lbfgs.Problem['objective']

/** Σ 100(x_{i+1} − x_i²)² + (1 − x_i)², least at (1, …, 1). */
const rosenbrock: Objective = x => {
  const gradient = x.map(() => 0)
  let value = 0
  for (let i = 0; i + 1 < x.length; i++) {
    const [a, b] = [1 - x[i]!, x[i + 1]! - x[i]! ** 2]
    value += a * a + 100 * b * b
    gradient[i] = gradient[i]! - 2 * a - 400 * x[i]! * b
    gradient[i + 1] = gradient[i + 1]! + 200 * b
  }
  return { value, gradient }
}

interface Quadratic {
  readonly a: Matrix
  readonly b: Matrix
  readonly objective: Objective
}

/** ½xᵀAx − bᵀx with eigenvalues 1 … condition, in random directions. */
const quadratic = (n: number, condition: number, seed: number): Quadratic => {
  const [entries] = Rng.normals(n * n + n)(Rng.make(seed))
  const orthogonal = Matrix.from1DArray(n, n, entries.slice(0, n * n))
  for (let i = 0; i < n; i++) {
    const row = orthogonal.getRowVector(i)
    for (let j = 0; j < i; j++)
      row.sub(Matrix.mul(orthogonal.getRowVector(j), row.dot(orthogonal.getRowVector(j))))
    orthogonal.setRow(i, row.div(row.norm()))
  }
  const eigenvalues = Matrix.diag(
    Array.from({ length: n }, (_, i) => condition ** (n === 1 ? 0 : i / (n - 1))),
  )
  const a = orthogonal.transpose().mmul(eigenvalues).mmul(orthogonal)
  const b = Matrix.columnVector(entries.slice(n * n))
  const objective: Objective = x => {
    const column = Matrix.columnVector([...x])
    const ax = a.mmul(column)
    return { value: 0.5 * column.dot(ax) - b.dot(column), gradient: Matrix.sub(ax, b).to1DArray() }
  }
  return { a, b, objective }
}

/** The minimum of a strictly convex quadratic over a box, by trying which variables are bound where (3^n cases). */
const boxedByEnumeration = (
  { a, b }: Quadratic,
  lower: ReadonlyArray<number>,
  upper: ReadonlyArray<number>,
): ReadonlyArray<number> => {
  const n = lower.length
  for (let code = 0; code < 3 ** n; code++) {
    const where = lower.map((_, i) => Math.floor(code / 3 ** i) % 3)
    const free = where.flatMap((w, i) => (w === 0 ? [i] : []))
    const x = where.map((w, i) => (w === 1 ? lower[i]! : w === 2 ? upper[i]! : 0))
    if (free.length > 0) {
      const rhs = Matrix.sub(b, a.mmul(Matrix.columnVector(x)))
      const found = solve(a.subMatrixRow(free).subMatrixColumn(free), rhs.subMatrixRow(free))
      free.forEach((i, k) => (x[i] = found.get(k, 0)))
    }
    const g = Matrix.sub(a.mmul(Matrix.columnVector(x)), b).to1DArray()
    const optimal = x.every((xi, i) =>
      where[i] === 0
        ? xi >= lower[i]! - 1e-12 && xi <= upper[i]! + 1e-12
        : where[i] === 1
          ? g[i]! >= -1e-12
          : g[i]! <= 1e-12,
    )
    if (optimal) return x
  }
  return expect.fail('no combination of bounds is optimal')
}

describe('Lbfgs', () => {
  it.each([2, 5, 20, 100])('reaches a gradient of 1e-10 on Rosenbrock in %i dimensions', n => {
    const start = Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1))
    const found = Lbfgs.minimize({
      objective: rosenbrock,
      start,
      maxIterations: 2000,
      gradientTolerance: 1e-10,
    })
    expect(found.status).toBe('converged')
    expect(found.projectedGradient).toBeLessThanOrEqual(1e-10)
    // In many dimensions Rosenbrock has a second local minimum; its gradient vanishes all the same.
    if (n < 4) found.x.forEach(xi => expect(xi).toBeCloseTo(1, 9))
    if (n === 2) expect(found.evaluations).toBeLessThan(80)
  })

  it('solves quadratics of any condition up to 1e5 to 1e-10, from any start', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 0, max: 5 }),
        fc.nat(),
        (n, power, seed) => {
          const problem = quadratic(n, 10 ** power, seed)
          const start = Rng.normals(n)(Rng.make(seed, 1))[0].map(x => 100 * x)
          const found = Lbfgs.minimize({
            objective: problem.objective,
            start,
            maxIterations: 2000,
            gradientTolerance: 1e-10,
          })
          const optimum = solve(problem.a, problem.b).to1DArray()
          // Far from 0, rounding of Ax alone may exceed 1e-10.
          if (found.status !== 'converged')
            expect(found.projectedGradient).toBeLessThan(1e-15 * 10 ** power * 1e2)
          found.x.forEach((xi, i) => expect(Math.abs(xi - optimum[i]!)).toBeLessThan(1e-8))
        },
      ),
      cases(200),
    )
  })

  it('finds the optimum over a box that enumeration finds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.nat(),
        fc.array(
          fc.tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true })),
          { minLength: 5, maxLength: 5 },
        ),
        (n, seed, bounds) => {
          const problem = quadratic(n, 100, seed)
          const lower = bounds.slice(0, n).map(([low]) => low)
          const upper = bounds.slice(0, n).map(([low, width]) => low + width)
          const found = Lbfgs.minimize({
            objective: problem.objective,
            start: lower.map(() => 5),
            lower,
            upper,
            gradientTolerance: 1e-10,
          })
          const optimum = boxedByEnumeration(problem, lower, upper)
          expect(found.status).toBe('converged')
          found.x.forEach((xi, i) => {
            expect(xi).toBeGreaterThanOrEqual(lower[i]!)
            expect(xi).toBeLessThanOrEqual(upper[i]!)
            expect(Math.abs(xi - optimum[i]!)).toBeLessThan(1e-8)
          })
        },
      ),
      cases(1000),
    )
  })

  it('follows Rosenbrock to the border of its box', () => {
    const found = Lbfgs.minimize({
      objective: rosenbrock,
      start: [-1.2, 1],
      lower: [-2, -2],
      upper: [0.5, 2],
      gradientTolerance: 1e-10,
    })
    expect(found.status).toBe('converged')
    expect(found.x[0]).toBe(0.5)
    expect(found.x[1]).toBeCloseTo(0.25, 9)
  })

  it('binds hundreds of variables in few iterations', () => {
    const n = 500
    const objective: Objective = x => ({
      value: x.reduce((sum, xi, i) => sum + 0.5 * (xi - (i % 2 === 0 ? -1 : 0.5)) ** 2 * (1 + i), 0),
      gradient: x.map((xi, i) => (xi - (i % 2 === 0 ? -1 : 0.5)) * (1 + i)),
    })
    const found = Lbfgs.minimize({
      objective,
      start: Array(n).fill(1),
      lower: Array(n).fill(0),
      gradientTolerance: 1e-9,
      maxIterations: 300,
    })
    expect(found.status).toBe('converged')
    expect(found.iterations).toBeLessThan(200)
    found.x.forEach((xi, i) => expect(xi).toBeCloseTo(i % 2 === 0 ? 0 : 0.5, 8))
  })

  it('is indifferent to the scale of x and of f', () => {
    fc.assert(
      fc.property(fc.integer({ min: -6, max: 6 }), fc.integer({ min: -6, max: 6 }), (ofX, ofF) => {
        const [sx, sf] = [10 ** ofX, 10 ** ofF]
        const scaled: Objective = x => {
          const { value, gradient } = rosenbrock(x.map(xi => xi / sx))
          return { value: sf * value, gradient: gradient.map(g => (sf * g) / sx) }
        }
        const found = Lbfgs.minimize({
          objective: scaled,
          start: [-1.2 * sx, sx],
          gradientTolerance: (1e-9 * sf) / sx,
        })
        expect(found.status).toBe('converged')
        found.x.forEach(xi => expect(xi / sx).toBeCloseTo(1, 7))
        expect(found.evaluations).toBeLessThan(120)
      }),
    )
  })

  it('shortens steps that leave the domain of f', () => {
    // x − ln x, not defined for x ≤ 0; from 10, steepest descent overshoots.
    const objective: Objective = ([x]) => ({ value: x! - Math.log(x!), gradient: [1 - 1 / x!] })
    for (const start of [10, 1e-3, 1e6]) {
      const found = Lbfgs.minimize({ objective, start: [start], gradientTolerance: 1e-10 })
      expect(found.status).toBe('converged')
      expect(found.x[0]).toBeCloseTo(1, 9)
    }
  })

  it('ends on hostile objectives within its budget, in a stated outcome, and never worse than it began', () => {
    const hostile: ReadonlyArray<readonly [string, Objective, ReadonlyArray<Lbfgs.Status>]> = [
      ['NaN', () => ({ value: NaN, gradient: [0] }), ['nonFinite']],
      ['NaN gradient', () => ({ value: 0, gradient: [NaN] }), ['nonFinite']],
      ['short gradient', () => ({ value: 0, gradient: [] }), ['nonFinite']],
      ['unbounded', ([x]) => ({ value: -x!, gradient: [-1] }), ['iterations', 'lineSearch']],
      [
        'cubic',
        ([x]) => ({ value: x! ** 3, gradient: [3 * x! * x!] }),
        ['iterations', 'lineSearch', 'converged'],
      ],
      [
        'kink',
        ([x]) => ({ value: Math.abs(x! - 0.3), gradient: [x! > 0.3 ? 1 : -1] }),
        ['lineSearch', 'iterations'],
      ],
      ['wrong sign', ([x]) => ({ value: x! * x!, gradient: [-2 * x!] }), ['lineSearch']],
      [
        'cliff',
        ([x]) => (x! < 2 ? { value: x! * x!, gradient: [2 * x!] } : { value: Infinity, gradient: [0] }),
        ['converged'],
      ],
      ['jump', ([x]) => ({ value: x! > 0.5 ? x! : x! + 10, gradient: [1] }), ['lineSearch', 'iterations']],
    ]
    for (const [name, objective, statuses] of hostile) {
      let evaluations = 0
      const counted: Objective = x => {
        evaluations++
        return objective(x)
      }
      const found = Lbfgs.minimize({ objective: counted, start: [1], maxIterations: 50, maxEvaluations: 400 })
      expect(statuses, name).toContain(found.status)
      expect(evaluations, name).toBe(found.evaluations)
      expect(evaluations, name).toBeLessThanOrEqual(400)
      const before = objective([1]).value
      if (Number.isFinite(before)) expect(found.value, name).toBeLessThanOrEqual(before)
    }
  })

  it('takes bounds that touch, and refuses bounds that cross', () => {
    const objective: Objective = x => ({
      value: x.reduce((s, xi) => s + xi * xi, 0),
      gradient: x.map(xi => 2 * xi),
    })
    const touching = Lbfgs.minimize({ objective, start: [3, 3], lower: [2, -9], upper: [2, 9] })
    expect(touching.status).toBe('converged')
    expect(touching.x).toStrictEqual([2, expect.closeTo(0, 7)])
    expect(Lbfgs.minimize({ objective, start: [0], lower: [1], upper: [-1] }).status).toBe('nonFinite')
    expect(Lbfgs.minimize({ objective, start: [NaN] }).status).toBe('nonFinite')
    expect(Lbfgs.minimize({ objective, start: [] }).status).toBe('converged')
  })

  it('gives equal results for equal problems and leaves its input alone', () => {
    const start = Object.freeze([-1.2, 1])
    const once = Lbfgs.minimize({ objective: rosenbrock, start })
    expect(Lbfgs.minimize({ objective: rosenbrock, start })).toStrictEqual(once)
  })

  it('stops at the value tolerance, and keeps to the evaluations that a line search may take', () => {
    const start = [-1.2, 1, 0.3, -0.5]
    const full = Lbfgs.minimize({ objective: rosenbrock, start })
    const early = Lbfgs.minimize({ objective: rosenbrock, start, valueTolerance: 1e-3 })
    expect(early.status).toBe('converged')
    expect(early.iterations).toBeLessThan(full.iterations)
    expect(early.projectedGradient).toBeGreaterThan(1e-8)
    expect(early.value - full.value).toBeLessThan(1e-2)
    // A gradient that points the wrong way: no step is any good, and two searches are all that is tried.
    const lost = Lbfgs.minimize({
      objective: ([x]) => ({ value: x! * x!, gradient: [-2 * x!] }),
      start: [1],
      maxLineEvaluations: 7,
    })
    expect(lost.status).toBe('lineSearch')
    expect(lost.evaluations).toBeLessThanOrEqual(1 + 2 * 7)
  })
})
