/** Leaving dark pixels out of the first products changes no gradient. */
import * as tf from '@tensorflow/tfjs-core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { make, uniforms } from '../../../src/core/numeric/Rng.js'
import { rowsOf } from '../../../src/shell/backend/kernels/sparseRows.js'
import type { ImageSet } from '../../../src/shell/data/ImageSet.js'
import { gradientOf } from '../../../src/shell/problem/Gradient.js'
import { descend } from '../../../src/shell/problem/LowerLevelSolver.js'
import * as Losses from '../../../src/shell/problem/Losses.js'
import { lossesAt } from '../../../src/shell/problem/Measurement.js'
import { initialWeights } from '../../../src/shell/problem/Network.js'
import { paceOf } from '../../../src/shell/problem/Pace.js'
import {
  between,
  gatherer,
  mostLit,
  sparseImages,
  withDarkPixels,
} from '../../../src/shell/problem/SparseImages.js'
import { norm } from '../../../src/shell/problem/Vector.js'
import { blobs, presentBackends, problem, right } from './fixtures.js'

/** The set with a share of its pixels dark, in every image others. */
const darkened = (set: ImageSet, share: number, seed: number): ImageSet => {
  const [chances] = uniforms(set.images.length)(make(seed))
  return { ...set, images: set.images.map((value, i) => (chances[i]! < share ? 0 : value)) }
}

describe('sparse images', () => {
  test('come back as they were, whole, in pieces and gathered', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0.2, 0.4, 0.8, 1),
        fc.array(fc.nat(), { minLength: 1, maxLength: 9 }),
        fc.nat(),
        (count, pixels, share, draws, seed) => {
          const set = darkened(blobs(count, [1, pixels, 1], 3, seed), share, seed)
          const rows = sparseImages(set)
          const lit = set.images.filter(value => value !== 0).length
          expect(rows === null).toBe(lit > mostLit * count * pixels)
          if (rows === null) return
          expect(rowsOf(rows)).toBe(count)
          expect(rows.starts.at(-1)).toBe(lit + count)
          expect(withDarkPixels(rows)).toEqual(set.images)
          const from = Math.floor(count / 2)
          expect(withDarkPixels(between(rows, from, count))).toEqual(set.images.subarray(from * pixels))
          const gather = gatherer(rows, draws.length)
          for (const shift of [0, 1]) {
            const chosen = Int32Array.from(draws, draw => (draw + shift) % count)
            expect(Array.from(withDarkPixels(gather(chosen)))).toEqual(
              Array.from(chosen).flatMap(i => Array.from(set.images.subarray(i * pixels, (i + 1) * pixels))),
            )
          }
        },
      ),
    )
  })

  test('are found once a set', () => {
    const set = darkened(blobs(4, [3, 3, 1], 2, 1), 1, 1)
    expect(sparseImages(set)).not.toBe(null)
    expect(sparseImages(set)).toBe(sparseImages({ ...set }))
  })
})

const withDark = (hidden: ReadonlyArray<number>, train: number, validation: number) => {
  const plain = problem({ network: { kind: 'mlp', hidden }, sizes: [30, 20, 3] })
  const { splits } = plain
  return {
    ...plain,
    splits: {
      ...splits,
      train: darkened(splits.train, train, 1),
      validation: darkened(splits.validation, validation, 2),
    },
  }
}

describe.each((await presentBackends()).map(backend => [backend.name, backend] as const))(
  'on %s',
  (name, backend) => {
    test.each([
      ['both sets dark', withDark([9], 0.8, 0.7)],
      ['one of the sets dark', withDark([9], 0.8, 0)],
      ['no pixel lit', withDark([9], 1, 1)],
      ['no hidden layer', withDark([], 0.8, 0.8)],
      ['two hidden layers', withDark([23, 5], 0.8, 0.8)],
    ])('with %s, losses, gradients and descents are the same', async (_, given) => {
      const found = gradientOf(backend, given.network)
      expect(found.takesSparse).toBe(name !== 'node')
      const machine = (takesSparse: boolean): Losses.Machine => ({
        gradient: { ...found, takesSparse },
        chunkSize: 13,
        pace: paceOf(null),
      })
      const start = initialWeights(given.network)(3).map((w, i) => w + 0.1 * Math.sin(i))
      const { lower, upper } = lossesAt(given, [0, 1, -1].slice(0, found.parameters.length / 2))
      const objective = [
        { coefficient: 1, loss: lower },
        { coefficient: 0.5, loss: upper },
      ]
      const how = { batchSize: 8, steps: 20, seed: 1, stream: 0, stepScale: 1, onProgress: () => undefined }
      const results = []
      for (const sparse of [true, false, true]) {
        const gradient = new Float64Array(start.length)
        const before = tf.memory().numTensors
        const value = right(await Losses.valueAndGradient(machine(sparse))(objective)(start, gradient))
        const metrics = right(await Losses.metrics(machine(sparse))(given.splits.train)(start))
        const { weights } = right(await descend(machine(sparse), given.solver)(objective, how)(start))
        expect(tf.memory().numTensors).toBe(before)
        results.push({ value, gradient, metrics, weights })
      }
      const [sparse, dense, again] = [results[0]!, results[1]!, results[2]!]
      expect(again).toEqual(sparse)
      expect(Math.abs(sparse.value - dense.value)).toBeLessThanOrEqual(1e-6 * Math.abs(dense.value))
      expect(Math.abs(sparse.metrics.loss - dense.metrics.loss)).toBeLessThanOrEqual(
        1e-6 * dense.metrics.loss,
      )
      expect(norm(sparse.gradient.map((g, i) => g - dense.gradient[i]!))).toBeLessThanOrEqual(
        1e-6 * norm(dense.gradient),
      )
      const way = norm(dense.weights.map((w, i) => w - start[i]!))
      expect(way).toBeGreaterThan(0.1)
      expect(norm(sparse.weights.map((w, i) => w - dense.weights[i]!))).toBeLessThanOrEqual(1e-5 * way)
    })
  },
)
