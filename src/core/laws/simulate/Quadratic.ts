/** Random strongly convex bilevel problems: quadratic F and f with random positive definite Hessians. */
import { Matrix, solve } from 'ml-matrix'
import type { BilevelProblem, Level } from '../../inMemory/BilevelProblem.js'
import * as Rng from '../../numeric/Rng.js'

type Vec = ReadonlyArray<number>

/** A random quadratic bilevel problem and its solution. */
export interface Quadratic {
  readonly problem: BilevelProblem
  /**
   * The optimum if no bound is active. F along y(x) is a quadratic in x, so this is the solution of a linear system.
   */
  readonly x: Vec
  readonly upperValue: number
}

/** ½(z − z₀)ᵀM(z − z₀) with z = (x, y), as a level. */
const level =
  (M: Matrix, center: Vec, d: number): Level =>
  (x, y) => {
    const off = [...x, ...y].map((v, i) => v - center[i]!)
    const gradient = off.map((_, i) => off.reduce((total, v, j) => total + M.get(i, j) * v, 0))
    return {
      value: off.reduce((total, v, i) => total + (v * gradient[i]!) / 2, 0),
      gradX: gradient.slice(0, d),
      gradY: gradient.slice(d),
    }
  }

/**
 * A problem with d components of x in [−10, 10] and m of y. The Hessians have eigenvalues of at least 0.5.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { solveBilevel } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { problem, x }: Simulate.Quadratic = Simulate.randomQuadratic(1, 2, 7)
 * const solved = solveBilevel(problem)
 * const error = E.isRight(solved) ? Math.abs(solved.right.x[0]! - x[0]!) : NaN
 * error < 1e-3 // => true
 * ```
 */
export const randomQuadratic = (d: number, m: number, seed: number): Quadratic => {
  const n = d + m
  const [normals] = Rng.normals(2 * n * n + 3 * n)(Rng.make(seed, d, m))
  let at = 0
  const next = (count: number): number[] => normals.slice(at, (at += count))
  const definite = (): Matrix => {
    const R = new Matrix(Array.from({ length: n }, () => next(n)))
    return R.transpose().mmul(R).div(n).add(Matrix.eye(n).mul(0.5))
  }
  const [H, G] = [definite(), definite()]
  const [p, q, from] = [next(n), next(n), next(n)]
  // f is minimal in y where G_yx(x − q_x) + G_yy(y − q_y) = 0: y = y₀ + J·x.
  const Gyy = G.subMatrix(d, n - 1, d, n - 1)
  const J = solve(Gyy, G.subMatrix(d, n - 1, 0, d - 1)).mul(-1)
  const y0 = Matrix.columnVector(q.slice(d)).sub(J.mmul(Matrix.columnVector(q.slice(0, d))))
  // With z = z₀ + T·x, F is a quadratic in x.
  const T = new Matrix(n, d)
  T.setSubMatrix(Matrix.eye(d), 0, 0)
  T.setSubMatrix(J, d, 0)
  const z0 = new Matrix(n, 1)
  z0.setSubMatrix(y0, d, 0)
  const slope = T.transpose().mmul(H).mmul(Matrix.columnVector(p).sub(z0))
  const x = solve(T.transpose().mmul(H).mmul(T), slope)
  const z = z0.add(T.mmul(x)).to1DArray()
  const upperLevel = level(H, p, d)
  return {
    problem: {
      x: {
        start: from.slice(0, d),
        lower: from.slice(0, d).map(() => -10),
        upper: from.slice(0, d).map(() => 10),
      },
      y: { start: from.slice(d) },
      upperLevel,
      lowerLevel: level(G, q, d),
    },
    x: x.to1DArray(),
    upperValue: upperLevel(z.slice(0, d), z.slice(d)).value,
  }
}
