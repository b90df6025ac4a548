/** Reads back sparse rows of images from the WebAssembly memory, for any width and any numbers. */
import fc from 'fast-check'
import { cases } from '../../../support/cases.js'
import { describe, expect, it } from 'vitest'
import { instancesOf } from '../../../../src/shell/backend/kernels/assemblyMemory.js'
import { denseModule } from '../../../../src/shell/backend/kernels/denseModule.js'
import type { ImageSet } from '../../../../src/shell/data/set/ImageSet.js'
import { piece } from '../../../../src/shell/model/ExampleBatch.js'
import { placedImages } from '../../../../src/shell/train/gradient/PlacedImages.js'

const instance = instancesOf(denseModule)

/** Mostly dark images, like digits, with every kind of float32 value. */
const pixel = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, -0) }, { weight: 2, arbitrary: fc.float() })
const rowsOf = fc
  .integer({ min: 1, max: 19 })
  .chain(pixels =>
    fc.array(fc.array(pixel, { minLength: pixels, maxLength: pixels }), { minLength: 1, maxLength: 6 }),
  )

const setOf = (rows: ReadonlyArray<ReadonlyArray<number>>): ImageSet => ({
  images: Float32Array.from(rows.flat()),
  labels: new Uint8Array(rows.length),
  shape: [1, rows[0]!.length, 1],
  classes: 1,
})

describe('rows in the memory', () => {
  it.each([
    { sets: 'kept', most: 2 ** 20 },
    { sets: 'copied with each batch', most: 0 },
  ])('hold the pixels that are not zero and where they are, of sets that are $sets', ({ most }) => {
    fc.assert(
      fc.property(rowsOf, rows => {
        const set = setOf(rows)
        const memory = instance()
        const list = placedImages(memory, rows[0]!.length, { most, sparse: () => true }).rows([
          piece(set, 0, rows.length),
        ])
        const [words, floats] = [memory.words(), memory.floats()]
        const read = rows.map((_, i) => {
          const [from, to] = [words[list.address / 4 + 2 * i]! / 4, words[list.address / 4 + 2 * i + 1]! / 4]
          return Array.from({ length: (to - from) / 2 }, (_, k) => [
            words[from + 2 * k]!,
            floats[from + 2 * k + 1]!,
          ])
        })
        const lit = rows.map(row => row.flatMap((value, column) => (value === 0 ? [] : [[column, value]])))
        expect(read).toEqual(lit)
        expect(list.entries).toBe(lit.flat().length)
      }),
      cases(200),
    )
  })
})
