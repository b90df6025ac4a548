/** Products with sparse rows against plain sums in float64, and the module against its source. */
import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { make, uniforms } from '../../../src/core/numeric/Rng.js'
import { sparseModule } from '../../../src/shell/backend/kernels/sparseModule.js'
import { place, rowsOf, type SparseRows } from '../../../src/shell/backend/kernels/sparseRows.js'
import { compile } from '../../support/assembly.js'

const values = (count: number, seed: number): Float32Array =>
  Float32Array.from(uniforms(count)(make(seed))[0], value => 2 * value - 1)

/** A matrix of which a share `density` is not zero. */
const drawn = (rows: number, columns: number, density: number, seed: number): Float32Array => {
  const chances = uniforms(rows * columns)(make(seed, 1))[0]
  return values(rows * columns, seed).map((value, i) => (chances[i]! < density ? value : 0))
}

const sparseOf = (matrix: Float32Array, rows: number, columns: number): SparseRows => {
  const entries: number[] = []
  const starts = [0]
  const bits = new Uint32Array(matrix.buffer)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      if (matrix[row * columns + column] !== 0) entries.push(column, bits[row * columns + column]!)
    starts.push(entries.length / 2)
  }
  return { columns, starts: Uint32Array.from(starts), entries: Uint32Array.from(entries) }
}

/** X·M or Xᵀ·M. */
const product = (x: Float32Array, rows: number, columns: number, m: Float32Array, transposed: boolean) => {
  const width = m.length / (transposed ? rows : columns)
  const out = new Float64Array((transposed ? columns : rows) * width)
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const value = x[row * columns + column]!
      const [from, to] = transposed ? [row, column] : [column, row]
      if (value !== 0) for (let j = 0; j < width; j++) out[to * width + j]! += value * m[from * width + j]!
    }
  return out
}

/** Sums of up to 800 float32 products of numbers in [−1, 1]. */
const tolerance = 1e-4
const apart = (a: Float32Array, b: Float64Array): number =>
  a.length === b.length ? a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) : Infinity

const shapes = fc.record({
  rows: fc.integer({ min: 1, max: 70 }),
  columns: fc.integer({ min: 1, max: 800 }),
  width: fc.integer({ min: 1, max: 130 }),
  density: fc.constantFrom(0, 0.01, 0.2, 0.6, 1),
  seed: fc.nat(),
})

describe('products with sparse rows', () => {
  test('are the plain sums, on any shape and density, twice the same bytes', () => {
    fc.assert(
      fc.property(shapes, fc.integer({ min: 0, max: 70 }), ({ rows, columns, width, density, seed }, cut) => {
        const x = drawn(rows, columns, density, seed)
        const [w, dy] = [values(columns * width, seed + 1), values(rows * width, seed + 2)]
        const whole = sparseOf(x, rows, columns)
        // The same matrix in two pieces, of which one may be empty.
        const at = Math.min(cut, rows)
        const pieces = [
          { ...whole, starts: whole.starts.subarray(0, at + 1) },
          { ...whole, starts: whole.starts.subarray(at) },
        ]
        expect(pieces.map(rowsOf)).toEqual([at, rows - at])
        const results = [[whole], pieces].map(matrices => {
          const placed = place(matrices, width)!
          const forward = placed.times(w).slice()
          return { forward, backward: placed.transposedTimes(dy).slice() }
        })
        expect(results[1]).toEqual(results[0])
        expect(apart(results[0]!.forward, product(x, rows, columns, w, false))).toBeLessThan(tolerance)
        expect(apart(results[0]!.backward, product(x, rows, columns, dy, true))).toBeLessThan(tolerance)
      }),
      { numRuns: 60, seed: 5 },
    )
  })

  test('are given up where two gigabytes do not hold them, before anything grows', () => {
    expect(place([sparseOf(drawn(2, 3, 1, 1), 2, 3)], 2 ** 28)).toBe(null)
  })
})

test('the module is what its source compiles to', () => {
  expect(compile().toString('base64')).toBe(sparseModule)
  expect(readFileSync('package.json', 'utf8')).toContain('"assembly": "tsx test/support/assembly.ts"')
})
