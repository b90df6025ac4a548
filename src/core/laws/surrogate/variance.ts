/** Laws of the variance of φ̂, and of how samples lower it. */
import { widths } from '../../protocol/SearchSpace.js'
import { each, silent, unless } from '../Law.js'
import { given, places, rasmussen, type SurrogateLaw, text } from './looking.js'

export const varianceNotNegative: SurrogateLaw = {
  name: 'variance not negative',
  meaning:
    'The variance of a prediction is zero or greater, even at the samples, where cancellation is worst.',
  source: `${rasmussen}, eq. 2.26`,
  check: evidence =>
    given(evidence.learnt(), phi =>
      each([...places(evidence), ...evidence.samples.map(({ lambda }) => lambda)], lambda =>
        unless(phi.predict(lambda).variance >= 0, () => `${phi.predict(lambda).variance} at ${text(lambda)}`),
      ),
    ),
}

export const varianceAtMostPrior: SurrogateLaw = {
  name: 'variance at most the prior’s',
  meaning:
    'The variance is nowhere greater than infinitely far from all samples, where nothing is known (tolerance: 1e-9 of it).',
  source: `${rasmussen}, eq. 2.26: the term subtracted from the prior variance is a square`,
  check: evidence =>
    given(evidence.learnt(), phi => {
      const far = evidence.query.map((value, k) => value + 1e6 * widths(evidence.space)[k]!)
      const prior = phi.predict(far).variance
      return each(places(evidence), lambda => {
        const { variance } = phi.predict(lambda)
        return unless(
          variance <= prior * (1 + 1e-9),
          () => `${variance} at ${text(lambda)}, but ${prior} far away from every sample`,
        )
      })
    }),
}

export const varianceNeverGrows: SurrogateLaw = {
  name: 'variance never grows',
  meaning:
    'Another sample, at fixed hyperparameters, makes no prediction less certain (tolerance: 1e-7 of the variance far from all samples).',
  source: `${rasmussen}, §2.2: conditioning a Gaussian`,
  check: evidence =>
    given(evidence.learnt(), phi =>
      given(evidence.grown(), grown => {
        const far = evidence.query.map((value, k) => value + 1e6 * widths(evidence.space)[k]!)
        const slack = 1e-7 * phi.predict(far).variance
        return each([...places(evidence), evidence.extra.lambda], lambda => {
          const [before, after] = [phi.predict(lambda).variance, grown.predict(lambda).variance]
          return unless(
            after <= before + slack,
            () => `at ${text(lambda)} it goes from ${before} to ${after}`,
          )
        })
      }),
    ),
}

export const varianceFallsAtSample: SurrogateLaw = {
  name: 'variance falls at a sample',
  meaning:
    'At a λ that was sampled without noise, almost no variance is left (tolerance: 1 % of that far from all samples).',
  source: `${rasmussen}, §2.2`,
  check: evidence =>
    evidence.one.noise !== 0
      ? silent
      : given(evidence.grown(), grown => {
          const { lambda } = evidence.extra
          const far = lambda.map((value, k) => value + 1e6 * widths(evidence.space)[k]!)
          const [here, prior] = [grown.predict(lambda).variance, grown.predict(far).variance]
          return unless(
            here <= 0.01 * prior,
            () => `${here} at ${text(lambda)}, which was sampled; ${prior} far away`,
          )
        }),
}
