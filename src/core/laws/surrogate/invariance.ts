/** Laws of invariance: φ̂ must not depend on the units of f and of λ, or on the order of the samples. */
import type * as E from 'fp-ts/lib/Either.js'
import { widths } from '../../protocol/SearchSpace.js'
import { each, every, silent, type Tested } from '../Law.js'
import { near, nearAll } from '../numbers.js'
import type { FullPrediction } from './evidence.js'
import { given, places, rasmussen, type SurrogateLaw, text } from './looking.js'

type Vec = ReadonlyArray<number>

/** Tolerance for results that are computed from exactly the same digits. */
const exact = 1e-6

/**
 * Whether two predictions of the same value agree within their own deviations. If the samples leave much open, rounding
 * may decide how a fit ends; then the deviation is large.
 */
const agree = (
  what: string,
  here: FullPrediction,
  there: FullPrediction,
  range: number,
): E.Either<string, Tested> =>
  near(
    what,
    here.mean,
    there.mean,
    0.02 * range + Math.sqrt(Math.max(0, here.variance)) + Math.sqrt(Math.max(0, there.variance)),
  )

export const unitsOfOutput: SurrogateLaw = {
  name: 'units of f',
  meaning:
    'If the unit of f changes by a power of two, all predictions are the same (tolerance: 1e-6 of the range); if its zero shifts as well, φ̂ differs by less than its deviations and 2 % of the range.',
  source: 'φ̂ has no unit of its own; core/surrogate/Standardization.ts standardises and restores it',
  check: evidence => {
    const { one, range, query, samples } = evidence
    // The only scale of a single value is its own size, which a shift changes.
    if (samples.length < 2) return silent
    const factor = 2 ** one.units.doublings
    const shift = one.units.shift * one.ridge.a[0]! ** 2
    return given(evidence.learnt(), phi =>
      every([
        given(evidence.rescaled('same'), other => {
          const [here, there] = [phi.predict(query), other.predict(query)]
          const width = widths(evidence.space)
          return every([
            near(
              `φ̂ in units ${factor} times as small`,
              factor * here.mean,
              there.mean,
              exact * factor * range,
            ),
            nearAll(
              'its gradient by u',
              here.gradient.map((g, k) => factor * g * width[k]!),
              there.gradient.map((g, k) => g * width[k]!),
              exact * factor * range,
            ),
            near('its variance', factor ** 2 * here.variance, there.variance, exact * (factor * range) ** 2),
          ])
        }),
        given(evidence.rescaled('shifted'), other =>
          each([query, samples[0]!.lambda], lambda => {
            const [here, there] = [phi.predict(lambda), other.predict(lambda)]
            const back = {
              ...there,
              mean: (there.mean - shift) / factor,
              variance: there.variance / factor ** 2,
            }
            return agree(`φ̂ at ${text(lambda)}, shifted by ${shift} and back,`, here, back, range)
          }),
        ),
      ]),
    )
  },
}

export const unitsOfLambda: SurrogateLaw = {
  name: 'units of lambda',
  meaning:
    'If the unit of λ and its bounds changes by a power of two, all predictions are the same (tolerance: 1e-6 of the range); if its zero moves as well, φ̂ differs by less than its deviations and 2 % of the range.',
  source: 'φ̂ lives in the unit cube; core/protocol/SearchSpace.ts',
  check: evidence => {
    const { one, range, query, samples } = evidence
    const { stretch } = one.units
    // The envelope relies on θ = exp λ, so another unit of λ makes another problem.
    if (one.config.linearInCoefficients && stretch !== 1) return silent
    return given(evidence.learnt(), phi =>
      every([
        given(evidence.moved('same'), other => {
          const [here, there] = [phi.predict(query), other.predict(evidence.toMoved('same')(query))]
          const width = widths(evidence.space)
          return every([
            near(`φ̂ with λ ${stretch} times as large`, here.mean, there.mean, exact * range),
            nearAll(
              'its gradient by u',
              here.gradient.map((g, k) => g * width[k]!),
              there.gradient.map((g, k) => g * width[k]! * stretch),
              exact * range,
            ),
            near('its variance', here.variance, there.variance, exact * range ** 2),
          ])
        }),
        given(evidence.moved('shifted'), other =>
          each([query, samples[0]!.lambda], lambda =>
            agree(
              `φ̂ at ${text(lambda)}, with the zero of λ moved by ${one.units.offset},`,
              phi.predict(lambda),
              other.predict(evidence.toMoved('shifted')(lambda)),
              range,
            ),
          ),
        ),
      ]),
    )
  },
}

const close = (a: Vec, b: Vec): boolean => a.every((value, k) => Math.abs(value - b[k]!) < 0.05)

export const orderIrrelevant: SurrogateLaw = {
  name: 'order of samples',
  meaning:
    'Two more samples, at fixed hyperparameters, give the same φ̂ in either order (tolerance: 1e-4 of the range, since noiseless samples are ill-conditioned).',
  source: `${rasmussen}, §2.2: conditioning does not depend on order`,
  check: evidence =>
    given(evidence.learnt(), phi => {
      const { extra, samples, query, range } = evidence
      // Skip a λ that was sampled before: two noiseless samples there could contradict each other.
      const other = {
        ...extra,
        lambda: query,
        value: evidence.truth(query),
        gradient: null,
        gradientNoise: null,
      }
      if (samples.some(({ lambda }) => close(lambda, query)) || close(extra.lambda, query)) return silent
      return given(phi.observe([extra, other]), one =>
        given(phi.observe([other, extra]), two =>
          each(places(evidence), lambda => {
            const [first, second] = [one.predict(lambda), two.predict(lambda)]
            return every([
              near(`φ̂ at ${text(lambda)} in the other order`, first.mean, second.mean, 1e-4 * range),
              near('its variance', first.variance, second.variance, 1e-4 * range ** 2),
            ])
          }),
        ),
      )
    }),
}
