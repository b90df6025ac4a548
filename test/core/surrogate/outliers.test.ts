/** One value that stands far above all others, from a training that diverged say, and φ̂. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SearchSpace } from '../../../src/core/protocol/SearchSpace.js'
import * as Outliers from '../../../src/core/surrogate/Outliers.js'
import * as Standardization from '../../../src/core/surrogate/Standardization.js'
import * as ValueFunction from '../../../src/core/surrogate/ValueFunction.js'
import { cases } from '../../support/cases.js'
import { right } from './support.js'

const space: SearchSpace = [{ name: 'lambda', lower: -4, upper: 4, scale: 'log' }]

const phi = (lambda: number): number => 1 / (1 + Math.exp(-lambda))

const sampleAt = (lambda: number, gradients: boolean): ValueFunction.Sample => ({
  lambda: [lambda],
  value: phi(lambda),
  gradient: gradients ? [phi(lambda) * (1 - phi(lambda))] : null,
})

const learnt = (
  model: ValueFunction.ModelName,
  samples: ReadonlyArray<ValueFunction.Sample>,
): ValueFunction.ValueFunction =>
  samples.reduce(
    (held, sample) => right(ValueFunction.observe(sample)(held)),
    right(ValueFunction.make(space, { model })),
  )

const evenly = (count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, i) => -4 + (8 * i) / (count - 1))

const said = (held: ValueFunction.ValueFunction): ReadonlyArray<number> =>
  evenly(33).map(lambda => ValueFunction.predict([lambda])(held).mean)

describe.each(['dense', 'structured'] as const)('an outlier among samples, %s', model => {
  it.each([true, false])(
    'is not what φ̂ predicts: one value of 1e4, φ(.7) = .67 (gradients: %s)',
    gradients => {
      for (const count of [5, 9])
        for (let bad = 0; bad < count; bad++) {
          const samples = evenly(count).map((lambda, i) => ({
            ...sampleAt(lambda, gradients),
            ...(i === bad ? { value: 1e4 } : {}),
          }))
          const held = learnt(model, samples)
          for (const fitted of [held, right(ValueFunction.refit(held))]) {
            const { mean } = ValueFunction.predict([0.7])(fitted)
            expect(Math.abs(mean - phi(0.7))).toBeLessThan(0.05)
          }
        }
    },
  )

  it('of any size from 100 ranges on leaves every prediction as it is, in a fit and after it; before one, but for 2 % of the range', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 9 }),
        fc.boolean(),
        fc.double({ min: 2, max: 300, noNaN: true }),
        fc.double({ min: -4, max: 4, noNaN: true }),
        fc.option(fc.integer({ min: -300, max: 300 }), { nil: null }),
        (count, gradients, exponent, at, slope) => {
          const held = learnt(
            model,
            evenly(count).map(lambda => sampleAt(lambda, gradients)),
          )
          const outlier = {
            lambda: [at],
            value: 10 ** exponent,
            gradient: slope === null ? null : [10 ** slope],
          }
          const fitted = right(ValueFunction.refit(held))
          // Until the first fit, another sample may have all the others standardized anew.
          const before = said(held)
          said(right(ValueFunction.observe(outlier)(held))).forEach((mean, i) =>
            expect(Math.abs(mean - before[i]!)).toBeLessThan(0.02),
          )
          expect(said(right(ValueFunction.observe(outlier)(fitted)))).toEqual(said(fitted))
          expect(said(right(ValueFunction.refit(right(ValueFunction.observe(outlier)(held)))))).toEqual(
            said(fitted),
          )
        },
      ),
      cases(60, 'slow'),
    )
  })

  it('with a gradient alone that is far too steep: the value is believed, the gradient is not', () => {
    const samples = evenly(6).map(lambda => sampleAt(lambda, true))
    const steep = samples.map((sample, i) => (i === 3 ? { ...sample, gradient: [1e6] } : sample))
    const without = samples.map((sample, i) => (i === 3 ? { ...sample, gradient: null } : sample))
    expect(said(right(ValueFunction.refit(learnt(model, steep))))).toEqual(
      said(right(ValueFunction.refit(learnt(model, without)))),
    )
  })
})

const plain = (value: number, lambda = 0) => ({
  lambda: [lambda],
  value,
  gradient: null,
  valueNoise: null,
  gradientNoise: null,
})

describe('limits', () => {
  it('are no part of center and scale where there is no outlier', () => {
    const { center, scale, limits } = Standardization.of(
      space,
      [0.3, 0.1, 0.2, 7].map((value, i) => plain(value, -4 + 2 * i)),
    )
    // .1 to .3 over a quarter of the range is the steepest below 7.
    expect(limits!.value).toBeCloseTo(0.3 + 25 * 0.8, 12)
    expect(center).toBeCloseTo(1.9, 12)
    expect(scale).toBeCloseTo(Math.sqrt((1.6 ** 2 + 1.8 ** 2 + 1.7 ** 2 + 5.1 ** 2) / 4), 12)
  })

  it('take samples that crowd for one place: where another lies far away, it may differ', () => {
    const crowd = [0, 1e-3, 2e-3, 3e-3].map(by => plain(phi(by), by))
    const far = plain(phi(4), 4)
    const { limits } = Standardization.of(space, [...crowd, far])
    expect(Outliers.isOutlier(limits)(far)).toBe(false)
  })

  it('do not depend on how often a place was sampled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 8 }),
        fc.array(fc.nat(7), { maxLength: 20 }),
        (values, again) => {
          const once = values.map((value, i) => plain(value, i - 4))
          const often = [...once, ...again.map(i => once[i % once.length]!)]
          expect(Outliers.limitsOf(space, often)).toEqual(Outliers.limitsOf(space, once))
        },
      ),
      cases(1000, 'quick'),
    )
  })

  it('know no units of f', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 3, maxLength: 12 }),
        fc.integer({ min: -30, max: 30 }),
        (values, doublings) => {
          const factor = 2 ** doublings
          const [one, other] = [1, factor].map(by =>
            Outliers.limitsOf(
              space,
              values.map((value, i) => plain(by * value, i - 4)),
            ),
          )
          expect(other?.value).toBe(one === null ? undefined : factor * one!.value)
        },
      ),
    )
  })

  it('are none of fewer than three samples, nor of zeros', () => {
    expect(Outliers.limitsOf(space, [plain(1), plain(1e9)])).toBeNull()
    expect(Outliers.limitsOf(space, [plain(0, 0), plain(0, 1), plain(0, 2)])).toBeNull()
  })
})
