/**
 * The scale of pixels: the number that white has in the files, by which every pixel is divided. It is decided once for all
 * sets of a task, since one network reads them all; it is stated, or found from types and ranges.
 *
 * | what the files hold                                             | scale          |
 * | --------------------------------------------------------------- | -------------- |
 * | stated in the configuration: `data.scale`                       | that           |
 * | no pixel above 1, in any set                                    | 1              |
 * | every set has a pixel above 1, none above 255                   | 255            |
 * | the same, but some sets of whole numbers have none above 1      | 255            |
 * | the same, but a set of fractions has none above 1               | refused        |
 * | fractions of which the largest is little above 1, or above 255  | refused        |
 *
 * A tolerance of 1/1000 allows for rounding (1.0000001 is 1): such pixels become 0 or 1.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { sharedFloats, type ImageSet } from './ImageSet.js'
import type { RawPixels, RawSet } from './RawSet.js'

/** A set with its name in messages. */
export interface NamedPixels {
  readonly name: string
  readonly pixels: Omit<RawPixels, 'values'>
}

/** How far beyond an end of the range a pixel may be, as a share of the scale. */
export const tolerance = 1e-3

/** Fractions up to here may be images of [0, 1] that some filter has made a little too bright. */
const almostUnit = 2

const within = (highest: number, scale: number): boolean => highest <= scale * (1 + tolerance)

const advice =
  'State what white is in the field `data.scale`, for example 1 for images in [0, 1] or 255 for images in 0…255'

const rangeText = ({ lowest, highest, typeName }: NamedPixels['pixels']): string =>
  `${lowest.value}…${highest.value} (${typeName})`

/** Checks that all pixels are in 0…scale. */
const fits =
  (scale: number, stated: boolean) =>
  (sets: ReadonlyArray<NamedPixels>): E.Either<string, number> => {
    for (const { name, pixels } of sets) {
      const { lowest, highest } = pixels
      if (lowest.value < -tolerance * scale)
        return E.left(
          `in the ${name} set ${lowest.place} is ${lowest.value}, but pixels must not be negative; give the images as they ` +
            'were before they were standardised',
        )
      if (!within(highest.value, scale))
        return E.left(
          `in the ${name} set ${highest.place} is ${highest.value}, ` +
            (stated ? `above \`data.scale\`, which is ${scale}` : `above 255. ${advice}`),
        )
    }
    return E.right(scale)
  }

const found = (sets: ReadonlyArray<NamedPixels>): E.Either<string, number> => {
  const unit = sets.filter(({ pixels }) => within(pixels.highest.value, 1))
  if (unit.length === sets.length) return fits(1, false)(sets)
  const above = sets.filter(({ pixels }) => !within(pixels.highest.value, 1))
  const odd = unit.find(({ pixels }) => pixels.type !== 'whole' && pixels.highest.value > 0)
  if (odd !== undefined)
    return E.left(
      `the pixels of the ${odd.name} set are in ${rangeText(odd.pixels)}, those of the ${above[0]!.name} set in ` +
        `${rangeText(above[0]!.pixels)}, so it is not clear that they have one scale. Save all sets alike. If they are ` +
        `alike: ${advice[0]!.toLowerCase()}${advice.slice(1)}`,
    )
  const highest = above.reduce((a, b) => (b.pixels.highest.value > a.pixels.highest.value ? b : a))
  return highest.pixels.type === 'float' && highest.pixels.highest.value <= almostUnit
    ? E.left(
        `the largest pixel is ${highest.pixels.highest.value}, ${highest.pixels.highest.place} of the ${highest.name} set, ` +
          `so the range is neither [0, 1] nor 0…255. ${advice}`,
      )
    : fits(255, false)(sets)
}

/**
 * Decides the scale of some sets. `stated`: the one of the configuration, if there is one. A `Left` is a clause about the sets.
 */
export const decide =
  (stated: number | undefined) =>
  (sets: ReadonlyArray<NamedPixels>): E.Either<string, number> =>
    pipe(sets, stated === undefined ? found : fits(stated, true))

/** The pixels of a set, divided by the scale. They are in shared memory, for worker threads. */
export const scaled =
  (scale: number) =>
  ({ pixels: { values }, labels, shape, classes }: RawSet): ImageSet => {
    const images = sharedFloats(values.length)
    for (let i = 0; i < values.length; i++) {
      const share = values[i]! / scale
      images[i] = share < 0 ? 0 : share > 1 ? 1 : share
    }
    return { images, labels, shape, classes }
  }
