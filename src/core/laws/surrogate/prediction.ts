/** Laws of φ̂'s predictions: finite numbers, the values of samples, a correct gradient, and nothing above a bound. */
import * as E from 'fp-ts/lib/Either.js'
import { widths } from '../../protocol/SearchSpace.js'
import type { Sample } from '../../surrogate/Sample.js'
import { each, silent, unless } from '../Law.js'
import { isGradient, near } from '../numbers.js'
import { given, places, rasmussen, type SurrogateLaw, text } from './looking.js'

export const learns: SurrogateLaw = {
  name: 'predicts finite numbers',
  meaning:
    'The surrogate accepts finite samples, and every prediction is finite; its gradient has a component for each hyperparameter.',
  source: 'core/bilevel/parts/Surrogate.ts',
  check: evidence =>
    given(evidence.learnt(), phi =>
      each(places(evidence), lambda => {
        const { mean, gradient, variance } = phi.predict(lambda)
        return unless(
          gradient.length === evidence.space.length && [mean, variance, ...gradient].every(Number.isFinite),
          () => `at ${text(lambda)}: mean ${mean}, variance ${variance}, gradient [${gradient.join(', ')}]`,
        )
      }),
    ),
}

export const refusesBadSamples: SurrogateLaw = {
  name: 'refuses bad samples',
  meaning:
    'A sample with a number that is not finite, or with λ or gradient of the wrong length, gives a Left.',
  source: 'core/surrogate/Sample.ts',
  check: ({ learnt, extra }) =>
    given(learnt(), phi => {
      const bad: ReadonlyArray<readonly [string, Sample]> = [
        ['a value that is NaN', { ...extra, value: NaN }],
        ['an infinite value', { ...extra, value: Infinity }],
        ['a λ with one component too many', { ...extra, lambda: [...extra.lambda, 0] }],
        ['a gradient with NaN', { ...extra, gradient: extra.lambda.map(() => NaN) }],
        ['a gradient without components', { ...extra, gradient: [] }],
      ]
      return each(bad, ([what, sample]) =>
        unless(E.isLeft(phi.observe([sample])), () => `it accepts ${what}`),
      )
    }),
}

export const interpolates: SurrogateLaw = {
  name: 'interpolates without noise',
  meaning:
    'At a λ that was sampled without noise, φ̂ equals the sample’s value (tolerance: 1 % of the range of φ).',
  source: `${rasmussen}, §2.2; the paper, §4, has no noise term`,
  check: ({ one, learnt, samples, range }) =>
    one.noise !== 0
      ? silent
      : given(learnt(), phi =>
          each(samples, ({ lambda, value }) =>
            near(`φ̂ at the sample ${text(lambda)}`, value, phi.predict(lambda).mean, 0.01 * range),
          ),
        ),
}

export const learnsKnownPhi: SurrogateLaw = {
  name: 'learns a known φ',
  meaning:
    'Noiseless values and gradients at five or more evenly spread λ of one hyperparameter give φ itself (tolerance: 3 % of its range). Evenly spread: neighbours, and the ends of the range, within 0.3 of it. Beyond the outer ones φ̂ is asked up to 0.15 away.',
  source: 'φ of a ridge problem in closed form; envelope theorem: ∇φ = ∂f/∂λ at a minimizer',
  check: ({ one, learnt, truth, range, query, space }) => {
    const xs = one.points.map(([x]) => x!).sort((a, b) => a - b)
    const gap = Math.max(...[0, ...xs].map((x, i) => (xs[i] ?? 1) - x))
    if (space.length > 1 || one.noise !== 0 || !one.gradients || xs.length < 5 || gap > 0.3) return silent
    // Farther out nothing tells what φ is.
    const [asked] = one.query
    if (Math.max(xs[0]! - asked!, asked! - xs[xs.length - 1]!) > 0.15) return silent
    return given(learnt(), phi =>
      near(`φ̂ at ${text(query)}`, truth(query), phi.predict(query).mean, 0.03 * range),
    )
  },
}

export const gradientOfMean: SurrogateLaw = {
  name: 'gradient of the mean',
  meaning:
    'The gradient is the derivative of the mean by λ, by differences over 1e-4 of each range (at kinks: between those of both sides).',
  source: `${rasmussen}, §9.4; tolerance: 1e-5 of the range of φ per width of λ`,
  check: evidence =>
    given(evidence.learnt(), phi =>
      each(places(evidence).slice(0, 3), lambda => {
        const width = widths(evidence.space)
        return isGradient(
          `∂φ̂/∂λ at ${text(lambda)}`,
          at => phi.predict(at).mean,
          lambda,
          phi.predict(lambda).gradient,
          { steps: width.map(w => 1e-4 * w), tolerance: width.map(w => (1e-5 * evidence.range) / w) },
        )
      }),
    ),
}

export const gradientOfVariance: SurrogateLaw = {
  name: 'gradient of the variance',
  meaning:
    'If a prediction states the gradient of its variance, it is the derivative by λ, by differences over 1e-4 of each range.',
  source: `${rasmussen}, §9.4; tolerance: 1e-5 of the variance far from all samples, per width of λ`,
  check: evidence =>
    given(evidence.learnt(), phi => {
      const { query, space } = evidence
      const stated = phi.predict(query).varianceGradient
      if (stated === undefined) return silent
      const width = widths(space)
      const prior = phi.predict(query.map((value, k) => value + 1e6 * width[k]!)).variance
      return isGradient(`∂(variance)/∂λ at ${text(query)}`, at => phi.predict(at).variance, query, stated, {
        steps: width.map(w => 1e-4 * w),
        tolerance: width.map(w => (1e-5 * prior) / w),
      })
    }),
}

export const envelopeRespected: SurrogateLaw = {
  name: 'envelope respected',
  meaning:
    'If the loss is linear in the coefficients, φ̂ is nowhere above the lowest of the bounds f(λ, w_i) from the samples’ weights.',
  source: 'f(λ, w) of any w bounds φ from above; φ is concave in θ (core/surrogate/Envelope.ts)',
  check: evidence => {
    const { one, samples, range } = evidence
    return !one.config.linearInCoefficients || !one.gradients
      ? silent
      : given(evidence.learnt(), phi =>
          each([...places(evidence), evidence.extra.lambda], lambda => {
            const bounds = samples.map(({ lambda: at, value, gradient }) =>
              (gradient ?? []).reduce((sum, g, k) => sum + g * Math.expm1(lambda[k]! - at[k]!), value),
            )
            const lowest = Math.min(...bounds)
            const { mean } = phi.predict(lambda)
            return unless(
              mean <= lowest + 1e-9 * range,
              () => `φ̂ is ${mean} at ${text(lambda)}, but the weights of a sample have f = ${lowest} there`,
            )
          }),
        )
  },
}
