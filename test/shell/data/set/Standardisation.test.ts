import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sharedFloats, type ImageSet, type Splits } from '../../../../src/shell/data/set/ImageSet.js'
import * as Standardisation from '../../../../src/shell/data/set/Standardisation.js'
import { suspicions } from '../../../../src/shell/data/set/suspicions.js'
import { cases } from '../../../support/cases.js'

/** Images of 1×2 pixels with three channels, or of another shape. */
const set = (pixels: ReadonlyArray<number>, shape: ImageSet['shape'] = [1, 2, 3]): ImageSet => {
  const images = sharedFloats(pixels.length)
  images.set(pixels)
  const count = pixels.length / (shape[0] * shape[1] * shape[2])
  return { images, labels: Uint8Array.from({ length: count }, (_, i) => i % 2), shape, classes: 2 }
}

const mean = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const deviation = (values: ReadonlyArray<number>): number =>
  Math.sqrt(mean(values.map(value => (value - mean(values)) ** 2)))

const pixel = fc.oneof(
  fc.integer({ min: 0, max: 255 }).map(byte => Math.fround(byte / 255)),
  fc.float({ min: 0, max: 1, noNaN: true }).map(Math.fround),
)
const images = (shape: ImageSet['shape'], most = 6): fc.Arbitrary<ImageSet> =>
  fc
    .integer({ min: 1, max: most })
    .chain(count =>
      fc.array(pixel, {
        minLength: count * shape[0] * shape[1] * shape[2],
        maxLength: count * shape[0] * shape[1] * shape[2],
      }),
    )
    .map(pixels => set(pixels, shape))
const per = fc.constantFrom('channel' as const, 'feature' as const)

/** The numbers of each group of a set. */
const groupsOf = ({ images: all, shape: [height, width, channels] }: ImageSet, by: 'channel' | 'feature') => {
  const count = by === 'channel' ? channels : height * width * channels
  return Array.from({ length: count }, (_, k) => [...all].filter((_, i) => i % count === k))
}

describe('the standardisation of a training set', () => {
  it('has the mean and the deviation of each channel, or of each feature', () => {
    const train = set([0, 0.5, 1, 0.5, 0.5, 1, 0.25, 0.5, 0.5, 0.25, 0.5, 0.5])
    const channel = Standardisation.of('channel')(train)
    expect([...channel.means]).toEqual([0.25, 0.5, 0.75])
    expect([...channel.deviations]).toEqual([Math.sqrt(0.03125), 1, 0.25])
    const feature = Standardisation.of('feature')(train)
    expect([...feature.means]).toEqual([0.125, 0.5, 0.75, 0.375, 0.5, 0.75])
    expect([...feature.deviations]).toEqual([0.125, 1, 0.25, 0.125, 1, 0.25])
    expect([...Standardisation.applied(feature)(train).images]).toEqual([
      -1, 0, 1, 1, 0, 1, 1, 0, -1, -1, 0, -1,
    ])
  })

  it('gives the training set the mean 0 and the deviation 1, and a constant group zeros', () => {
    fc.assert(
      fc.property(per, images([2, 2, 3]), (by, train) => {
        const standardisation = Standardisation.of(by)(train)
        const before = groupsOf(train, by)
        for (const [k, values] of groupsOf(Standardisation.applied(standardisation)(train), by).entries()) {
          if (new Set(before[k]).size === 1) {
            expect(standardisation.deviations[k]).toBe(1)
            expect(values.every(value => value === 0)).toBe(true)
          } else if (standardisation.deviations[k] !== 1) {
            // Float32 rounds each to within 2⁻²⁴ of itself; none is above √6.
            expect(Math.abs(mean(values))).toBeLessThan(1e-6)
            expect(deviation(values)).toBeCloseTo(1, 6)
          } else expect(deviation(before[k]!)).toBeLessThan(1e-7)
        }
      }),
      cases(20_000, 'quick'),
    )
  })

  it('does not depend on the other sets, and treats them alike', () => {
    const train = set([0, 0, 0, 1, 1, 1])
    const { means, deviations } = Standardisation.of('channel')(train)
    const validation = set([0.5, 0.25, 1, 0, 0, 0])
    const done = Standardisation.applied({ per: 'channel', means, deviations })(validation)
    expect([...done.images]).toEqual([0, -0.5, 1, -1, -1, -1])
    expect(done.images.buffer).toBeInstanceOf(SharedArrayBuffer)
    expect([...validation.images]).toEqual([0.5, 0.25, 1, 0, 0, 0])
  })

  it('is undone to within its grid; exactly at black and white', () => {
    fc.assert(
      fc.property(per, images([2, 2, 2]), images([2, 2, 2]), (by, train, other) => {
        const standardisation = Standardisation.of(by)(train)
        // With a tiny deviation, another set has pixels that are large multiples of it, and as exact.
        const back = Standardisation.original(standardisation)(
          Standardisation.applied(standardisation)(other),
        )
        for (const [i, found] of back.images.entries()) {
          const was = other.images[i]!
          expect(Math.abs(found - was)).toBeLessThanOrEqual(Standardisation.grid)
          if (was === 0 || was === 1) expect(found).toBe(was)
        }
      }),
      cases(20_000, 'quick'),
    )
    const plain = set([0, 0, 0, 1, 1, 1])
    expect(Standardisation.original(undefined)(plain)).toBe(plain)
  })

  it('is recorded with its numbers if they are few, and with a hash of their bits', () => {
    const train = set([0, 0.5, 1, 0.5, 0.5, 1])
    const channel = Standardisation.recorded(Standardisation.of('channel')(train))
    expect(channel).toEqual({
      per: 'channel',
      digest: channel.digest,
      means: [0.25, 0.5, 1],
      deviations: [0.25, 1, 1],
    })
    expect(channel.digest).toMatch(/^[0-9a-f]{16}$/)
    const many = set(
      Array.from({ length: 72 }, (_, i) => i / 72),
      [3, 4, 3],
    )
    expect(Object.keys(Standardisation.recorded(Standardisation.of('feature')(many)))).toEqual([
      'per',
      'digest',
    ])
    const changed = { ...many, images: many.images.map((x, i) => (i === 5 ? 0 : x)) }
    expect(Standardisation.recorded(Standardisation.of('feature')(changed)).digest).not.toBe(
      Standardisation.recorded(Standardisation.of('feature')(many)).digest,
    )
  })

  it('is said in a clause', () => {
    expect(Standardisation.text(Standardisation.of('channel')(set([0, 0.5, 1, 0.5, 0.5, 1])))).toBe(
      'standardised per channel by the training set: minus 0.25, 0.5, 1, divided by 0.25, 1, 1 (2 of 3 constant there, ' +
        'divided by 1)',
    )
    const many = set(
      Array.from({ length: 72 }, (_, i) => (i % 36 === 3 ? 0.5 : i / 72)),
      [3, 4, 3],
    )
    expect(Standardisation.text(Standardisation.of('feature')(many))).toBe(
      'standardised per feature by the training set: minus 0.25…0.7361, divided by 0.25…0.25 (1 of 36 constant there, ' +
        'divided by 1)',
    )
  })
})

describe('what looks wrong in standardised sets', () => {
  const splits = (train: ImageSet, validation: ImageSet, by: 'channel' | 'feature'): Splits => {
    const standardisation = Standardisation.of(by)(train)
    const done = Standardisation.applied(standardisation)
    const reading = { scale: 255, notes: [] }
    return { train: done(train), validation: done(validation), test: null, reading, standardisation }
  }
  const bright = set([0, 0.5, 1, 0.5, 0.25, 1, 0, 1, 0, 1, 0.125, 0.5])
  const other = set([0, 0.5, 0.75, 0.5, 0.25, 0.75, 0, 0.875, 0, 1, 0.125, 0.5])

  it('is judged by the pixels before: bright images are not dark, blank ones are blank', () => {
    for (const by of ['channel', 'feature'] as const) {
      expect(suspicions(splits(bright, other, by))).toEqual([])
      const blank = set([0.3, 0.3, 0.3, 0.3, 0.3, 0.3, 0, 0.875, 0, 1, 0.125, 0.5])
      expect(suspicions(splits(bright, blank, by))).toEqual([
        '1 of 2 images of the validation set is blank: all pixels of such an image are equal. Check how the file was written.',
      ])
      const dim = (of: ImageSet): ImageSet => ({ ...of, images: of.images.map(x => x / 8) })
      expect(suspicions(splits(dim(bright), dim(other), by))).toEqual([
        'The largest pixel is 31.875 in the files, where 255 counts as white. If white is less than that in them, state it in ' +
          'the field `data.scale`.',
      ])
    }
  })

  it('a feature that hardly varies in the training set, and does in another', () => {
    const train = { ...bright, images: bright.images.map((x, i) => (i === 6 ? 1 / 255 : x)) }
    const far = { ...other, images: other.images.map((x, i) => (i === 0 ? 1 : x)) }
    expect(suspicions(splits(train, far, 'feature'))).toEqual([
      'A standardised pixel of the validation set is 509 deviations from its mean, since it hardly varies in the training ' +
        'set. Use `"standardise": "channel"`, or more training images.',
    ])
    expect(suspicions(splits(train, far, 'channel'))).toEqual([])
  })
})
