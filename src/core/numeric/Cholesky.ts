/**
 * The Cholesky factor of a symmetric positive definite matrix, as plain data to which rows can be appended.
 *
 * Notation
 *
 * | symbol | name        | shape | meaning                                                        |
 * | ------ | ----------- | ----- | -------------------------------------------------------------- |
 * | N      | `size`      |       | order of the matrix                                            |
 * | A      |             | N × N | symmetric positive definite; only its lower triangle is read   |
 * | L      | `rows`      | N × N | lower triangular, A = L Lᵀ; row i holds its i + 1 entries      |
 * | p_i    | pivot       |       | A_ii − Σ_k L_ik², must exceed `tolerance`·A_ii                 |
 *
 * L is computed row by row (Cholesky–Banachiewicz): row i needs only the rows above it. So appending m rows costs O(m
 * N²) instead of O(N³), and shares the existing rows instead of copying them. The result is bit for bit that of
 * factoring the larger matrix: `factor` *is* `append` to the empty factor.
 *
 * At condition numbers near 1e10 the rounding of A matters, and the order of operations shows in the eighth digit. The
 * order follows LAPACK's unblocked code where that costs nothing: short sums are in order, and a column is divided by
 * its pivot through the pivot's reciprocal. docs/gp.md measures the effect.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { Finite } from '../codec/Codec.js'

const Rows = t.readonlyArray(
  t.readonlyArray(Finite, 'a row of a Cholesky factor'),
  'rows of a Cholesky factor',
)

export const Cholesky = t.refinement(
  t.readonly(t.strict({ rows: Rows })),
  ({ rows }) => rows.every((row, i) => row.length === i + 1 && row[i]! > 0),
  'a lower triangular factor with a positive diagonal',
)
/** L by rows; plain JSON, and its numbers survive JSON bit for bit. */
export type Cholesky = t.TypeOf<typeof Cholesky>

/** The factor of the 0 × 0 matrix. */
export const empty: Cholesky = { rows: [] }

/** N, the order of the factored matrix. */
export const size = (factor: Cholesky): number => factor.rows.length

/**
 * A pivot of at most this share of its diagonal entry is rounding error, not information: 2^-46 ≈ 1.4e-14, some 64
 * units in the last place.
 */
export const defaultTolerance = 2 ** -46

/** Shorter sums are taken in order. For longer ones, four interleaved sums hide the latency. */
const shortSum = 16

/** Σ_{from≤k<to} a_k b_k. The order of the terms depends on their number alone, so that every caller rounds alike. */
const dot = (a: ArrayLike<number>, b: ArrayLike<number>, from: number, to: number): number => {
  let s0 = 0
  let k = from
  if (to - from < shortSum) {
    for (; k < to; k++) s0 += a[k]! * b[k]!
    return s0
  }
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (; k + 3 < to; k += 4) {
    s0 += a[k]! * b[k]!
    s1 += a[k + 1]! * b[k + 1]!
    s2 += a[k + 2]! * b[k + 2]!
    s3 += a[k + 3]! * b[k + 3]!
  }
  for (; k < to; k++) s0 += a[k]! * b[k]!
  return s0 + s1 + (s2 + s3)
}

/** New rows per block. Each existing row is loaded from memory once per block. */
const blockSize = 16

/**
 * The factor after rows N, N+1, … were added to the matrix. `newRows[r]` holds at least the entries A_{N+r, 0 … N+r};
 * further entries are not read. `None` if a pivot is not positive beyond rounding, or not finite.
 */
export const append =
  (newRows: ReadonlyArray<ArrayLike<number>>, tolerance: number = defaultTolerance) =>
  (factor: Cholesky): O.Option<Cholesky> => {
    const rows = [...factor.rows]
    const reciprocals = rows.map((row, i) => 1 / row[i]!)
    for (let start = 0; start < newRows.length; start += blockSize) {
      const entries = newRows.slice(start, start + blockSize)
      const block = entries.map((): number[] => [])
      const eliminate = (r: number, j: number, above: ReadonlyArray<number>): void => {
        const row = block[r]!
        // Adding 0 turns −0 into 0: JSON cannot write −0.
        row.push((entries[r]![j]! - dot(row, above, 0, j)) * reciprocals[j]! + 0)
      }
      const first = rows.length
      for (let j = 0; j < first; j++) {
        const above = rows[j]!
        for (let r = 0; r < block.length; r++) eliminate(r, j, above)
      }
      for (let r = 0; r < block.length; r++) {
        const i = first + r
        for (let j = first; j < i; j++) eliminate(r, j, rows[j]!)
        const row = block[r]!
        const pivot = entries[r]![i]! - dot(row, row, 0, i)
        if (!(pivot > tolerance * Math.abs(entries[r]![i]!) && pivot < Infinity)) return O.none
        const diagonal = Math.sqrt(pivot)
        row.push(diagonal)
        reciprocals.push(1 / diagonal)
        // A copy has no spare capacity. An array built by push reserves up to half as much again.
        rows.push(row.slice())
      }
    }
    return O.some({ rows })
  }

/** The factor of A, given by rows; `None` if A is not positive definite beyond rounding. */
export const factor = (
  matrix: ReadonlyArray<ArrayLike<number>>,
  tolerance: number = defaultTolerance,
): O.Option<Cholesky> => append(matrix, tolerance)(empty)

/** Completes L⁻¹ b, whose first entries `solved` were computed earlier with fewer rows. */
export const extendLower =
  (factor: Cholesky) =>
  (solved: ReadonlyArray<number>, b: ArrayLike<number>): ReadonlyArray<number> => {
    const z = [...solved]
    for (let i = z.length; i < factor.rows.length; i++) {
      const row = factor.rows[i]!
      z.push((b[i]! - dot(row, z, 0, i)) / row[i]! + 0)
    }
    return z
  }

/** L⁻¹ b. */
export const solveLower =
  (factor: Cholesky) =>
  (b: ArrayLike<number>): ReadonlyArray<number> =>
    extendLower(factor)([], b)

/** L⁻ᵀ b. */
export const solveUpper =
  (factor: Cholesky) =>
  (b: ArrayLike<number>): ReadonlyArray<number> => {
    // Push is several times as fast here as Array.from of a typed array.
    const x: number[] = []
    for (let i = 0; i < factor.rows.length; i++) x.push(b[i]!)
    for (let i = factor.rows.length - 1; i >= 0; i--) {
      const row = factor.rows[i]!
      const xi = x[i]! / row[i]!
      x[i] = xi + 0
      for (let k = 0; k < i; k++) x[k] = x[k]! - row[k]! * xi
    }
    return x
  }

/** A⁻¹ b. */
export const solve =
  (factor: Cholesky) =>
  (b: ArrayLike<number>): ReadonlyArray<number> =>
    solveUpper(factor)(solveLower(factor)(b))

/** ln det A = 2 Σ ln L_ii. */
export const logDeterminant = (factor: Cholesky): number =>
  2 * factor.rows.reduce((sum, row, i) => sum + Math.log(row[i]!), 0)

/** A square matrix of order `n`, row by row in one buffer. */
interface Square {
  readonly n: number
  readonly at: Float64Array
}

const square = (n: number): Square => ({ n, at: new Float64Array(n * n) })

/**
 * The four products of rows i, i+1 of `a` with rows j, j+1 of `b`, over columns `from` up to `to`, written to `out`.
 * Four products at a time need half the memory traffic of single sums. If row i+1 or j+1 does not exist, row i or j
 * takes its place.
 */
const products = (
  a: Square,
  i: number,
  b: Square,
  j: number,
  from: number,
  to: number,
  out: Float64Array,
): void => {
  const [left, right] = [a.at, b.at]
  const top = i * a.n
  const bottom = i + 1 < a.n ? top + a.n : top
  const first = j * b.n
  const second = j + 1 < b.n ? first + b.n : first
  let [tf, ts, bf, bs] = [0, 0, 0, 0]
  for (let k = from; k < to; k++) {
    const t = left[top + k]!
    const u = left[bottom + k]!
    const f = right[first + k]!
    const s = right[second + k]!
    tf += t * f
    ts += t * s
    bf += u * f
    bs += u * s
  }
  out[0] = tf
  out[1] = ts
  out[2] = bf
  out[3] = bs
}

/** The columns of L⁻¹, stored as rows from their diagonal entry on; entries before it are meaningless. */
const inverseColumns = ({ rows }: Cholesky): Square => {
  const n = rows.length
  // One square holds both: L is read below the diagonal while L⁻¹ is written above it.
  const both = square(n)
  const { at } = both
  rows.forEach((row, i) => at.set(row, i * n))
  const sums = new Float64Array(4)
  for (let i = 0; i < n; i += 2) {
    const paired = i + 1 < n
    const [diagonal, below] = [i * n + i, (i + 1) * n + i]
    const p = at[diagonal]!
    const c = paired ? at[below]! : 0
    const q = paired ? at[below + 1]! : 1
    for (let j = 0; j < i; j += 2) {
      products(both, i, both, j, j, i, sums)
      const [left, right] = [j * n + i, (j + 1) * n + i]
      at[left] = -sums[0]! / p
      at[right] = -sums[1]! / p
      if (paired) {
        at[left + 1] = -(sums[2]! + c * at[left]) / q
        at[right + 1] = -(sums[3]! + c * at[right]) / q
      }
    }
    at[diagonal] = 1 / p
    if (paired) {
      at[diagonal + 1] = (-c * at[diagonal]) / q
      at[below + 1] = 1 / q
      // `products` also reads this entry, together with the row above, which begins one column earlier.
      at[below] = 0
    }
  }
  return both
}

/** A⁻¹ = L⁻ᵀL⁻¹ by rows (the full matrix, not only a triangle), in N³/3 multiplications. */
export const inverse = (factor: Cholesky): ReadonlyArray<Float64Array> => {
  const columns = inverseColumns(factor)
  const { n } = columns
  const { at } = square(n)
  const sums = new Float64Array(4)
  for (let i = 0; i < n; i += 2)
    for (let j = 0; j <= i; j += 2) {
      products(columns, i, columns, j, i, n, sums)
      const [rows, others] = [Math.min(2, n - i), Math.min(2, n - j)]
      for (let r = 0; r < rows; r++)
        for (let s = 0; s < others; s++) {
          const entry = sums[2 * r + s]!
          at[(i + r) * n + j + s] = entry
          at[(j + s) * n + i + r] = entry
        }
    }
  return factor.rows.map((_, i) => at.subarray(i * n, (i + 1) * n))
}
