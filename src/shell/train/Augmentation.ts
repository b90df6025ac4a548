/**
 * Random crops and flips of the images of a minibatch: each image is padded with `crop` zeros on every side, cut back to its size
 * at a random place, and mirrored left to right in half of the cases. On standardised pixels a zero is the mean.
 *
 * The random numbers are those of the minibatch's own stream, so that two descents of one stream see the same images.
 */
import * as t from 'io-ts'
import { Natural } from '../../core/codec/Codec.js'
import { make, uniforms } from '../../core/numeric/Rng.js'
import type { ImageSet } from '../data/set/ImageSet.js'

export const Augmentation = t.readonly(
  t.partial({
    /** The zeros on each side before an image is cut; 0 by default. */
    crop: Natural,
    /** Whether images are mirrored at random; `false` by default. */
    flip: t.boolean,
  }),
  'an object such as `{"crop": 4, "flip": true}`',
)
/**
 * The field `augment` of the section `solver`: what is done to the images of training minibatches.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { type Augmentation, SolverConfig } from 'bilevel-hpo/shell'
 *
 * const usual: Augmentation = { crop: 4, flip: true }
 * E.map(({ augment }: SolverConfig) => augment)(decode(SolverConfig)({ augment: usual })) // => E.right(usual)
 * E.isLeft(decode(SolverConfig)({ augment: { crop: -1 } })) // => true
 * ```
 */
export type Augmentation = t.TypeOf<typeof Augmentation>

/** Whether anything is done. */
export const changes = ({ crop = 0, flip = false }: Augmentation): boolean => crop > 0 || flip

/** Why images of a shape cannot be augmented so, with what to do; `null` if they can. */
export const unsuited = (
  augmentation: Augmentation | undefined,
  [height, width]: ImageSet['shape'],
): string | null => {
  if (augmentation === undefined || !changes(augmentation)) return null
  if (height === 1 || width === 1)
    return (
      `The examples are ${height}×${width} numbers, not images, so \`solver.augment\` has no meaning for them. Leave it out, or ` +
      'give the data as images.'
    )
  const { crop = 0 } = augmentation
  return crop < Math.min(height, width)
    ? null
    : `\`solver.augment.crop\` is ${crop}, but the images of the data are ${height}×${width} pixels. Give less than ` +
        `${Math.min(height, width)}, so that a part of every image is left.`
}

/** The random stream of this module, different from all others of the project: the bytes of "augm". */
const stream = 0x6175676d

/** The random numbers that one image takes: its row, its column, whether it is mirrored. All are drawn, needed or not. */
const perImage = 3

/**
 * A function from the examples of a minibatch to their images, B × pixels row-major. Every call draws anew, and overwrites what the
 * last one returned.
 *
 * - `of`: the random stream of the minibatches
 */
export const augmented = (
  { images, shape }: ImageSet,
  { crop = 0, flip = false }: Augmentation,
  of: ReadonlyArray<number>,
): ((examples: Int32Array) => Float32Array) => {
  const pixels = shape[0] * shape[1] * shape[2]
  const offset = (random: number): number => Math.floor(random * (2 * crop + 1)) - crop
  let rng = make(...of, stream)
  let into = new Float32Array(0)
  return examples => {
    if (into.length !== examples.length * pixels) into = new Float32Array(examples.length * pixels)
    const [random, after] = uniforms(perImage * examples.length)(rng)
    rng = after
    for (let i = 0; i < examples.length; i++) {
      const image = images.subarray(examples[i]! * pixels, (examples[i]! + 1) * pixels)
      cut(image, shape, offset(random[perImage * i]!), offset(random[perImage * i + 1]!), into, i * pixels)
      if (flip && random[perImage * i + 2]! < 0.5) mirror(into, i * pixels, shape)
    }
    return into
  }
}

/**
 * Writes an image, moved up by `top` rows and to the left by `left` columns, to `into` from `at` on. What comes in from outside is
 * zero. One copy of all rows is faster than a loop over them; the columns that it moves into another row are then cleared.
 */
const cut = (
  image: Float32Array,
  [height, width, channels]: ImageSet['shape'],
  top: number,
  left: number,
  into: Float32Array,
  at: number,
): void => {
  const line = width * channels
  const moved = top * line + left * channels
  const [firstRow, endRow] = [Math.max(0, -top), Math.min(height, height - top)]
  const [first, end] = [Math.max(0, -moved), Math.min(image.length, image.length - moved)]
  into.set(moved === 0 ? image : image.subarray(first + moved, end + moved), at + first)
  into.fill(0, at, at + firstRow * line)
  into.fill(0, at + endRow * line, at + height * line)
  if (left === 0) return
  const columns = Math.abs(left) * channels
  const begin = at + (left < 0 ? 0 : line - columns)
  for (let row = firstRow; row < endRow; row++)
    for (let i = begin + row * line; i < begin + row * line + columns; i++) into[i] = 0
}

/** Mirrors the image in `into` from `at` on: its columns in reverse, each with its channels in their order. */
const mirror = (into: Float32Array, at: number, [height, width, channels]: ImageSet['shape']): void => {
  const line = width * channels
  for (let row = at; row < at + height * line; row += line)
    for (let l = row, r = row + line - channels; l < r; l += channels, r -= channels)
      for (let c = 0; c < channels; c++) {
        const kept = into[l + c]!
        into[l + c] = into[r + c]!
        into[r + c] = kept
      }
}
