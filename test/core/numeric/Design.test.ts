import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Design from '../../../src/core/numeric/Design.js'
import * as Rng from '../../../src/core/numeric/Rng.js'
import type { MethodError } from '../../../src/core/protocol/MethodError.js'
import * as Sobol from '../../../src/core/numeric/Sobol.js'

const right = <A>(either: E.Either<{ readonly message: string }, A>): A =>
  E.isRight(either) ? either.right : expect.fail(either.left.message)

/** Whether each of the intervals [i/count, (i+1)/count) holds exactly one of the numbers. */
const stratified = (numbers: ReadonlyArray<number>): boolean =>
  new Set(numbers.map(x => Math.floor(x * numbers.length))).size === numbers.length

const axis = (points: Design.Design, k: number): ReadonlyArray<number> => points.map(point => point[k]!)

const within = (points: Design.Design, dimension: number): boolean =>
  points.every(point => point.length === dimension && point.every(x => x >= 0 && x <= 1))

describe('Design', () => {
  it('grid: levels^d different points in the cube, its corners among them', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }), (levels, d) => {
        const points = right(Design.grid(levels, d))
        expect(points.length).toBe(levels ** d)
        expect(within(points, d)).toBe(true)
        expect(new Set(points.map(String)).size).toBe(points.length)
        if (levels > 1) {
          expect(points[0]).toStrictEqual(Array(d).fill(0))
          expect(points[points.length - 1]).toStrictEqual(Array(d).fill(1))
        } else expect(points).toStrictEqual([Array(d).fill(0.5)])
      }),
    )
    expect(right(Design.grid(3, 2)).slice(0, 4)).toStrictEqual([[0, 0], [0, 0.5], [0, 1], [0.5, 0]]) // prettier-ignore
  })

  it('halved diagonal: ½, ¾, ¼, … on every axis alike, stratified without the end', () => {
    expect(right(Design.halvedDiagonal(5, 2))).toStrictEqual([0.5, 0.75, 0.25, 0.375, 0.875].map(x => [x, x]))
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 30 }), (m, d) => {
        const points = right(Design.halvedDiagonal(2 ** m - 1, d))
        expect(points.every(point => point.length === d && point.every(x => x === point[0]))).toBe(true)
        expect(stratified([0, ...axis(points, 0)])).toBe(true)
      }),
    )
    expect(right(Design.halvedDiagonal(0, 3))).toStrictEqual([])
  })

  it('Latin hypercube: one point in each interval of each axis; the seed decides', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 6 }), fc.nat(), (n, d, seed) => {
        const [points, after] = right(Design.latinHypercube(n, d)(Rng.make(seed)))
        expect(points.length).toBe(n)
        expect(within(points, d)).toBe(true)
        for (let k = 0; k < d; k++) expect(stratified(axis(points, k))).toBe(true)
        expect(right(Design.latinHypercube(n, d)(Rng.make(seed)))).toStrictEqual([points, after])
        expect(after).not.toStrictEqual(Rng.make(seed))
        if (n > 1) expect(right(Design.latinHypercube(n, d)(after))[0]).not.toStrictEqual(points)
      }),
    )
  })

  it('Sobol: each aligned block of 2^m points is stratified on every axis, also beyond 21 dimensions', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 6 }),
        fc.integer({ min: 0, max: 3 }),
        fc.integer({ min: 1, max: 24 }),
        fc.nat(),
        (m, block, d, seed) => {
          const size = 2 ** m
          const [points] = right(Design.sobol(size * (block + 1), d)(Rng.make(seed)))
          expect(within(points, d)).toBe(true)
          for (let k = 0; k < Math.min(d, Sobol.maxDimension); k++)
            expect(stratified(axis(points.slice(block * size), k))).toBe(true)
          for (let k = Sobol.maxDimension; k < d; k++) expect(stratified(axis(points, k))).toBe(true)
        },
      ),
    )
  })

  it("Sobol: the unshifted sequence is SciPy's in all 21 dimensions", () => {
    const reference = JSON.parse(readFileSync('test/data/sobol-scipy.json', 'utf8')) as {
      readonly points: ReadonlyArray<ReadonlyArray<number>>
    }
    const ours = Sobol.sequence(64, Sobol.maxDimension).map(point => Array.from(point, x => x / 2 ** 26))
    expect(ours).toStrictEqual(reference.points)
  })

  it('Sobol: no point on the border, and a lower star discrepancy than random points', () => {
    const [points] = right(Design.sobol(256, 2)(Rng.make(1)))
    const [uniforms] = Rng.uniforms(512)(Rng.make(1))
    const random = Array.from({ length: 256 }, (_, i) => [uniforms[2 * i]!, uniforms[2 * i + 1]!])
    expect(points.flat().every(x => x > 0 && x < 1)).toBe(true)
    const discrepancy = (design: Design.Design): number =>
      Math.max(
        ...design.map(([a, b]) => {
          const inside = design.filter(([x, y]) => x! < a! && y! < b!).length
          return Math.abs(inside / design.length - a! * b!)
        }),
      )
    expect(discrepancy(points)).toBeLessThan(0.5 * discrepancy(random))
  })

  it.each<readonly [string, E.Either<MethodError, unknown>]>([
    ['too large a grid', Design.grid(10, 30)],
    ['a grid that overflows', Design.grid(1000, 1000)],
    ['no dimension', Design.grid(3, 0)],
    ['a fraction of a point', Design.latinHypercube(1.5, 2)(Rng.make(1))],
    ['NaN points', Design.sobol(NaN, 2)(Rng.make(1))],
    ['too many points', Design.sobol(2 ** 30, 2)(Rng.make(1))],
  ])('refuses %s in a sentence', (_, design) => {
    if (E.isRight(design)) expect.fail('was accepted')
    expect(design.left._tag).toBe('InvalidConfig')
    expect(design.left.message).toMatch(/^A design of .*\.$/)
  })

  it('allows designs without points', () => {
    expect(right(Design.sobol(0, 2)(Rng.make(1)))[0]).toStrictEqual([])
    expect(right(Design.latinHypercube(0, 2)(Rng.make(1)))[0]).toStrictEqual([])
  })
})
