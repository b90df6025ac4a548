/** Leaving dark pixels out of the first products changes no gradient. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ImageSet } from '../../../src/shell/data/ImageSet.js'
import { gradientOf } from '../../../src/shell/problem/Gradient.js'
import { addLitRows, litIn, litRows, litValues } from '../../../src/shell/problem/LitPixels.js'
import { descend } from '../../../src/shell/problem/LowerLevelSolver.js'
import * as Losses from '../../../src/shell/problem/Losses.js'
import { lossesAt } from '../../../src/shell/problem/Measurement.js'
import { initialWeights } from '../../../src/shell/problem/Network.js'
import { paceOf } from '../../../src/shell/problem/Pace.js'
import { norm } from '../../../src/shell/problem/Vector.js'
import { presentBackends, problem, right } from './fixtures.js'

/** The set with its pixels dark where `dark` says so, in every image. */
const darkened = (set: ImageSet, dark: ReadonlyArray<boolean>): ImageSet => ({
  ...set,
  images: set.images.map((value, i) => (dark[i % dark.length]! ? 0 : value)),
})

describe('lit pixels', () => {
  test('are those that some image lights, and their rows go out and come back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 20, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        (dark, count, columns) => {
          const pixels = dark.length
          const set = darkened(
            {
              images: Float32Array.from({ length: count * pixels }, (_, i) => i + 1),
              labels: new Uint8Array(count),
              shape: [1, pixels, 1],
              classes: 1,
            },
            dark,
          )
          const lit = litIn(set, 0, count)
          const bright = dark.filter(each => !each).length
          expect(lit === null).toBe(bright === 0 || bright > 0.9 * pixels)
          if (lit === null) return
          expect(lit.count).toBe(bright)
          expect(Array.from(litValues(set, 0, count, lit))).toEqual(
            Array.from(set.images).filter(value => value !== 0),
          )
          const matrix = Float32Array.from({ length: pixels * columns }, (_, i) => i + 1)
          const back = new Float32Array(matrix.length)
          addLitRows(back, columns, lit, litRows(matrix, columns, lit))
          expect(Array.from(back)).toEqual(
            Array.from(matrix, (value, i) => (dark[Math.floor(i / columns)]! ? 0 : value)),
          )
        },
      ),
    )
  })
})

const plain = problem({ network: { kind: 'mlp', hidden: [9] }, sizes: [30, 20, 3] })
const { train, validation } = plain.splits
// The sets differ in what is dark, and so do their shares of one step.
const instance = {
  ...plain,
  splits: {
    ...plain.splits,
    train: darkened(
      train,
      Array.from({ length: 36 }, (_, i) => i % 7 < 2),
    ),
    validation: darkened(
      validation,
      Array.from({ length: 36 }, (_, i) => i % 5 > 2),
    ),
  },
}
const onlyTrain = { ...instance, splits: { ...instance.splits, validation } }

describe.each((await presentBackends()).map(backend => [backend.name, backend] as const))(
  'on %s',
  (_, backend) => {
    const found = gradientOf(backend, instance.network)
    const machine = (onlyLit: boolean): Losses.Machine => ({
      gradient: { ...found, onlyLit },
      chunkSize: 13,
      pace: paceOf(null),
    })
    const start = initialWeights(instance.network)(3)

    test.each([
      ['both sets', instance],
      ['one of the sets', onlyTrain],
    ])('with dark pixels in %s, gradients and descents are the same', async (_, given) => {
      const { lower, upper } = lossesAt(given, [0, 1])
      const objective = [
        { coefficient: 1, loss: lower },
        { coefficient: 0.5, loss: upper },
      ]
      const gradients = await Promise.all(
        [true, false].map(async lit => {
          const gradient = new Float64Array(start.length)
          const value = right(await Losses.valueAndGradient(machine(lit))(objective)(start, gradient))
          return { value, gradient }
        }),
      )
      const [a, b] = [gradients[0]!, gradients[1]!]
      expect(Math.abs(a.value - b.value)).toBeLessThanOrEqual(1e-6 * Math.abs(b.value))
      expect(norm(a.gradient.map((g, i) => g - b.gradient[i]!))).toBeLessThanOrEqual(1e-6 * norm(b.gradient))
      const options = {
        batchSize: 8,
        steps: 20,
        seed: 1,
        stream: 0,
        stepScale: 1,
        onProgress: () => undefined,
      }
      const [lit, all] = [
        right(await descend(machine(true), given.solver)(objective, options)(start)),
        right(await descend(machine(false), given.solver)(objective, options)(start)),
      ]
      const way = norm(all.weights.map((w, i) => w - start[i]!))
      expect(way).toBeGreaterThan(0.1)
      expect(norm(lit.weights.map((w, i) => w - all.weights[i]!))).toBeLessThanOrEqual(1e-5 * way)
    })
  },
)
