import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import fc from 'fast-check'
import { CholeskyDecomposition, inverse as denseInverse, Matrix } from 'ml-matrix'
import { describe, expect, it } from 'vitest'
import * as Cholesky from '../../../src/core/numeric/Cholesky.js'
import * as Rng from '../../../src/core/numeric/Rng.js'
import { decode } from '../../../src/core/codec/Codec.js'
import { cases } from '../../support/cases.js'

/** B Bᵀ + shift·I with normal B, exactly symmetric. */
const definite = (n: number, seed: number, shift: number): Matrix => {
  const [entries] = Rng.normals(n * n)(Rng.make(seed))
  const b = Matrix.from1DArray(n, n, [...entries])
  const a = b.mmul(b.transpose())
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) a.set(j, i, a.get(i, j))
  return Matrix.add(a, Matrix.mul(Matrix.eye(n), shift))
}

const factored = (a: Matrix): Cholesky.Cholesky =>
  pipe(
    Cholesky.factor(a.to2DArray()),
    O.getOrElseW(() => expect.fail('not positive definite')),
  )

const sizes = fc.integer({ min: 1, max: 24 })
const seeds = fc.nat()

describe('Cholesky', () => {
  it('agrees with ml-matrix: factor, solve, inverse, determinant (relative 1e-9)', () => {
    fc.assert(
      fc.property(sizes, seeds, (n, seed) => {
        const a = definite(n, seed, 0.5)
        const ours = factored(a)
        const theirs = new CholeskyDecomposition(a)
        const [b] = Rng.normals(n)(Rng.make(seed, 1))
        const size = a.norm()
        ours.rows.forEach((row, i) =>
          row.forEach((entry, j) =>
            expect(Math.abs(entry - theirs.lowerTriangularMatrix.get(i, j))).toBeLessThan(1e-9 * size),
          ),
        )
        const x = Cholesky.solve(ours)(b)
        const y = theirs.solve(Matrix.columnVector([...b])).to1DArray()
        const bound = 1e-9 * Math.max(1, ...y.map(Math.abs))
        x.forEach((xi, i) => expect(Math.abs(xi - y[i]!)).toBeLessThan(bound))
        const inverse = denseInverse(a)
        Cholesky.inverse(ours).forEach((row, i) =>
          row.forEach((entry, j) =>
            expect(Math.abs(entry - inverse.get(i, j))).toBeLessThan(1e-9 * Math.max(1, inverse.norm())),
          ),
        )
        const logDet = theirs.lowerTriangularMatrix.diagonal().reduce((sum, l) => sum + 2 * Math.log(l), 0)
        expect(Math.abs(Cholesky.logDeterminant(ours) - logDet)).toBeLessThan(
          1e-9 * Math.max(1, Math.abs(logDet)),
        )
      }),
      cases(200, 'slow'),
    )
  })

  it('appending rows equals factoring bit for bit, and shares the existing rows', () => {
    fc.assert(
      fc.property(sizes, seeds, fc.double({ min: 0, max: 1, noNaN: true }), (n, seed, share) => {
        const rows = definite(n, seed, 0.1).to2DArray()
        const cut = Math.floor(share * n)
        const whole = Cholesky.factor(rows)
        const head = Cholesky.factor(rows.slice(0, cut))
        const grown = pipe(head, O.chain(Cholesky.append(rows.slice(cut))))
        expect(grown).toStrictEqual(whole)
        if (O.isSome(head) && O.isSome(grown))
          head.value.rows.forEach((row, i) => expect(grown.value.rows[i]).toBe(row))
        const b = Array.from({ length: n }, (_, i) => Math.sin(i + seed))
        if (O.isSome(whole) && O.isSome(head)) {
          const first = Cholesky.solveLower(head.value)(b.slice(0, cut))
          expect(Cholesky.extendLower(whole.value)(first, b)).toStrictEqual(
            Cholesky.solveLower(whole.value)(b),
          )
        }
      }),
      cases(1000),
    )
  })

  it('survives JSON unchanged, and its codec refuses anything but a factor', () => {
    const factor = factored(definite(5, 3, 0.1))
    expect(decode(Cholesky.Cholesky)(JSON.parse(JSON.stringify(factor)))).toStrictEqual(E.right(factor))
    expect(E.isLeft(decode(Cholesky.Cholesky)({ rows: [[1], [1]] }))).toBe(true)
    expect(E.isLeft(decode(Cholesky.Cholesky)({ rows: [[-1]] }))).toBe(true)
  })

  it('has no −0, which JSON cannot write', () => {
    const factor = factored(new Matrix([[2, -0], [-0, 2]])) // prettier-ignore
    expect(Object.is(factor.rows[1]![0], 0)).toBe(true)
  })

  it.each([
    ['indefinite', [[1], [2, 1]]],
    ['singular', [[1], [1, 1]]],
    ['singular within rounding', [[0.1], [0.3, 0.9]]],
    ['zero', [[0]]],
    ['negative', [[-1]]],
    ['not finite', [[NaN]]],
    ['infinite', [[Infinity]]],
    ['not finite below the diagonal', [[1], [NaN, 1]]],
  ])('refuses a matrix that is %s', (_, rows) => {
    expect(Cholesky.factor(rows)).toStrictEqual(O.none)
  })

  it('factors and solves the empty matrix', () => {
    expect(Cholesky.factor([])).toStrictEqual(O.some(Cholesky.empty))
    expect(Cholesky.solve(Cholesky.empty)([])).toStrictEqual([])
    expect(Cholesky.logDeterminant(Cholesky.empty)).toBe(0)
  })
})
