/** Laws of outliers: a sample far above all others must have almost no effect on φ̂. */
import { each, silent } from '../Law.js'
import { near } from '../numbers.js'
import { given, places, type SurrogateLaw, text } from './looking.js'

/** Errors of the outlier, in ranges of φ. */
const sizes = [1e4, 1e8, 1e100]

export const outlierIgnored: SurrogateLaw = {
  name: 'outlier ignored',
  meaning:
    'Of four samples or more, one more value that is 1e4 ranges of φ too large, or 1e100, changes no prediction by more than 1 % of the range.',
  source: 'core/surrogate/Outliers.ts: a training that diverges may end with a finite loss',
  check: evidence => {
    const { samples, extra, range } = evidence
    if (samples.length < 4) return silent
    return given(evidence.learnt(), phi =>
      each(sizes, size =>
        given(phi.observe([{ ...extra, value: extra.value + size * range }]), after =>
          each(places(evidence), lambda =>
            near(
              `φ̂ at ${text(lambda)} after a value of ${size} ranges`,
              phi.predict(lambda).mean,
              after.predict(lambda).mean,
              0.01 * range,
            ),
          ),
        ),
      ),
    )
  },
}

export const outlierSetsNoScale: SurrogateLaw = {
  name: 'outlier sets no scale',
  meaning:
    'Of five samples or more that are fitted to, a last one that is 1e4 ranges of φ too large leaves the others at their values, where they have no noise (allowed: 1 % of the range).',
  source: 'core/surrogate/Outliers.ts: up to a quarter of the samples may be outliers',
  check: evidence => {
    const { samples, one, range } = evidence
    if (samples.length < 5 || one.noise !== 0) return silent
    const last = samples[samples.length - 1]!
    const spoilt = [...samples.slice(0, -1), { ...last, value: last.value + 1e4 * range }]
    return given(evidence.learntFrom(spoilt), phi =>
      each(samples.slice(0, -1), ({ lambda, value }) =>
        near(`φ̂ at the sample ${text(lambda)}`, value, phi.predict(lambda).mean, 0.01 * range),
      ),
    )
  },
}
