import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedFloats, type ImageSet, type Splits } from '../../../../src/shell/data/set/ImageSet.js'
import { withLabelNoise } from '../../../../src/shell/data/set/labelNoise.js'
import { suspicions } from '../../../../src/shell/data/set/suspicions.js'
import { cases } from '../../../support/cases.js'

/** Images of two pixels, the first of which is the given one. */
const set = (pixels: ReadonlyArray<number>, labels: ReadonlyArray<number>, classes = 3): ImageSet => {
  const images = sharedFloats(2 * pixels.length)
  pixels.forEach((pixel, i) => images.set([pixel, 1], 2 * i))
  return { images, labels: Uint8Array.from(labels), shape: [1, 2, 1], classes }
}

const train = set([0, 0.1, 0.2, 0.3], [0, 1, 2, 0])
const validation = set([0.5, 0.6, 0.7], [0, 1, 2])
const said = (splits: Partial<Splits>): ReadonlyArray<string> =>
  suspicions({ train, validation, test: null, reading: { scale: 1, notes: [] }, ...splits })

describe('suspicions', () => {
  it('are none where nothing is wrong, with label noise or without', () => {
    expect(said({})).toEqual([])
    expect(said({ test: set([0.8, 0.9], [1, 0]) })).toEqual([])
    expect(said({ train: withLabelNoise(1, 3)(train) })).toEqual([])
  })

  it('a class that validates and never trains', () => {
    expect(said({ train: set([0, 0.1], [0, 1]), validation: set([0.5, 0.6, 0.7], [0, 2, 2]) })).toEqual([
      'Class 2 of the validation set (2 images) is not in the training set, so no network can learn to tell them. Draw the ' +
        'sets anew, with every class in each.',
    ])
  })

  it('one file as training and validation set, and a single common image', () => {
    expect(said({ validation: train })).toEqual([
      'All 4 images of the validation set are also in the training set. On these the validation loss measures what was ' +
        'trained, and λ is chosen by it. Were both read from one file? Give sets without common images.',
    ])
    expect(said({ test: set([0.8, 0.6], [1, 0]) })).toEqual([
      '1 of 2 images of the test set is also in the validation set. On it the test losses do not measure new images. Give ' +
        'sets without common images.',
    ])
  })

  it('a set of one class, and classes without images', () => {
    expect(said({ validation: set([0.5, 0.6], [1, 1]) })).toEqual([
      'All images of the validation set are of class 1, so nothing can be told apart in it. Check the labels.',
    ])
    const [four, five] = [set([0, 0.1], [0, 1], 4), set([0.5, 0.6], [0, 1], 4)]
    expect(said({ train: four, validation: five })).toEqual([
      'Classes 2, 3 have no image in any set, but the network has an output for each of the classes. Check the labels and ' +
        'the number of classes in the section `data`.',
    ])
  })

  it('blank images, and dark ones', () => {
    expect(said({ train: set([0, 1, 1, 0.3], [0, 1, 2, 0]) })).toEqual([
      '2 of 4 images of the training set are blank: all pixels of such an image are equal. Check how the file was written.',
    ])
    const dark = (of: ImageSet): ImageSet => ({ ...of, images: of.images.map(pixel => (pixel * 16) / 255) })
    expect(
      said({ train: dark(train), validation: dark(validation), reading: { scale: 255, notes: [] } }),
    ).toEqual([
      'The largest pixel is 16 in the files, where 255 counts as white. If white is less than that in them, state it in the ' +
        'field `data.scale`.',
    ])
  })

  it('are about the classes alone where the images are those of a stored set', () => {
    expect(suspicions({ train, validation: train, test: null })).toEqual([])
    expect(suspicions({ train: set([0, 1], [1, 1]), validation, test: null })).toHaveLength(2)
  })

  it('count exactly the common images', () => {
    const pixel = fc.integer({ min: 0, max: 12 }).map(n => n / 16)
    const some = fc.array(pixel, { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(some, some, (a, b) => {
        const common = b.filter(value => a.includes(value)).length
        const labels = (of: ReadonlyArray<number>): ReadonlyArray<number> => of.map((_, i) => i % 2)
        const found = said({ train: set(a, labels(a), 2), validation: set(b, labels(b), 2) }).find(text =>
          text.includes('also in'),
        )
        const stated =
          found === undefined ? 0 : /^The only/.test(found) ? 1 : Number(/(\d+)/.exec(found)?.[1])
        expect(stated).toBe(common)
      }),
      cases(5000),
    )
  })
})
