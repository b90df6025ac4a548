/** The laws of a surrogate of φ. */
import * as E from 'fp-ts/lib/Either.js'
import type { MethodError } from '../../protocol/MethodError.js'
import { widths } from '../../protocol/SearchSpace.js'
import type { Sample } from '../../surrogate/Sample.js'
import { each, every, type Law, silent, tested, type Tested, unless } from '../Law.js'
import { isGradient, near, nearAll } from '../Numbers.js'
import type { FullPrediction, Learnt, SurrogateEvidence } from './evidence.js'

type SurrogateLaw = Law<SurrogateEvidence>
type Vec = ReadonlyArray<number>

const rasmussen = 'Rasmussen & Williams 2006'

const given = (
  learnt: E.Either<MethodError, Learnt>,
  check: (phi: Learnt) => E.Either<string, Tested>,
): E.Either<string, Tested> =>
  E.isLeft(learnt) ? E.left(`it refuses the samples: ${learnt.left.message}`) : check(learnt.right)

/** Where predictions are looked at: at the query, at a sample, and between the two. */
const places = ({ query, samples }: SurrogateEvidence): ReadonlyArray<Vec> => {
  const { lambda } = samples[0]!
  return [query, lambda, query.map((value, k) => (value + lambda[k]!) / 2)]
}

const text = (lambda: Vec): string => `λ = [${lambda.join(', ')}]`

export const learns: SurrogateLaw = {
  name: 'predicts finite numbers',
  meaning:
    'Samples that are finite are taken, and every prediction is finite, its gradient with a component for each hyperparameter.',
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
  meaning: 'A sample with a NaN, or with λ or gradient of the wrong length, gives a Left.',
  source: 'core/surrogate/Sample.ts',
  check: ({ learnt, extra }) =>
    given(learnt(), phi => {
      const bad: ReadonlyArray<readonly [string, Sample]> = [
        ['a value that is NaN', { ...extra, value: NaN }],
        ['an infinite value', { ...extra, value: Infinity }],
        ['a λ with a component too many', { ...extra, lambda: [...extra.lambda, 0] }],
        ['a gradient with NaN', { ...extra, gradient: extra.lambda.map(() => NaN) }],
        ['a gradient without components', { ...extra, gradient: [] }],
      ]
      return each(bad, ([what, sample]) => unless(E.isLeft(phi.observe([sample])), () => `it takes ${what}`))
    }),
}

export const varianceNotNegative: SurrogateLaw = {
  name: 'variance not negative',
  meaning:
    'The variance of a prediction is zero or greater, at the samples, too, where cancellation is worst.',
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
    'Nowhere is the variance greater than infinitely far from all samples, where nothing is known (allowed: 1e-9 of it).',
  source: `${rasmussen}, eq. 2.26: what is subtracted from the prior variance is a square`,
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
    'Another sample, with all hyperparameters as they are, makes no prediction less certain (allowed: 1e-7 of the variance far away).',
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
    'Where a sample was taken without noise, next to nothing of the variance is left (allowed: 1 % of that far away).',
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

export const interpolates: SurrogateLaw = {
  name: 'interpolates without noise',
  meaning: 'At a λ that was sampled without noise, φ̂ is the sample’s value (allowed: 1 % of the range of φ).',
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
    'Noiseless values and gradients at five or more λ of one hyperparameter, evenly spread, give φ itself (allowed: 3 % of its range).',
  source: 'φ of a ridge problem in closed form; envelope theorem: ∇φ = ∂f/∂λ at a minimizer',
  check: ({ one, learnt, truth, range, query, space }) => {
    const xs = one.points.map(([x]) => x!).sort((a, b) => a - b)
    const gap = Math.max(...[0, ...xs].map((x, i) => (xs[i] ?? 1) - x))
    if (space.length > 1 || one.noise !== 0 || !one.gradients || xs.length < 5 || gap > 0.3) return silent
    return given(learnt(), phi =>
      near(`φ̂ at ${text(query)}`, truth(query), phi.predict(query).mean, 0.03 * range),
    )
  },
}

export const gradientOfMean: SurrogateLaw = {
  name: 'gradient of the mean',
  meaning:
    'The gradient is the derivative of the mean by λ, by differences over 1e-4 of each range (at kinks: between both sides).',
  source: `${rasmussen}, §9.4; allowed: 1e-5 of the range of φ a width`,
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
    'Where a prediction states the gradient of its variance, it is the derivative by λ, by differences over 1e-4 of each range.',
  source: `${rasmussen}, §9.4; allowed: 1e-5 of the variance far away, a width`,
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
    'Where the loss is linear in the coefficients, φ̂ is nowhere above the lowest of the bounds f(λ, w_i) that the samples’ weights give.',
  source: 'any w bounds φ from above; φ is concave in θ (core/surrogate/Envelope.ts)',
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

const close = (a: Vec, b: Vec): boolean => a.every((value, k) => Math.abs(value - b[k]!) < 0.05)

export const surrogateDeterministic: SurrogateLaw = {
  name: 'surrogate is deterministic',
  meaning:
    'Equal samples give equal states, byte for byte, and nothing that is passed in is changed, be it frozen or not.',
  source: 'core/protocol/Method.ts',
  check: ({ learnt, again, samples }) => {
    const before = JSON.stringify(samples)
    return given(learnt(), phi => {
      const text = phi.text()
      return given(again(), second =>
        every([
          unless(text === second.text(), () => 'the same samples lead to another state the second time'),
          unless(text === phi.text(), () => 'a state was changed after it had been returned'),
          unless(before === JSON.stringify(samples), () => 'a sample was changed'),
        ]),
      )
    })
  },
}

export const surrogateSurvivesJson: SurrogateLaw = {
  name: 'surrogate survives JSON',
  meaning:
    'A state that is written as JSON and read by its codec is the same, predicts the same, and learns the same.',
  source: 'core/protocol/Method.ts: a state survives a JSON round trip',
  check: ({ learnt, extra, query }) =>
    given(learnt(), phi => {
      const revived = phi.revived()
      if (E.isLeft(revived)) return E.left(`the state is not one for its codec: ${revived.left}`)
      const [one, two] = [phi.observe([extra]), revived.right.observe([extra])]
      const said = (learning: typeof one): string =>
        E.isLeft(learning) ? learning.left.message : JSON.stringify(learning.right.predict(query))
      return every([
        unless(revived.right.text() === phi.text(), () => 'the state is another one afterwards'),
        unless(
          said(one) === said(two),
          () => `after one more sample it predicts ${said(one)}, revived ${said(two)}`,
        ),
        tested,
      ])
    }),
}

/** Every law of a surrogate. */
export const surrogateLaws = [
  learns,
  refusesBadSamples,
  varianceNotNegative,
  varianceAtMostPrior,
  varianceNeverGrows,
  varianceFallsAtSample,
  interpolates,
  learnsKnownPhi,
  gradientOfMean,
  gradientOfVariance,
  envelopeRespected,
  unitsOfOutput,
  unitsOfLambda,
  orderIrrelevant,
  surrogateDeterministic,
  surrogateSurvivesJson,
] as const
