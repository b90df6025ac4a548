/** What φ̂ must not depend on: the units of f and of λ, and the order of the samples. */
import type * as E from 'fp-ts/lib/Either.js'
import { widths } from '../../protocol/SearchSpace.js'
import { each, every, silent, type Tested } from '../Law.js'
import { near, nearAll } from '../numbers.js'
import type { FullPrediction } from './evidence.js'
import { given, places, rasmussen, type SurrogateLaw, text } from './looking.js'

type Vec = ReadonlyArray<number>

/** Of what is computed from the very same digits. */
const exact = 1e-6

/**
 * Whether two predictions of the same thing agree as far as they themselves say they can. What a fit ends with may be
 * decided by rounding, where the samples leave much open; then the deviation is large.
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
    'In units of f a power of two apart everything predicted is the same (allowed: 1e-6 of the range); with the zero shifted, φ̂ differs by less than its deviations and 2 % of the range.',
  source: 'φ̂ knows no unit; core/surrogate/Standardization.ts is undone',
  check: evidence => {
    const { one, range, query, samples } = evidence
    // A single value has no scale but its own size, which a shift changes.
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
    'In units of λ a power of two apart, bounds and all, everything predicted is the same (allowed: 1e-6 of the range); with the zero moved, φ̂ differs by less than its deviations and 2 % of the range.',
  source: 'φ̂ lives in the unit cube; core/protocol/SearchSpace.ts',
  check: evidence => {
    const { one, range, query, samples } = evidence
    const { stretch } = one.units
    // The envelope knows θ = exp λ: with another unit of λ it would be another problem.
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
    'Two more samples, with all hyperparameters as they are, teach the same in either order (allowed: 1e-4 of the range, for noiseless samples are ill-conditioned).',
  source: `${rasmussen}, §2.2: conditioning knows no order`,
  check: evidence =>
    given(evidence.learnt(), phi => {
      const { extra, samples, query, range } = evidence
      // Not at a λ that is known already: two noiseless samples there could contradict one another.
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
