/**
 * Standardised pixels: minus a mean, divided by a standard deviation. Both are those of the training set alone, in float64, for
 * each channel or for each feature (one channel of one pixel). The same numbers are applied to every set of a task.
 *
 * A channel or feature that is constant in the training set is centred and divided by 1.
 */
import { createHash } from 'node:crypto'
import type { Header } from '../../../core/log/RunLog.js'
import { sharedFloats, type ImageSet } from './ImageSet.js'

/**
 * Means and standard deviations of the training pixels, before they were standardised.
 *
 * @example
 * ```ts
 * import { type Standardisation } from 'bilevel-hpo/shell'
 *
 * // Of grey images: z = (x − 0.13) / 0.31 for every pixel x in [0, 1].
 * const grey: Standardisation = { per: 'channel', means: Float64Array.of(0.13), deviations: Float64Array.of(0.31) }
 * const z = (1 - grey.means[0]!) / grey.deviations[0]! // ≈ 2.806
 * ```
 */
export interface Standardisation {
  /** Whether each channel or each feature has its own mean and deviation. */
  readonly per: 'channel' | 'feature'
  /** One for each channel, or for each of height × width × channels features. */
  readonly means: Float64Array
  /** Of the same length; 1 where the training pixels are constant. Pixels in [0, 1] have none above 1/2 otherwise. */
  readonly deviations: Float64Array
}

/** A smaller deviation of pixels in [0, 1] is only the rounding of float32, so they count as constant. */
const leastDeviation = 1e-7

/** The means and deviations of a set. */
export const of =
  (per: Standardisation['per']) =>
  ({ images, shape: [height, width, channels] }: ImageSet): Standardisation => {
    // Channels come last, so in both cases the number at index i belongs to the group i modulo their number.
    const groups = per === 'channel' ? channels : height * width * channels
    const count = images.length / groups
    const means = new Float64Array(groups)
    const deviations = new Float64Array(groups)
    // Sums of differences from the first number, so that the mean of a constant is that constant, without rounding.
    for (let start = 0; start < images.length; start += groups)
      for (let k = 0; k < groups; k++) means[k]! += images[start + k]! - images[k]!
    for (let k = 0; k < groups; k++) means[k] = images[k]! + means[k]! / count
    for (let start = 0; start < images.length; start += groups)
      for (let k = 0; k < groups; k++) deviations[k]! += (images[start + k]! - means[k]!) ** 2
    for (let k = 0; k < groups; k++) {
      const deviation = Math.sqrt(deviations[k]! / count)
      deviations[k] = deviation < leastDeviation ? 1 : deviation
    }
    return { per, means, deviations }
  }

/** A set with standardised pixels, which are in shared memory. */
export const applied =
  ({ means, deviations }: Standardisation) =>
  (set: ImageSet): ImageSet => {
    const images = sharedFloats(set.images.length)
    const groups = means.length
    for (let start = 0; start < images.length; start += groups)
      for (let k = 0; k < groups; k++)
        images[start + k] = (set.images[start + k]! - means[k]!) / deviations[k]!
    return { ...set, images }
  }

/** {@link original} rounds pixels to this grid. It is wider than the rounding of float32, so 0 is 0 again and 1 is 1. */
export const grid = 2 ** -22

/** The set before it was standardised, to within {@link grid}; the set itself if it was not. */
export const original =
  (standardisation: Standardisation | undefined) =>
  (set: ImageSet): ImageSet => {
    if (standardisation === undefined) return set
    const { means, deviations } = standardisation
    const groups = means.length
    const images = new Float32Array(set.images.length)
    for (let start = 0; start < images.length; start += groups)
      for (let k = 0; k < groups; k++) {
        const pixel = set.images[start + k]! * deviations[k]! + means[k]!
        images[start + k] = Math.min(1, Math.max(0, Math.round(pixel / grid) * grid))
      }
    return { ...set, images }
  }

/** With more groups, a log and a message have not all of their numbers. */
const mostListed = 16

/** Its form in a log's header: a hash of all bits, and the numbers themselves if they are few. */
export const recorded = ({
  per,
  means,
  deviations,
}: Standardisation): NonNullable<Header['data']['standardised']> => {
  const hash = createHash('sha256')
  for (const { buffer, byteOffset, byteLength } of [means, deviations])
    hash.update(new Uint8Array(buffer, byteOffset, byteLength))
  return {
    per,
    digest: hash.digest('hex').slice(0, 16),
    ...(means.length > mostListed ? {} : { means: [...means], deviations: [...deviations] }),
  }
}

const figure = (value: number): string => String(Number(value.toPrecision(4)))

const range = (values: Float64Array): string =>
  `${figure(values.reduce((a, b) => Math.min(a, b), Infinity))}…${figure(values.reduce((a, b) => Math.max(a, b), -Infinity))}`

/** Describes the standardisation as a clause. */
export const text = ({ per, means, deviations }: Standardisation): string => {
  const varying = deviations.filter(deviation => deviation !== 1)
  const constant = deviations.length - varying.length
  const [ofMeans, ofDeviations] =
    means.length <= mostListed
      ? [[...means].map(figure).join(', '), [...deviations].map(figure).join(', ')]
      : [range(means), varying.length === 0 ? '1' : range(varying)]
  return (
    `standardised per ${per} by the training set: minus ${ofMeans}, divided by ${ofDeviations}` +
    (constant === 0
      ? ''
      : ` (${constant === means.length && constant > 1 ? 'all' : constant} of ${means.length} constant there, divided by 1)`)
  )
}
