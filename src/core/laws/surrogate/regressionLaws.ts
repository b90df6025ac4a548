/** The laws of Gaussian-process regression at fixed hyperparameters. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type { GpObservation } from '../../surrogate/gp/Gp.js'
import type { Posterior } from '../../surrogate/gp/Posterior.js'
import { Matrix, solve } from 'ml-matrix'
import type { MethodError } from '../../protocol/MethodError.js'
import { each, every, type Law, type Tested, unless } from '../Law.js'
import { isGradient, near, nearAll } from '../numbers.js'

type Vec = ReadonlyArray<number>

export interface RegressionCase {
  readonly kernel: 'rbf' | 'matern52'
  readonly signalVariance: number
  readonly lengthScale: number
  readonly points: ReadonlyArray<{ readonly x: Vec; readonly y: number; readonly slope: number | null }>
  readonly query: Vec
  readonly noise: number
}

export interface RegressionEvidence {
  readonly one: RegressionCase
  readonly observations: ReadonlyArray<GpObservation>
  /** The posterior at x, conditioned on these observations. */
  readonly after: (observations: ReadonlyArray<GpObservation>, x: Vec) => E.Either<MethodError, Posterior>
  /** The posterior at the query, conditioned on the first observation, with the others appended one by one. */
  readonly appended: () => E.Either<MethodError, Posterior>
}

type RegressionLaw = Law<RegressionEvidence>
const rasmussen = 'Rasmussen & Williams 2006'

const given = (
  posterior: E.Either<MethodError, Posterior>,
  check: (posterior: Posterior) => E.Either<string, Tested>,
): E.Either<string, Tested> => (E.isLeft(posterior) ? E.left(posterior.left.message) : check(posterior.right))

const samePosterior = (
  expected: Posterior,
  found: Posterior,
  { one }: RegressionEvidence,
): E.Either<string, Tested> => {
  // With little noise the covariance is nearly singular, so its inverse loses digits.
  const tolerance = 1e-6 * (1 + one.signalVariance)
  return every([
    near('the mean', expected.mean, found.mean, tolerance * 10),
    near('the variance', expected.variance, found.variance, tolerance),
    nearAll('the gradient of the mean', expected.meanGradient, found.meanGradient, tolerance * 100),
  ])
}

export const appendIsRefit: RegressionLaw = {
  name: 'append is refit',
  meaning: 'Appending observations one by one gives the same posterior as conditioning on all of them.',
  source: 'core/surrogate/gp/GaussianProcess.ts: appending extends the Cholesky factor',
  check: evidence =>
    given(evidence.after(evidence.observations, evidence.one.query), all =>
      given(evidence.appended(), appended => samePosterior(all, appended, evidence)),
    ),
}

export const conditioningKnowsNoOrder: RegressionLaw = {
  name: 'conditioning knows no order',
  meaning: 'The same observations in the opposite order give the same posterior.',
  source: `${rasmussen}, §2.2`,
  check: evidence =>
    given(evidence.after(evidence.observations, evidence.one.query), one =>
      given(evidence.after([...evidence.observations].reverse(), evidence.one.query), other =>
        samePosterior(one, other, evidence),
      ),
    ),
}

export const posteriorVariance: RegressionLaw = {
  name: 'posterior variance',
  meaning:
    'The variance is at least 0 and at most the prior’s σ², and no further observation raises it (tolerance: 1e-8 σ²).',
  source: `${rasmussen}, eq. 2.26`,
  check: ({ observations, after, one }) => {
    let before = one.signalVariance
    return each([...observations.keys(), observations.length], count =>
      given(after(observations.slice(0, count), one.query), ({ variance }) => {
        const was = before
        before = variance
        return unless(
          variance >= 0 && variance <= was + 1e-8 * one.signalVariance,
          () => `after ${count} observations it is ${variance}, and was ${was} (σ² = ${one.signalVariance})`,
        )
      }),
    )
  },
}

export const posteriorGradients: RegressionLaw = {
  name: 'posterior gradients',
  meaning: 'The gradients of mean and variance are their derivatives by x, by differences over 1e-4.',
  source: `${rasmussen}, §9.4`,
  check: evidence => {
    const { one } = evidence
    return given(evidence.after(evidence.observations, one.query), ({ meanGradient, varianceGradient }) => {
      const of = (read: (p: Posterior) => number) => (x: Vec) =>
        pipe(
          evidence.after(evidence.observations, x),
          E.map(read),
          E.getOrElse(() => NaN),
        )
      const steps = one.query.map(() => 1e-4)
      const tolerance = one.query.map(() => 1e-4 * (1 + one.signalVariance))
      return every([
        isGradient(
          'the gradient of the mean',
          of(p => p.mean),
          one.query,
          meanGradient,
          { steps, tolerance: tolerance.map(t => 10 * t) },
        ),
        isGradient(
          'the gradient of the variance',
          of(p => p.variance),
          one.query,
          varianceGradient,
          { steps, tolerance },
        ),
      ])
    })
  },
}

/** The value at the first point alone, without its gradient, with this noise. */
const alone = ({ observations }: RegressionEvidence, valueNoise: number): GpObservation => ({
  ...observations[0]!,
  gradient: null,
  gradientNoise: [],
  valueNoise,
})

export const oneObservation: RegressionLaw = {
  name: 'one observation',
  meaning:
    'One value y with noise s² gives, at its own x, the mean σ²y/(σ² + s²) and the variance σ²s²/(σ² + s²) (tolerance: 1e-9).',
  source: `${rasmussen}, eq. 2.25 and 2.26`,
  check: evidence => {
    const { signalVariance, noise, points } = evidence.one
    const only = alone(evidence, noise)
    const { y } = points[0]!
    return given(evidence.after([only], only.x), ({ mean, variance }) =>
      every([
        near('the mean', (signalVariance * y) / (signalVariance + noise), mean, 1e-9 * (1 + Math.abs(y))),
        near(
          'the variance',
          (signalVariance * noise) / (signalVariance + noise),
          variance,
          1e-9 * signalVariance,
        ),
      ]),
    )
  },
}

export const vanishingNoise: RegressionLaw = {
  name: 'vanishing noise',
  meaning:
    'As the noise of a value vanishes, the mean at its x tends to the value and the variance to zero (tolerance: a millionth).',
  source: `${rasmussen}, §2.2`,
  check: evidence => {
    const { signalVariance, points } = evidence.one
    const only = alone(evidence, 1e-12 * signalVariance)
    return given(evidence.after([only], only.x), ({ mean, variance }) =>
      every([
        near('the mean', points[0]!.y, mean, 1e-6 * (1 + Math.abs(points[0]!.y))),
        near('the variance', 0, variance, 1e-6 * signalVariance),
      ]),
    )
  },
}

/** k(a, b) by the textbook formula, independent of the surrogate's own kernels. */
const kernelOf =
  ({ kernel, signalVariance, lengthScale }: RegressionCase) =>
  (a: Vec, b: Vec): number => {
    const r = Math.hypot(...a.map((ai, i) => ai - b[i]!)) / lengthScale
    const z = Math.sqrt(5) * r
    return signalVariance * (kernel === 'rbf' ? Math.exp((-r * r) / 2) : (1 + z + (z * z) / 3) * Math.exp(-z))
  }

export const denseSolve: RegressionLaw = {
  name: 'dense solve',
  meaning:
    'For values alone, the mean is k⋆ᵀ(K + S)⁻¹y and the variance σ² − k⋆ᵀ(K + S)⁻¹k⋆, by ml-matrix and the kernel’s formula (tolerance: 1e-8).',
  source: `${rasmussen}, eq. 2.25 and 2.26; kernels 4.9 and 4.17`,
  check: ({ one, observations, after }) => {
    const k = kernelOf(one)
    const values = observations.map(observation => ({ ...observation, gradient: null, gradientNoise: [] }))
    const covariance = new Matrix(
      one.points.map((a, i) => one.points.map((b, j) => k(a.x, b.x) + (i === j ? one.noise : 0))),
    )
    const star = Matrix.columnVector(one.points.map(({ x }) => k(one.query, x)))
    const weights = solve(covariance, star)
    return given(after(values, one.query), ({ mean, variance }) =>
      every([
        near('the mean', weights.dot(Matrix.columnVector(one.points.map(({ y }) => y))), mean, 1e-8),
        near('the variance', one.signalVariance - weights.dot(star), variance, 1e-8 * one.signalVariance),
      ]),
    )
  },
}

/** Every law of a regression. */
export const regressionLaws = [
  oneObservation,
  vanishingNoise,
  denseSolve,
  appendIsRefit,
  conditioningKnowsNoOrder,
  posteriorVariance,
  posteriorGradients,
] as const
