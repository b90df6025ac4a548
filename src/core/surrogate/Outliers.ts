/**
 * Finds samples that lie so far above the others that they cannot belong to the same smooth function.
 *
 * A training that diverges may still end with a finite loss. One such loss would set the scale of all others: a process
 * fitted to .3, .4 and 10,000 treats the difference of the first two as noise. A diverged loss is too large, never too
 * small, so only the upper side is checked.
 *
 * | symbol | name     | meaning                                                                                      |
 * | ------ | -------- | -------------------------------------------------------------------------------------------- |
 * | q      |          | the rank below which three quarters of the places are, ⌈¾n⌉                                  |
 * | r_ij   |          | root mean square of u_i − u_j over the dimensions of the unit cube, .001 at least             |
 * | t_i    | `climb`  | √(Σ_k (a_k g_ik)²/12): the deviation that the slope g_i makes over the cube; 0 without a slope |
 * | s      |          | the greater of t_(q) and the largest (y_j − y_i)/r_ij over the samples up to rank q            |
 *
 *     y_i is an outlier if   y_i > y_(q) + 25·s,        g_i if   t_i > 25·s
 *
 * So s is the change of f across the cube at the steepest slope of three quarters of the samples. Distances matter
 * because samples crowd: where a search has settled, values agree because their places do. For the same reason, of
 * samples within .001 of each other only the lowest counts in q and t_(q). Up to a quarter of the places may have
 * outliers without an effect on s. The factor is so large because functions of log-scaled
 * hyperparameters grow by orders of magnitude over a box. The units of f and of λ do not matter.
 *
 * @module
 */
import * as t from 'io-ts'
import { Finite, Positive } from '../codec/Codec.js'
import { toUnit, widths, type SearchSpace } from '../protocol/SearchSpace.js'
import type { Sample } from './Sample.js'

export const Limits = t.readonly(t.strict({ value: Finite, climb: Positive }), 'Limits')
/** The largest value and the largest climb that are not outliers. */
export type Limits = t.TypeOf<typeof Limits>

/** The least number of places for a check: of two, either could have the outlier. */
const least = 3

/** The share of samples that set the limits. */
const share = 0.75

/** Distance of an outlier above the others, in units of s. */
const factor = 25

/** Samples no farther apart than this are at one place. */
const closest = 1e-3

const ascending = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  [...values].sort((one, other) => one - other)

/** The value of rank ⌈¾n⌉; 0 for an empty list. */
const upper = (sorted: ReadonlyArray<number>): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0

/** t_i, in units of f. Computed relative to the largest component, so that squares do not overflow or underflow. */
export const climb = (width: ReadonlyArray<number>, gradient: NonNullable<Sample['gradient']>): number => {
  const largest = gradient.reduce((max, g, k) => Math.max(max, Math.abs(g * width[k]!)), 0)
  if (!(largest > 0) || !Number.isFinite(largest)) return largest
  return largest * Math.sqrt(gradient.reduce((sum, g, k) => sum + ((g * width[k]!) / largest) ** 2 / 12, 0))
}

/** A sample with its place in the unit cube. */
interface Placed {
  readonly sample: Sample
  readonly unit: ReadonlyArray<number>
}

/** Root mean square of the difference over the dimensions. */
const distance = (one: Placed, other: Placed): number => {
  let square = 0
  for (let k = 0; k < one.unit.length; k++) square += (one.unit[k]! - other.unit[k]!) ** 2
  return Math.sqrt(square / Math.max(1, one.unit.length))
}

/** The samples without those that have a lower one at their place; given and returned in the order of their values. */
const lowestAtPlaces = (placed: ReadonlyArray<Placed>): ReadonlyArray<Placed> => {
  const found: Array<Placed> = []
  for (const one of placed) if (found.every(other => distance(one, other) > closest)) found.push(one)
  return found
}

/** The largest difference of two values divided by the distance of their places. */
const steepest = (placed: ReadonlyArray<Placed>): number => {
  let most = 0
  for (let i = 0; i < placed.length; i++)
    for (let j = 0; j < i; j++) {
      const difference = Math.abs(placed[i]!.sample.value - placed[j]!.sample.value)
      most = Math.max(most, difference / Math.max(closest, distance(placed[i]!, placed[j]!)))
    }
  return most
}

/**
 * The limits from samples; `null` if there are too few, or if all are zero or near the end of the floating-point range.
 */
export const limitsOf = (space: SearchSpace, samples: ReadonlyArray<Sample>): Limits | null => {
  const placed = [...samples]
    .sort((one, other) => one.value - other.value)
    .map(sample => ({ sample, unit: toUnit(space)(sample.lambda) }))
  const places = lowestAtPlaces(placed)
  if (places.length < least) return null
  const width = widths(space)
  const climbs = ascending(
    places.map(({ sample: { gradient } }) => (gradient === null ? 0 : climb(width, gradient))),
  )
  const high = upper(places.map(({ sample }) => sample.value))
  const usual = placed.filter(({ sample }) => sample.value <= high)
  const change = Math.max(steepest(usual), upper(climbs))
  // The only scale of equal values is their own size.
  const scale = change > 0 ? change : Math.abs(high)
  const limits = { value: high + factor * scale, climb: factor * scale }
  return Limits.is(limits) ? limits : null
}

/** Whether the value of a sample is an outlier. */
export const isOutlier =
  (limits: Limits | null) =>
  ({ value }: Pick<Sample, 'value'>): boolean =>
    limits !== null && value > limits.value

/** The sample, without its gradient if that is an outlier: its value may still be right. */
export const withoutSteepGradient = (
  space: SearchSpace,
  limits: Limits | null,
): ((sample: Sample) => Sample) => {
  if (limits === null) return sample => sample
  const width = widths(space)
  return sample =>
    sample.gradient === null || climb(width, sample.gradient) <= limits.climb
      ? sample
      : { ...sample, gradient: null, gradientNoise: null }
}

/** Whether both limits find the same outliers among these samples and their gradients. */
export const agree = (
  space: SearchSpace,
  one: Limits | null,
  other: Limits | null,
  samples: ReadonlyArray<Sample>,
): boolean => {
  if (one === other) return true
  const [believedByOne, believedByOther] = [one, other].map(limits => withoutSteepGradient(space, limits))
  return samples.every(
    sample =>
      isOutlier(one)(sample) === isOutlier(other)(sample) &&
      (believedByOne!(sample) === sample) === (believedByOther!(sample) === sample),
  )
}
