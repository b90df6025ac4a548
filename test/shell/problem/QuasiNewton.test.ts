import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { make, normals } from '../../../src/core/numeric/Rng.js'
import { quasiNewton, type Place } from '../../../src/shell/problem/QuasiNewton.js'

/** Of a float32, 6e-8, for some dozen sums; H itself says how they grow. */
const rounding = 2e-6

type Matrix = ReadonlyArray<Float64Array>

const random = (count: number, seed: number): Float64Array => Float64Array.from(normals(count)(make(seed))[0])

/** (I − ρ·s·yᵀ)·H·(I − ρ·y·sᵀ) + ρ·s·sᵀ, the formula that the two loops apply without ever writing H down. */
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

/** A walk over a quadratic with the diagonal Hessian 1 … n, so that every pair has positive curvature. */
const walk = (n: number, steps: number, seed: number): ReadonlyArray<Place> =>
  Array.from({ length: steps + 1 }, (_, k) => {
    const weights = Float32Array.from(random(n, seed + k))
    return { weights, gradient: Float64Array.from(weights, (w, i) => (i + 1) * w) }
  })

describe('the quasi-Newton direction', () => {
  test('is −H·g with the BFGS matrix of the latest pairs, to float32’s rounding', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 11 }),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.nat(1e6),
        (n, steps, most, seed) => {
          const memory = quasiNewton(n, most)
          const places = walk(n, steps, seed)
          for (let k = 0; k < steps; k++) memory.remember(places[k]!, places[k + 1]!)
          expect(memory.size()).toBe(Math.min(steps, most))
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
          const g = random(n, seed + 100)
          const found = new Float32Array(n)
          memory.direction(g, found)
          const expected = h.map(row => -row.reduce((sum, a, i) => sum + a * g[i]!, 0))
          const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-3)
          const growth = h.reduce((a, row) => Math.max(a, ...row.map(Math.abs)), 1)
          for (const [i, d] of expected.entries())
            expect(Math.abs(found[i]! - d)).toBeLessThanOrEqual(rounding * largest * growth)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('leaves out a pair without positive curvature, and keeps those before it', () => {
    const [a, b] = walk(5, 1, 3)
    const memory = quasiNewton(5, 1)
    memory.remember(a!, b!)
    const [before, after] = [new Float32Array(5), new Float32Array(5)]
    memory.direction(a!.gradient, before)
    memory.remember(
      { weights: b!.weights, gradient: a!.gradient },
      { weights: a!.weights, gradient: b!.gradient },
    )
    memory.direction(a!.gradient, after)
    expect(memory.size()).toBe(1)
    expect(after).toEqual(before)
    memory.forget()
    memory.direction(a!.gradient, after)
    expect(after).toEqual(Float32Array.from(a!.gradient, g => -g))
  })
})
