/** Hostile observations and configurations, a few hundred of them. `test/deep/hostileValues.test.ts` tries 100,000. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cases } from '../support/cases.js'
import { changed, changes, losses, subjects } from '../support/hostile.js'

describe.each(subjects().map(subject => [subject.name, subject] as const))('%s', (_, subject) => {
  it('refuses a changed answer with a sentence, or keeps a state that a log can hold', () => {
    fc.assert(
      fc.property(fc.nat(10_000), changes, (place, all) => {
        expect(subject.answered(place, all)).toBeNull()
      }),
      cases(1000),
    )
  })

  it('refuses a changed configuration with a clause, or begins with a state that a log can hold', () => {
    fc.assert(
      fc.property(fc.nat(10_000), changes, (which, all) => {
        const config = subject.configs[which % subject.configs.length]
        expect(subject.configured(changed(config, all))).toBeNull()
      }),
      cases(1000),
    )
  })

  it('takes losses of any size, or says that numbers overflow', () => {
    fc.assert(
      fc.property(losses, numbers => {
        expect(subject.extremes(numbers)).toBeNull()
      }),
      {
        ...cases(200, 'heavy'),
        examples: [
          [[-1.7688829192650272e56, 7.442877440273164e-299]],
          [[-1.7976931348623125e308, 3.046165871858128e-222, -1.946170377270089e-203, 2.5e-323]],
          [[1e-300, -1.7976931348623157e308, 6.008199815680691e-216, 1.2199386535953465e94, -1e300]],
        ],
      },
    )
  })
})
