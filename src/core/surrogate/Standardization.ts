/**
 * From samples of φ over λ to observations over the unit cube with mean 0 and unit scale, and back.
 *
 * Notation: u_k = (λ_k − lower_k)/a_k with a_k the width of the k-th bound; ỹ = (y − c)/s with c `center`, s `scale`.
 *
 *     s² = var(y) + mean_i Σ_k (a_k g_ik)²/12
 *
 * The second term is the variance that a slope g alone makes over the cube: it gives a scale where there is one
 * sample only, or where all values agree and the slopes do not vanish.
 *
 * Outliers count neither for c nor for s, and the process does not see them: see Outliers.ts. Where there is none, all is
 * as it would be without that rule, bit for bit.
 */
import * as t from 'io-ts'
import { Finite, nullable, Positive } from '../codec/Codec.js'
import { toUnit, widths, type SearchSpace } from '../protocol/SearchSpace.js'
import type { Posterior } from './gp/GaussianProcess.js'
import type { GpObservation } from './gp/Gp.js'
import * as Outliers from './Outliers.js'
import type { Sample } from './Sample.js'

export const Standardization = t.readonly(
  t.strict({
    center: Finite,
    scale: Positive,
    /** Samples beyond are outliers; `null` where all are believed. */
    limits: nullable(Outliers.Limits),
  }),
  'Standardization',
)
export type Standardization = t.TypeOf<typeof Standardization>

/** Before the first sample. */
export const none: Standardization = { center: 0, scale: 1, limits: null }

/** Deviations below this share of the values' own size are rounding. */
const rounding = 1e-13

const average = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value / values.length, 0)

/** Center and scale of samples none of which is an outlier. */
const centerAndScale = (
  space: SearchSpace,
  samples: ReadonlyArray<Sample>,
): Pick<Standardization, 'center' | 'scale'> => {
  const width = widths(space)
  const values = samples.map(({ value }) => value)
  const size = values.reduce((max, value) => Math.max(max, Math.abs(value)), 0)
  const steepest = samples.reduce(
    (max, { gradient }) =>
      (gradient ?? []).reduce((most, g, k) => Math.max(most, Math.abs(g * width[k]!)), max),
    0,
  )
  const unit = Math.max(size, steepest)
  if (!(unit > 0) || !Number.isFinite(unit)) return { center: 0, scale: 1 }
  // Everything is measured in `unit`, lest squares of very small or large values leave the range of numbers.
  const center = average(values.map(value => value / unit))
  const variance = average(values.map(value => (value / unit - center) ** 2))
  const sloped = samples.flatMap(({ gradient }) => (gradient === null ? [] : [gradient]))
  const slopes = average(
    sloped.map(gradient => gradient.reduce((sum, g, k) => sum + ((g / unit) * width[k]!) ** 2 / 12, 0)),
  )
  const scale = Math.sqrt(variance + slopes)
  return { center: center * unit + 0, scale: (scale > rounding ? scale : 1) * unit }
}

/**
 * Center and scale of some samples. Values that are all alike, without slopes, are given their own size as scale,
 * and zeros the scale 1.
 */
export const of = (space: SearchSpace, samples: ReadonlyArray<Sample>): Standardization => {
  const limits = Outliers.limitsOf(space, samples)
  const believed = samples
    .filter(sample => !Outliers.isOutlier(limits)(sample))
    .map(Outliers.withoutSteepGradient(space, limits))
  return { ...centerAndScale(space, believed), limits }
}

/**
 * Whether a standardization made for fewer samples no longer suits these: off by a factor 2, or by its own scale, or
 * wrong about which of them are outliers.
 */
export const outgrown = (
  space: SearchSpace,
  samples: ReadonlyArray<Sample>,
  held: Standardization,
  now: Standardization,
): boolean =>
  now.scale > 2 * held.scale ||
  now.scale < held.scale / 2 ||
  Math.abs(now.center - held.center) > Math.min(now.scale, held.scale) ||
  !Outliers.agree(space, held.limits, now.limits, samples)

/**
 * Noise variances of a standardized value and slope whose noise is not known: a thousandth and a hundredth of the
 * scale, which the fit then multiplies. A solve's error is of second order in the value, of first in the gradient.
 */
const unknownNoise = { value: 1e-6, gradient: 1e-4 } as const

/** The sample as the Gaussian process sees it; no noise is below `noiseFloor`, in standardized units. */
export const toObservation = (
  space: SearchSpace,
  { center, scale, limits }: Standardization,
  noiseFloor: number,
): ((sample: Sample) => GpObservation) => {
  const isOutlier = Outliers.isOutlier(limits)
  const believable = Outliers.withoutSteepGradient(space, limits)
  const factors = widths(space).map(width => width / scale)
  return sample => {
    const x = toUnit(space)(sample.lambda)
    // Neither a value nor a gradient: no row of the process.
    if (isOutlier(sample)) return { x, value: null, gradient: null, valueNoise: 0, gradientNoise: [] }
    const { value, gradient, valueNoise, gradientNoise } = believable(sample)
    return {
      x,
      value: (value - center) / scale,
      gradient: gradient === null ? null : gradient.map((g, k) => g * factors[k]!),
      valueNoise: valueNoise === null ? unknownNoise.value : Math.max(noiseFloor, valueNoise / scale / scale),
      gradientNoise:
        gradient === null
          ? []
          : factors.map(factor =>
              gradientNoise === null
                ? unknownNoise.gradient
                : Math.max(noiseFloor, gradientNoise * factor * factor),
            ),
    }
  }
}

/** A posterior over the unit cube as one over λ. */
export const undo =
  (space: SearchSpace, { center, scale }: Standardization) =>
  (posterior: Posterior): Posterior => {
    const width = widths(space)
    return {
      mean: center + scale * posterior.mean,
      variance: scale * scale * posterior.variance,
      meanGradient: posterior.meanGradient.map((g, k) => (scale * g) / width[k]!),
      varianceGradient: posterior.varianceGradient.map((g, k) => (scale * (scale * g)) / width[k]!),
    }
  }
