import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { make, permutation } from '../../../../src/core/numeric/Rng.js'
import { evenShares, proportionalParts, stratified } from '../../../../src/shell/data/set/split.js'
import { left, right } from '../Fixtures.js'

const classes = 5

/** Pools whose classes may be large, small or empty, with sizes of the sets that they allow. */
const problem = fc
  .tuple(
    fc.array(fc.nat({ max: 30 }), { minLength: classes, maxLength: classes }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.integer(),
  )
  .filter(([counts]) => counts.reduce((a, b) => a + b, 0) >= 2)
  .map(([counts, share, ratio, seed]) => {
    const pool = counts.reduce((a, b) => a + b, 0)
    const total = 2 + Math.floor(share * (pool - 2))
    const train = 1 + Math.floor(ratio * (total - 2))
    const sorted = Uint8Array.from(counts.flatMap((count, c) => Array.from({ length: count }, () => c)))
    const labels = Uint8Array.from(permutation(pool)(make(seed))[0], i => sorted[i]!)
    return { counts, labels, train, validation: total - train, seed }
  })

const histogram = (labels: Uint8Array, indices: Int32Array): ReadonlyArray<number> => {
  const counts = Array.from({ length: classes }, () => 0)
  for (const index of indices) counts[labels[index]!]! += 1
  return counts
}

describe('stratified', () => {
  it('draws disjoint sets of exactly the wanted sizes from the pool', () => {
    fc.assert(
      fc.property(problem, ({ labels, ...wanted }) => {
        const { train, validation } = right(stratified(wanted)(labels, classes))
        expect([train.length, validation.length]).toEqual([wanted.train, wanted.validation])
        const all = [...train, ...validation]
        expect(new Set(all).size).toBe(all.length)
        expect(all.every(index => index >= 0 && index < labels.length)).toBe(true)
      }),
    )
  })

  it('balances the classes: only exhausted classes have fewer images, all others differ by at most one', () => {
    fc.assert(
      fc.property(problem, ({ labels, counts, ...wanted }) => {
        const { train, validation } = right(stratified(wanted)(labels, classes))
        const used = histogram(labels, Int32Array.of(...train, ...validation))
        const most = Math.max(...used)
        used.forEach((count, c) => expect(count === counts[c] || count >= most - 1).toBe(true))
        // Each class is divided in the ratio of the sets, with an error below one image.
        const ratio = wanted.train / (wanted.train + wanted.validation)
        histogram(labels, train).forEach((count, c) =>
          expect(Math.abs(count - used[c]! * ratio)).toBeLessThan(1 + 1e-9),
        )
      }),
    )
  })

  it('balances each set to within one image if no class is scarce', () => {
    const labels = Uint8Array.from({ length: 500 }, (_, i) => (i * 7) % classes)
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer(),
        (train, validation, seed) => {
          const split = right(stratified({ train, validation, seed })(labels, classes))
          for (const set of [split.train, split.validation]) {
            const counts = histogram(labels, set)
            expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
          }
        },
      ),
    )
  })

  it('is equal for equal seeds, and different for different seeds', () => {
    const labels = Uint8Array.from({ length: 300 }, (_, i) => i % classes)
    const at = (seed: number): unknown => stratified({ train: 60, validation: 40, seed })(labels, classes)
    fc.assert(
      fc.property(fc.integer(), seed => {
        expect(at(seed)).toEqual(at(seed))
        expect(at(seed)).not.toEqual(at(seed + 1))
      }),
    )
  })

  it('equals a recorded split', () => {
    const labels = Uint8Array.from({ length: 40 }, (_, i) => i % classes)
    expect(right(stratified({ train: 6, validation: 4, seed: 1 })(labels, classes))).toMatchInlineSnapshot(`
      {
        "train": Int32Array [
          35,
          27,
          28,
          7,
          1,
          39,
        ],
        "validation": Int32Array [
          0,
          34,
          33,
          36,
        ],
      }
    `)
  })

  it('does not sort by class', () => {
    const labels = Uint8Array.from({ length: 1000 }, (_, i) => Math.floor(i / 200))
    const { train } = right(stratified({ train: 500, validation: 100, seed: 3 })(labels, classes))
    const steps = [...train].filter((index, i) => i > 0 && labels[index] !== labels[train[i - 1]!]).length
    // Of 499 pairs of neighbours, 4 in 5 differ in a random order; in a sorted order only 4 would.
    expect(steps).toBeGreaterThan(350)
  })

  it('refuses a pool that is too small', () => {
    expect(left(stratified({ train: 3, validation: 3, seed: 0 })(new Uint8Array(5), classes))).toBe(
      '3 training and 3 validation images are 6 together, but the source has only 5',
    )
    expect(E.isRight(stratified({ train: 3, validation: 2, seed: 0 })(new Uint8Array(5), classes))).toBe(true)
  })
})

describe('shares', () => {
  const order = Int32Array.of(2, 0, 1)
  it('fills scarce classes and shares the rest evenly', () => {
    expect(evenShares([2, 10, 10], 14, order)).toEqual([2, 6, 6])
    expect(evenShares([0, 10, 10], 5, order)).toEqual([0, 2, 3])
    expect(evenShares([5, 5, 5], 15, order)).toEqual([5, 5, 5])
  })
  it('rounds by the largest remainder', () => {
    expect(proportionalParts([2, 6, 6], 7, order)).toEqual([1, 3, 3])
    expect(proportionalParts([1, 1, 1], 1, order)).toEqual([0, 0, 1])
  })
})
