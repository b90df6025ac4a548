import fc from 'fast-check'
import { cases } from '../../support/cases.js'
import { describe, expect, test } from 'vitest'
import { make, normals } from '../../../src/core/numeric/Rng.js'
import { vectorsOf, type Iterate, type Vectors } from '../../../src/shell/backend/kernels/lbfgs.js'
import { lbfgsMemory } from '../../../src/shell/train/LbfgsMemory.js'

/** A tolerance for float32 rounding, 6e-8, over some dozen sums; H gives the factor by which errors grow. */
const rounding = 2e-6

type Matrix = ReadonlyArray<Float64Array>

const random = (count: number, seed: number): Float64Array => Float64Array.from(normals(count)(make(seed))[0])

/** (I − ρ·s·yᵀ)·H·(I − ρ·y·sᵀ) + ρ·s·sᵀ, the formula that the two loops apply without storing H. */
const updated = (h: Matrix, s: Float64Array, y: Float64Array): Matrix => {
  const n = s.length
  const rho = 1 / s.reduce((sum, a, i) => sum + a * y[i]!, 0)
  const hy = h.map(row => row.reduce((sum, a, i) => sum + a * y[i]!, 0))
  const yhy = hy.reduce((sum, a, i) => sum + a * y[i]!, 0)
  return h.map((row, i) =>
    Float64Array.from(
      { length: n },
      (_, j) => row[j]! - rho * (hy[i]! * s[j]! + s[i]! * hy[j]!) + (rho * rho * yhy + rho) * s[i]! * s[j]!,
    ),
  )
}

interface Point {
  readonly weights: Float32Array
  readonly gradient: Float64Array
}

/** Copies numbers to the WebAssembly memory. */
const placed =
  (vectors: Vectors) =>
  ({ weights, gradient }: Point): Iterate => {
    const place = { weights: vectors.take()!, gradient: vectors.takeWide()! }
    vectors.at(place.weights).set(weights)
    vectors.wideAt(place.gradient).set(gradient)
    return place
  }

/** The direction at a gradient, after these iterates were added one after the other. */
const directionAfter = (
  most: number,
  pairs: ReadonlyArray<readonly [from: Point, to: Point]>,
  gradient: Float64Array,
): { readonly size: number; readonly direction: Float32Array } => {
  const vectors = vectorsOf(gradient.length)
  const memory = lbfgsMemory(vectors, most)
  for (const [from, to] of pairs) memory.remember(placed(vectors)(from), placed(vectors)(to))
  const at = placed(vectors)({ weights: new Float32Array(gradient.length), gradient })
  memory.direction(at.gradient, at.weights)
  const direction = vectors.at(at.weights).slice()
  vectors.leave()
  return { size: memory.size(), direction }
}

/** A walk over a quadratic with the diagonal Hessian 1 … n, so that every pair has positive curvature. */
const walk = (n: number, steps: number, seed: number): ReadonlyArray<Point> =>
  Array.from({ length: steps + 1 }, (_, k) => {
    const weights = Float32Array.from(random(n, seed + k))
    return { weights, gradient: Float64Array.from(weights, (w, i) => (i + 1) * w) }
  })

describe('the quasi-Newton direction', () => {
  test('is −H·g with the BFGS matrix of the latest pairs, up to float32 rounding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1e6),
        (n, steps, most, seed) => {
          const places = walk(n, steps, seed)
          const g = random(n, seed + 100)
          const { size, direction: found } = directionAfter(
            most,
            places.slice(1).map((to, k) => [places[k]!, to]),
            g,
          )
          expect(size).toBe(Math.min(steps, most))
          const pairs = places.slice(1).map((to, k) => ({
            s: Float64Array.from(to.weights, (w, i) => w - places[k]!.weights[i]!),
            y: to.gradient.map((g, i) => g - places[k]!.gradient[i]!),
          }))
          const kept = pairs.slice(-most)
          const latest = kept[kept.length - 1]
          const scale =
            latest === undefined
              ? 1
              : latest.s.reduce((sum, a, i) => sum + a * latest.y[i]!, 0) /
                latest.y.reduce((sum, a) => sum + a * a, 0)
          const identity: Matrix = Array.from({ length: n }, (_, i) =>
            Float64Array.from({ length: n }, (_, j) => (i === j ? scale : 0)),
          )
          const h = kept.reduce<Matrix>((matrix, { s, y }) => updated(matrix, s, y), identity)
          const expected = h.map(row => -row.reduce((sum, a, i) => sum + a * g[i]!, 0))
          const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3)
          const growth = h.reduce((a, row) => Math.max(a, ...row.map(Math.abs)), 1)
          for (const [i, d] of expected.entries())
            expect(Math.abs(found[i]! - d)).toBeLessThanOrEqual(rounding * largest * growth)
        },
      ),
      cases(300),
    )
  })

  test('skips a pair without positive curvature, and keeps the earlier pairs', () => {
    const [a, b] = walk(5, 1, 3)
    const uphill = [
      { weights: b!.weights, gradient: a!.gradient },
      { weights: a!.weights, gradient: b!.gradient },
    ] as const
    const without = directionAfter(1, [[a!, b!]], a!.gradient)
    expect(directionAfter(1, [[a!, b!], uphill], a!.gradient)).toEqual(without)
    expect(directionAfter(1, [uphill], a!.gradient).direction).toEqual(
      Float32Array.from(a!.gradient, g => -g),
    )
  })

  test('is not affected by an infinite gradient of an earlier training', () => {
    const [a, b] = walk(5, 1, 3)
    const before = directionAfter(2, [[a!, b!]], a!.gradient)
    expect(before.direction.every(Number.isFinite)).toBe(true)
    const endless = Float64Array.from([1, Infinity, 1, 1, 1])
    expect(directionAfter(2, [[a!, b!]], endless).direction.every(Number.isFinite)).toBe(false)
    expect(directionAfter(2, [[a!, b!]], a!.gradient)).toEqual(before)
  })
})

describe('passes over vectors', () => {
  test('give the same bits as float64, for every length', () => {
    const lengths = fc.integer({ min: 1, max: 70 })
    fc.assert(
      fc.property(lengths, fc.nat(1e6), fc.double({ min: -9, max: 9, noNaN: true }), (n, seed, c) => {
        const vectors = vectorsOf(n)
        const [from, to] = walk(n, 1, seed) as [Point, Point]
        const [there, here] = [placed(vectors)(from), placed(vectors)(to)]
        const [s, y] = [vectors.take()!, vectors.take()!]
        const four = (product: (i: number) => number): number => {
          const whole = n - (n % 4)
          const sums = [0, 1, 2, 3].map(first => {
            let sum = 0
            for (let i = first; i < whole; i += 4) sum += product(i)
            return sum
          })
          for (let i = whole; i < n; i++) sums[0]! += product(i)
          return sums[0]! + sums[1]! + (sums[2]! + sums[3]!)
        }
        expect(vectors.wideDot(there.gradient, here.weights)).toBe(
          four(i => from.gradient[i]! * to.weights[i]!),
        )
        expect(vectors.norm(there.gradient)).toBe(Math.sqrt(four(i => from.gradient[i]! * from.gradient[i]!)))
        let [sy, yy] = [0, 0]
        for (let i = 0; i < n; i++) {
          const [moved, turned] = [to.weights[i]! - from.weights[i]!, to.gradient[i]! - from.gradient[i]!]
          sy += moved * turned
          yy += turned * turned
        }
        expect(vectors.differences(there, here, s, y)).toEqual({ sy, yy })
        expect(vectors.at(s)).toEqual(to.weights.map((w, i) => w - from.weights[i]!))
        expect(vectors.at(y)).toEqual(Float32Array.from(to.gradient, (g, i) => g - from.gradient[i]!))
        vectors.negative(s, there.gradient)
        expect(vectors.at(s)).toEqual(Float32Array.from(from.gradient, g => -g))
        vectors.move(y, there.weights, c, here.weights)
        expect(vectors.at(y)).toEqual(from.weights.map((w, i) => w + c * to.weights[i]!))
        vectors.leave()
      }),
      cases(300),
    )
  })

  test('have their own memory until they leave', () => {
    const [one, other] = [vectorsOf(3), vectorsOf(3)]
    const [a, b] = [one.take()!, other.take()!]
    one.at(a).fill(1)
    other.at(b).fill(2)
    expect([...one.at(a)]).toEqual([1, 1, 1])
    one.leave()
    other.leave()
  })
})
