/**
 * Minimisations whose every bit is on record: which points L-BFGS looks at, in which order, and where it ends.
 *
 * The objectives use nothing but + − × ÷ √, which IEEE 754 fixes to the last bit, so that a trace is the same on every
 * machine and in every version of Node. They cover boxes, bad conditions, directions and line searches that fail, points
 * where f is not finite, each budget and each way to end.
 */
import { createHash } from 'node:crypto'
import type { Minimum, Problem } from '../../src/core/numeric/Lbfgs.js'
import * as Rng from '../../src/core/numeric/Rng.js'

type Vec = ReadonlyArray<number>
type Objective = Problem['objective']

/** A minimisation and its name. */
export interface Named {
  readonly name: string
  readonly problem: Problem
}

/** What is on record of a minimisation. */
export interface Trace {
  readonly status: string
  readonly iterations: number
  readonly evaluations: number
  /** SHA-256 over every point evaluated, and over x, f, ∇f and ‖P(x−g)−x‖∞ at the end, as bytes of float64. */
  readonly hash: string
}

const sum = (terms: Vec): number => terms.reduce((total, term) => total + term, 0)

const rosenbrock: Objective = x => {
  const gradient = x.map(() => 0)
  let value = 0
  for (let i = 0; i + 1 < x.length; i++) {
    const [a, b] = [1 - x[i]!, x[i + 1]! - x[i]! * x[i]!]
    value += a * a + 100 * b * b
    gradient[i] = gradient[i]! - 2 * a - 400 * x[i]! * b
    gradient[i + 1] = gradient[i + 1]! + 200 * b
  }
  return { value, gradient }
}

/** ½(x − c)ᵀA(x − c) + offset, with A = Σ wₖ vₖvₖᵀ + I/100 and weights from 1 down to 1/condition. */
const quadratic = (n: number, condition: number, seed: number, offset: number): Objective => {
  const [uniforms] = Rng.uniforms(n * n + n)(Rng.make(seed, n))
  const centred = uniforms.map(u => 2 * u - 1)
  const center = centred.slice(n * n)
  const rows = Array.from({ length: n }, (_, k) => centred.slice(k * n, (k + 1) * n))
  const weights = rows.map((_, k) => 1 / (1 + (k / Math.max(1, n - 1)) * (condition - 1)))
  return x => {
    const off = x.map((xi, i) => xi - center[i]!)
    const gradient = off.map(v => v / 100)
    let value = offset + sum(off.map(v => (v * v) / 200))
    rows.forEach((row, k) => {
      const along = sum(row.map((r, i) => r * off[i]!))
      value += (weights[k]! * along * along) / 2
      row.forEach((r, i) => (gradient[i] = gradient[i]! + weights[k]! * along * r))
    })
    return { value, gradient }
  }
}

/** Σ x + 1/x: NaN from 0 on down, and infinite next to it. */
const barrier: Objective = x =>
  x.some(xi => xi <= 0)
    ? { value: NaN, gradient: x.map(() => NaN) }
    : { value: sum(x.map(xi => xi + 1 / xi)), gradient: x.map(xi => 1 - 1 / (xi * xi)) }

/** Not finite in a ball around the minimum, which so can never be reached. */
const hollow: Objective = x =>
  sum(x.map(xi => xi * xi)) < 0.01
    ? { value: -Infinity, gradient: x.map(() => 0) }
    : { value: sum(x.map(xi => xi * xi)), gradient: x.map(xi => 2 * xi) }

/** Σ √(1 + x²), nearly linear far out; √ of a square as a kink that is rounded. */
const soft: Objective = x => ({
  value: sum(x.map(xi => Math.sqrt(1 + xi * xi))),
  gradient: x.map(xi => xi / Math.sqrt(1 + xi * xi)),
})

/** Concave here, convex there: pairs of negative curvature turn up. */
const doubleWell: Objective = x => ({
  value: sum(x.map((xi, i) => (xi * xi - 1) * (xi * xi - 1) + (0.3 * xi) / (i + 1))),
  gradient: x.map((xi, i) => 4 * xi * (xi * xi - 1) + 0.3 / (i + 1)),
})

const kink: Objective = x => ({
  value: sum(x.map(xi => Math.abs(xi - 0.3))),
  gradient: x.map(xi => (xi > 0.3 ? 1 : -1)),
})

/** A gradient that is right in its first component alone. */
const halfWrong: Objective = x => ({
  value: sum(x.map(xi => xi * xi)),
  gradient: x.map((xi, i) => (i === 0 ? 2 * xi : -0.7 * xi)),
})

const flat: Objective = x => ({ value: 3, gradient: x.map(() => 0) })
const falling: Objective = x => ({ value: -sum(x), gradient: x.map(() => -1) })
const fourth: Objective = x => ({
  value: sum(x.map(xi => xi * xi * xi * xi)),
  gradient: x.map(xi => 4 * xi * xi * xi),
})
const alternating = (n: number): Vec => Array.from({ length: n }, (_, i) => (i % 2 === 0 ? -1.2 : 1))
const all = (n: number, value: number): Vec => Array.from({ length: n }, () => value)

/** Problems made by hand, each for a branch of the method. */
export const byHand: ReadonlyArray<Named> = [
  ...[2, 5, 30].map(n => ({
    name: `Rosenbrock in ${n}`,
    problem: { objective: rosenbrock, start: alternating(n), maxIterations: 2000, gradientTolerance: 1e-10 },
  })),
  {
    name: 'Rosenbrock to machine precision',
    problem: { objective: rosenbrock, start: alternating(4), maxIterations: 2000, gradientTolerance: 0 },
  },
  {
    name: 'Rosenbrock in a box',
    problem: { objective: rosenbrock, start: [-1.2, 1], lower: [-2, -2], upper: [0.5, 2] },
  },
  { name: 'Rosenbrock, one pair', problem: { objective: rosenbrock, start: alternating(6), memory: 1 } },
  { name: 'Rosenbrock, no memory', problem: { objective: rosenbrock, start: alternating(2), memory: 0 } },
  { name: 'iterations spent', problem: { objective: rosenbrock, start: alternating(2), maxIterations: 7 } },
  {
    name: 'evaluations spent',
    problem: { objective: rosenbrock, start: alternating(2), maxEvaluations: 13 },
  },
  { name: 'no iteration', problem: { objective: rosenbrock, start: alternating(2), maxIterations: 0 } },
  {
    name: 'value tolerance',
    problem: { objective: rosenbrock, start: alternating(4), valueTolerance: 1e-3 },
  },
  {
    name: 'short line searches',
    problem: { objective: rosenbrock, start: alternating(4), maxLineEvaluations: 2 },
  },
  {
    name: 'hundreds of bounds',
    problem: {
      objective: quadratic(60, 50, 3, 0),
      start: all(60, 1),
      lower: all(60, 0.2),
      upper: all(60, 1.5),
    },
  },
  {
    name: 'drowned in a large constant',
    problem: { objective: quadratic(6, 1e4, 4, 1e9), start: all(6, 2), gradientTolerance: 1e-13 },
  },
  {
    name: 'a bad condition',
    problem: {
      objective: quadratic(12, 1e8, 5, 0),
      start: all(12, 100),
      maxIterations: 500,
      gradientTolerance: 1e-12,
    },
  },
  { name: 'a barrier', problem: { objective: barrier, start: [10, 0.001, 1e4], gradientTolerance: 1e-10 } },
  {
    name: 'a barrier in a box',
    problem: { objective: barrier, start: [10, 3], lower: [-5, 2], upper: [20, 4] },
  },
  { name: 'a hollow', problem: { objective: hollow, start: [3, -1] } },
  { name: 'a hollow, at once', problem: { objective: hollow, start: [0.01, 0.02] } },
  { name: 'nearly linear', problem: { objective: soft, start: [1e6, -1e-3, 40] } },
  { name: 'a double well', problem: { objective: doubleWell, start: [0.1, -0.1, 0.02, 5] } },
  { name: 'a double well in a box', problem: { objective: doubleWell, start: [0.1, 3], lower: [-0.2, 1.5] } },
  { name: 'a kink', problem: { objective: kink, start: [1, -7, 0.31] } },
  { name: 'a wrong gradient', problem: { objective: halfWrong, start: [1, 1], maxIterations: 60 } },
  {
    name: 'a wrong gradient and little to spend',
    problem: { objective: halfWrong, start: [1, 1], maxEvaluations: 9 },
  },
  { name: 'a constant', problem: { objective: flat, start: [1, 2] } },
  { name: 'unbounded below', problem: { objective: falling, start: [1, 2], maxIterations: 30 } },
  { name: 'unbounded but for a box', problem: { objective: falling, start: [1, 2], upper: [4, 1e300] } },
  {
    name: 'a minimum without curvature',
    problem: { objective: fourth, start: [3, -2], gradientTolerance: 1e-14 },
  },
  { name: 'from 0', problem: { objective: soft, start: [0, 0] } },
  { name: 'bounds that touch', problem: { objective: soft, start: [3, 3], lower: [2, -9], upper: [2, 9] } },
  { name: 'bounds that cross', problem: { objective: soft, start: [0], lower: [1], upper: [-1] } },
  { name: 'a start that is NaN', problem: { objective: soft, start: [NaN, 1] } },
  { name: 'a start that is infinite', problem: { objective: flat, start: [Infinity] } },
  { name: 'a value that is NaN', problem: { objective: () => ({ value: NaN, gradient: [0] }), start: [1] } },
  {
    name: 'a gradient that is short',
    problem: { objective: () => ({ value: 0, gradient: [] }), start: [1] },
  },
  { name: 'no variable', problem: { objective: () => ({ value: 0, gradient: [] }), start: [] } },
]

/** A problem out of a seed: one of the objectives, in 1 to 9 variables, with or without bounds, of any scale. */
export const randomProblem = (seed: number): Problem => {
  const [u] = Rng.uniforms(60)(Rng.make(seed, 77))
  let at = 0
  const next = (): number => u[at++ % u.length]!
  const among = <A>(choices: ReadonlyArray<A>): A => choices[Math.floor(next() * choices.length)]!
  const n = 1 + Math.floor(9 * next())
  const scale = among([1e-6, 1e-2, 1, 1, 1, 10, 1e4])
  const objective = among<Objective>([
    rosenbrock,
    barrier,
    hollow,
    soft,
    doubleWell,
    kink,
    halfWrong,
    falling,
    fourth,
    quadratic(n, among([1, 100, 1e6]), seed, among([0, 0, 1e3, 1e10])),
    quadratic(n, among([1, 100, 1e6]), seed + 1, 0),
  ])
  const vector = (size: number): Vec => Array.from({ length: n }, () => size * (2 * next() - 1))
  const bounds = among(['none', 'none', 'lower', 'both', 'narrow'] as const)
  const low = vector(scale)
  return {
    objective,
    start: vector(3 * scale),
    ...(bounds === 'none' ? {} : { lower: low }),
    ...(bounds === 'both' ? { upper: low.map(l => l + scale * 2 * next()) } : {}),
    ...(bounds === 'narrow' ? { upper: low.map(l => l + (next() < 0.4 ? 0 : scale * 0.01 * next())) } : {}),
    memory: among([0, 1, 3, 30, 30]),
    maxIterations: among([5, 50, 200]),
    ...(next() < 0.2 ? { maxEvaluations: 1 + Math.floor(40 * next()) } : {}),
    ...(next() < 0.3 ? { maxLineEvaluations: 1 + Math.floor(12 * next()) } : {}),
    gradientTolerance: among([0, 1e-14, 1e-8, 1e-3]),
    ...(next() < 0.2 ? { valueTolerance: among([0, 1e-9, 1e-3]) } : {}),
  }
}

/** Minimises, and says by a hash what it looked at and where it ended. */
export const traceOf =
  (minimize: (problem: Problem) => Minimum) =>
  (problem: Problem): Trace => {
    const hash = createHash('sha256')
    const add = (values: Vec): void =>
      void hash.update(new Uint8Array(Float64Array.from([values.length, ...values]).buffer))
    const found = minimize({
      ...problem,
      objective: x => {
        add(x)
        return problem.objective(x)
      },
    })
    add(found.x)
    add([found.value])
    add(found.gradient)
    add([found.projectedGradient])
    const { status, iterations, evaluations } = found
    return { status, iterations, evaluations, hash: hash.digest('hex').slice(0, 16) }
  }

/** How many problems out of seeds are on record, as one hash. */
export const seeds = 300

/** The traces of all that is on record, by name. */
export const tracesOf = (minimize: (problem: Problem) => Minimum): Readonly<Record<string, Trace>> =>
  Object.fromEntries(byHand.map(({ name, problem }) => [name, traceOf(minimize)(problem)]))

/** One hash over the traces of {@link randomProblem}s, and how many ended in which way. */
export const summaryOf = (minimize: (problem: Problem) => Minimum) => {
  const hash = createHash('sha256')
  const statuses: Record<string, number> = {}
  for (let seed = 0; seed < seeds; seed++) {
    const trace = traceOf(minimize)(randomProblem(seed))
    hash.update(JSON.stringify(trace))
    statuses[trace.status] = (statuses[trace.status] ?? 0) + 1
  }
  return { seeds, statuses, hash: hash.digest('hex') }
}
