/**
 * Bilevel problems with known optima, in closed form or to machine precision by other means. Each has three starts.
 * Named problems cite their source.
 */
import { CholeskyDecomposition, Matrix } from 'ml-matrix'
import { complete, type BilevelProblem } from '../../src/core/inMemory/BilevelProblem.js'
import * as Lbfgs from '../../src/core/numeric/Lbfgs.js'
import * as Rng from '../../src/core/numeric/Rng.js'

type Vec = ReadonlyArray<number>

export interface KnownOptimum {
  readonly name: string
  readonly problem: BilevelProblem
  readonly starts: ReadonlyArray<Vec>
  readonly x: Vec
  readonly upperValue: number
}

const sum = (v: Vec): number => v.reduce((total, value) => total + value, 0)
const unbounded = (start: Vec, y: Vec): Pick<BilevelProblem, 'x' | 'y'> => ({
  x: { start, lower: start.map(() => -Infinity), upper: start.map(() => Infinity) },
  y: { start: y },
})

/** The problem with another start of x. */
export const startedAt = ({ problem }: KnownOptimum, start: Vec): BilevelProblem => ({
  ...problem,
  x: { ...problem.x, start },
})

/** Henrion & Surowiec (2011): F = x² + c·y, f = y²/2 − x·y. */
export const henrionSurowiec = (c: number): KnownOptimum => ({
  name: `Henrion–Surowiec, c = ${c}`,
  problem: {
    ...unbounded([0], [0]),
    upperLevel: (x, y) => ({ value: x[0]! ** 2 + c * y[0]!, gradX: [2 * x[0]!], gradY: [c] }),
    lowerLevel: (x, y) => ({
      value: y[0]! ** 2 / 2 - x[0]! * y[0]!,
      gradX: [-y[0]!],
      gradY: [y[0]! - x[0]!],
    }),
  },
  starts: [[0], [5], [-7]],
  x: [-c / 2],
  upperValue: (-c * c) / 4,
})

/** Lampariello & Sagratella (2017), example 3.2: F = x² + y², f = (x + y − 1)². */
export const lamparielloSagratella: KnownOptimum = {
  name: 'Lampariello–Sagratella 3.2',
  problem: {
    ...unbounded([0], [0]),
    upperLevel: (x, y) => ({ value: x[0]! ** 2 + y[0]! ** 2, gradX: [2 * x[0]!], gradY: [2 * y[0]!] }),
    lowerLevel: (x, y) => {
      const r = x[0]! + y[0]! - 1
      return { value: r * r, gradX: [2 * r], gradY: [2 * r] }
    },
  },
  starts: [[0], [3], [-4]],
  x: [0.5],
  upperValue: 0.5,
}

/** Macal & Hurter (1997): F = (x−1)² + (y−1)², f = y²/2 + 500y − 50xy. */
export const macalHurter: KnownOptimum = {
  name: 'Macal–Hurter',
  problem: {
    ...unbounded([0], [0]),
    upperLevel: (x, y) => ({
      value: (x[0]! - 1) ** 2 + (y[0]! - 1) ** 2,
      gradX: [2 * (x[0]! - 1)],
      gradY: [2 * (y[0]! - 1)],
    }),
    lowerLevel: (x, y) => ({
      value: y[0]! ** 2 / 2 + 500 * y[0]! - 50 * x[0]! * y[0]!,
      gradX: [-50 * y[0]!],
      gradY: [y[0]! + 500 - 50 * x[0]!],
    }),
  },
  starts: [[0], [20], [-5]],
  x: [25051 / 2501],
  upperValue: 203401 / 2501,
}

/** De Silva (1978): F = Σ(x−1)² + Σy² − 2, f = ‖x − y‖². */
export const deSilva: KnownOptimum = {
  name: 'De Silva',
  problem: {
    ...unbounded([0, 0], [0, 0]),
    upperLevel: (x, y) => ({
      value: sum(x.map(v => (v - 1) ** 2)) + sum(y.map(v => v * v)) - 2,
      gradX: x.map(v => 2 * (v - 1)),
      gradY: y.map(v => 2 * v),
    }),
    lowerLevel: (x, y) => ({
      value: sum(x.map((v, k) => (v - y[k]!) ** 2)),
      gradX: x.map((v, k) => 2 * (v - y[k]!)),
      gradY: x.map((v, k) => -2 * (v - y[k]!)),
    }),
  },
  starts: [
    [0, 0],
    [3, -2],
    [-1, 4],
  ],
  x: [0.5, 0.5],
  upperValue: -1,
}

/** SMD2 (Sinha, Malo & Deb 2014) of sizes 1, 1, 1: upper and lower level in conflict; defined for l₂ > 0. */
export const smd2: KnownOptimum = {
  name: 'SMD2',
  problem: {
    ...unbounded([1, 1], [1, 2]),
    upperLevel: (x, y) => {
      const r = x[1]! - Math.log(y[1]!)
      return {
        value: x[0]! ** 2 - y[0]! ** 2 + x[1]! ** 2 - r * r,
        gradX: [2 * x[0]!, 2 * x[1]! - 2 * r],
        gradY: [-2 * y[0]!, (2 * r) / y[1]!],
      }
    },
    lowerLevel: (x, y) => {
      const r = x[1]! - Math.log(y[1]!)
      return {
        value: x[0]! ** 2 + y[0]! ** 2 + r * r,
        gradX: [2 * x[0]!, 2 * r],
        gradY: [2 * y[0]!, (-2 * r) / y[1]!],
      }
    },
  },
  starts: [
    [1, 1],
    [-2, 0.5],
    [3, -1],
  ],
  x: [0, 0],
  upperValue: 0,
}

const uniformsOf = (count: number, ...seed: ReadonlyArray<number>): Vec =>
  Rng.uniforms(count)(Rng.make(...seed))[0]

/** f = Σ (w−a)² + θ·w², F = Σ (w−b)², 0 < b < a: θ = a/b − 1, F = 0. */
export const diagonalRidge = (d: number, seed: number): KnownOptimum => {
  const b = uniformsOf(d, seed, 1).map(u => 0.3 + 2 * u)
  const a = uniformsOf(d, seed, 2).map((u, k) => b[k]! * (1.2 + 3 * u))
  const all = (value: number): Vec => b.map(() => value)
  return {
    name: `diagonal ridge, d = ${d}, seed ${seed}`,
    problem: {
      x: { start: all(0.5), lower: all(0), upper: all(Infinity) },
      y: { start: all(0) },
      upperLevel: (_, w) => ({
        value: sum(w.map((v, k) => (v - b[k]!) ** 2)),
        gradX: all(0),
        gradY: w.map((v, k) => 2 * (v - b[k]!)),
      }),
      lowerLevel: (theta, w) => ({
        value: sum(w.map((v, k) => (v - a[k]!) ** 2 + theta[k]! * v * v)),
        gradX: w.map(v => v * v),
        gradY: w.map((v, k) => 2 * (v - a[k]!) + 2 * theta[k]! * v),
      }),
    },
    starts: [all(0.5), all(2), uniformsOf(d, seed, 3).map(u => 4 * u)],
    x: a.map((value, k) => value / b[k]! - 1),
    upperValue: 0,
  }
}

const dot = (a: Vec, b: Vec): number => {
  let total = 0
  for (let i = 0; i < a.length; i++) total += a[i]! * b[i]!
  return total
}

/**
 * f = ‖Xw − y‖²/N + Σ_g exp(λ_g)·‖w_g‖²/N, F = ‖X_v·w − y_v‖²/N, with d groups of features. A smooth optimizer finds
 * the optimum of the reduced function; its weights come from one linear solve.
 */
export const ridgeRegression = (d: number, seed: number): KnownOptimum => {
  const perGroup = d > 10 ? 1 : 2
  const features = perGroup * d
  const examples = 5 * features + 10
  const group = (j: number): number => Math.floor(j / perGroup)
  const [normals] = Rng.normals(2 * examples * features + features + 2 * examples)(Rng.make(seed, 4))
  let at = 0
  const next = (count: number): number[] => normals.slice(at, (at += count))
  const rows = (): number[][] => Array.from({ length: examples }, () => next(features))
  const [X, Xv] = [rows(), rows()]
  const truth = next(features).map((v, j) => v * (0.2 + 0.2 * (group(j) % 4)))
  const noisy = (M: number[][]): Vec => {
    const noise = next(examples)
    return M.map((row, i) => dot(row, truth) + 1.5 * noise[i]!)
  }
  const [y, yv] = [noisy(X), noisy(Xv)]
  /** ‖Mw − target‖²/N and its gradient by w. */
  const squares = (
    M: number[][],
    target: Vec,
    w: Vec,
  ): { readonly value: number; readonly gradient: number[] } => {
    const gradient = new Array<number>(features).fill(0)
    let value = 0
    for (let i = 0; i < examples; i++) {
      const row = M[i]!
      const r = dot(row, w) - target[i]!
      value += (r * r) / examples
      for (let j = 0; j < features; j++) gradient[j]! += (2 * r * row[j]!) / examples
    }
    return { value, gradient }
  }
  const none = Array.from({ length: d }, () => 0)
  const byGroup = (of: (j: number) => number): number[] => {
    const totals = [...none]
    for (let j = 0; j < features; j++) totals[group(j)]! += of(j)
    return totals
  }
  const problem: BilevelProblem = {
    x: { start: none, lower: none.map(() => -4), upper: none.map(() => 6) },
    y: { start: Array.from({ length: features }, () => 0) },
    upperLevel: (_, w) => {
      const { value, gradient } = squares(Xv, yv, w)
      return { value, gradX: none, gradY: gradient }
    },
    lowerLevel: (lambda, w) => {
      const { value, gradient } = squares(X, y, w)
      const strength = lambda.map(l => Math.exp(l) / examples)
      const gradX = byGroup(j => strength[group(j)]! * w[j]! * w[j]!)
      return {
        value: value + sum(gradX),
        gradX,
        gradY: gradient.map((g, j) => g + 2 * strength[group(j)]! * w[j]!),
      }
    },
  }
  const gram = new Matrix(features, features)
  const moment = new Array<number>(features).fill(0)
  X.forEach((row, i) => {
    for (let j = 0; j < features; j++) {
      moment[j]! += row[j]! * y[i]!
      for (let k = 0; k < features; k++) gram.set(j, k, gram.get(j, k) + row[j]! * row[k]!)
    }
  })
  const reduced = (lambda: Vec): Lbfgs.Evaluation => {
    const hessian = gram.clone()
    for (let j = 0; j < features; j++) hessian.set(j, j, hessian.get(j, j) + Math.exp(lambda[group(j)]!))
    const factor = new CholeskyDecomposition(hessian)
    const solved = (v: number[]): number[] => factor.solve(Matrix.columnVector(v)).to1DArray()
    const w = solved(moment)
    const { value, gradient } = squares(Xv, yv, w)
    const q = solved(gradient)
    return { value, gradient: byGroup(j => -Math.exp(lambda[group(j)]!) * q[j]! * w[j]!) }
  }
  const { lower, upper } = complete(problem).x
  const best = [-2, 0, 2]
    .map(value =>
      Lbfgs.minimize({
        objective: reduced,
        start: lower.map(() => value),
        lower,
        upper,
        maxIterations: 3000,
        gradientTolerance: 1e-10,
      }),
    )
    .reduce((least, one) => (one.value < least.value ? one : least))
  return {
    name: `ridge regression, d = ${d}, seed ${seed}`,
    problem,
    starts: [none, none.map(() => 1.5), uniformsOf(d, seed, 5).map(u => 3 * u - 1)],
    x: best.x,
    upperValue: best.value,
  }
}
