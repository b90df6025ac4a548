/**
 * Samples that stand so far above the others that they cannot be samples of the same smooth function.
 *
 * A training that diverges may still end with a finite loss. One such loss would set the scale of all others: a process
 * fitted to .3, .4 and 10,000 takes the difference of the first two for noise. A diverged loss is too large, never too
 * small, so only the upper side is looked at.
 *
 * | symbol | name    | meaning                                                                                |
 * | ------ | ------- | -------------------------------------------------------------------------------------- |
 * | q      |         | the rank below which three quarters of the samples are, ⌈¾n⌉                            |
 * | t_i    | `climb` | √(Σ_k (a_k g_ik)²/12): the deviation that the slope g_i alone makes over the cube       |
 * | s      |         | max(y_(q) − y_(1), t_(q)): what three quarters of the samples vary by                   |
 *
 *     y_i is an outlier where   y_i > y_(q) + 50·s,        g_i where   t_i > 50·s
 *
 * Up to a quarter of the samples may be outliers without an effect on q, y_(q) and s. The factor is that large since
 * functions of log-scaled hyperparameters grow by orders of magnitude over a box: on the recorded runs samples stand up
 * to 8 s above the others (docs/gp.md). Neither the units of f nor the units of λ matter.
 *
 * @module
 */
import * as t from 'io-ts'
import { Finite, Positive } from '../codec/Codec.js'
import { widths, type SearchSpace } from '../protocol/SearchSpace.js'
import type { Sample } from './Sample.js'

export const Limits = t.readonly(t.strict({ value: Finite, climb: Positive }), 'Limits')
/** The largest value and the largest climb that are believed. */
export type Limits = t.TypeOf<typeof Limits>

/** Samples are judged from so many on: of two, either could be the outlier. */
const least = 3

/** The share of samples that set the limits. */
const share = 0.75

/** How many spreads above the others an outlier is. */
const factor = 50

const ascending = (values: ReadonlyArray<number>): ReadonlyArray<number> =>
  [...values].sort((one, other) => one - other)

/** The value of rank ⌈¾n⌉; 0 where there is no value. */
const upper = (sorted: ReadonlyArray<number>): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0

/** t_i, in units of f. Measured in the largest component, lest squares leave the range of numbers. */
export const climb = (width: ReadonlyArray<number>, gradient: NonNullable<Sample['gradient']>): number => {
  const largest = gradient.reduce((max, g, k) => Math.max(max, Math.abs(g * width[k]!)), 0)
  if (!(largest > 0) || !Number.isFinite(largest)) return largest
  return largest * Math.sqrt(gradient.reduce((sum, g, k) => sum + ((g * width[k]!) / largest) ** 2 / 12, 0))
}

/** The limits that samples set; `null` where they are too few, all zero, or at the end of the range of numbers. */
export const limitsOf = (space: SearchSpace, samples: ReadonlyArray<Sample>): Limits | null => {
  if (samples.length < least) return null
  const width = widths(space)
  const values = ascending(samples.map(({ value }) => value))
  const climbs = ascending(
    samples.flatMap(({ gradient }) => (gradient === null ? [] : [climb(width, gradient)])),
  )
  const high = upper(values)
  const spread = Math.max(high - values[0]!, upper(climbs))
  // Values that are all alike have no scale but their own size.
  const scale = spread > 0 ? spread : Math.abs(high)
  const limits = { value: high + factor * scale, climb: factor * scale }
  return Limits.is(limits) ? limits : null
}

/** Whether the value of a sample is an outlier. */
export const isOutlier =
  (limits: Limits | null) =>
  ({ value }: Sample): boolean =>
    limits !== null && value > limits.value

/** The sample without its gradient where that is an outlier: its value may still be right. */
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

/** Whether both limits call the same of these samples, and of their gradients, outliers. */
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
