/**
 * Maps samples of φ over λ to observations over the unit cube with mean 0 and unit scale, and maps posteriors back.
 *
 * Notation: u_k = (λ_k − lower_k)/a_k with a_k the width of the k-th bound; ỹ = (y − c)/s with c `center`, s `scale`.
 *
 *     s² = var(y) + mean_i Σ_k (a_k g_ik)²/12
 *
 * The second term is the variance that a slope g alone produces over the cube. It gives a scale to a single sample, and
 * to samples with equal values but non-zero slopes.
 *
 * Outliers affect neither c nor s, and the process does not get them: see Outliers.ts. Without outliers the result is
 * the same, bit for bit, as without that rule.
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
    /** Samples beyond these limits are outliers; `null`: there are none. */
    limits: nullable(Outliers.Limits),
  }),
  'Standardization',
)
export type Standardization = t.TypeOf<typeof Standardization>

/** The standardization before the first sample. */
export const none: Standardization = { center: 0, scale: 1, limits: null }

/** A deviation below this share of the values' own size is rounding. */
const rounding = 1e-13

const average = (values: ReadonlyArray<number>): number =>
  values.reduce((sum, value) => sum + value / values.length, 0)

/** Center and scale of samples without outliers. */
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
  // Measure in `unit`, so that squares of very small or large values do not underflow or overflow.
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
 * Center and scale of some samples. If all values are equal and there are no slopes, the scale is their size; if they
 * are zero, it is 1.
 */
export const of = (space: SearchSpace, samples: ReadonlyArray<Sample>): Standardization => {
  const limits = Outliers.limitsOf(space, samples)
  const believed = samples
    .filter(sample => !Outliers.isOutlier(limits)(sample))
    .map(Outliers.withoutSteepGradient(space, limits))
  return { ...centerAndScale(space, believed), limits }
}

/**
 * Whether a standardization from fewer samples no longer suits these: its scale is off by a factor of 2, its center by
 * its own scale, or it is wrong about the outliers.
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
 * Noise variances of a standardized value and slope whose noise is unknown: a thousandth and a hundredth of the scale,
 * squared; the fit multiplies them. A solve's error is of second order in the value and of first order in the gradient.
 */
const unknownNoise = { value: 1e-6, gradient: 1e-4 } as const

/** The sample as an observation of the Gaussian process; no noise is below `noiseFloor`, in standardized units. */
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
    // Without value and gradient it has no row in the process.
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

/** Turns a posterior over the unit cube into one over λ. */
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
