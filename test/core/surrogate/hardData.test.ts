import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SearchSpace } from '../../../src/core/protocol/SearchSpace.js'
import * as GaussianProcess from '../../../src/core/surrogate/gp/GaussianProcess.js'
import * as Outliers from '../../../src/core/surrogate/Outliers.js'
import * as ValueFunction from '../../../src/core/surrogate/ValueFunction.js'
import { right } from './support.js'
import { cases } from '../../support/cases.js'

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true })

const space: SearchSpace = [
  { name: 'first', lower: -6, upper: 3, scale: 'log' },
  { name: 'second', lower: 0, upper: 4, scale: 'linear' },
]

/** Samples of a smooth function of any size, many of them close together, some without a gradient. */
const hard = fc
  .record({
    centers: fc.array(fc.tuple(between(-5, 2), between(0.5, 3.5)), { minLength: 1, maxLength: 3 }),
    offsets: fc.array(fc.tuple(fc.nat(2), fc.constantFrom(0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3, 0.3)), {
      minLength: 1,
      maxLength: 12,
    }),
    size: between(-12, 12),
    bend: fc.constantFrom(0, 1e-9, 1),
    slope: fc.constantFrom(0, 1),
    level: fc.constantFrom(0, 1),
    withGradients: fc.boolean(),
    noise: fc.constantFrom(null, 0),
    kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
  })
  .map(({ centers, offsets, size, bend, slope, level, withGradients, noise, kernel }) => {
    const unit = 10 ** size
    const samples = offsets.map(([at, by], i): ValueFunction.Sample => {
      const [x, y] = centers[at % centers.length]!
      const [u, v] = [x + by * Math.cos(i), y + by * Math.sin(i)]
      return {
        lambda: [u, v],
        value: unit * (level + slope * (u - v) + bend * Math.sin(u) * Math.cos(v)),
        gradient: withGradients
          ? [
              unit * (slope + bend * Math.cos(u) * Math.cos(v)),
              unit * (-slope - bend * Math.sin(u) * Math.sin(v)),
            ]
          : null,
        valueNoise: noise,
        gradientNoise: noise,
      }
    })
    return { samples, kernel }
  })

const observed = (
  samples: ReadonlyArray<ValueFunction.Sample>,
  options: Partial<ValueFunction.Options>,
): ValueFunction.ValueFunction =>
  samples.reduce(
    (phi, sample) => right(ValueFunction.observe(sample)(phi)),
    right(ValueFunction.make(space, options)),
  )

const sound = (phi: ValueFunction.ValueFunction, samples: ReadonlyArray<ValueFunction.Sample>): void => {
  // The process does not get outliers, so it does not know what is where they are.
  const isOutlier = Outliers.isOutlier(phi.standardization.limits)
  const values = samples.filter(sample => !isOutlier(sample)).map(({ value }) => value)
  const [least, most] = [Math.min(...values), Math.max(...values)]
  const slack = 0.1 * (most - least) + 0.01 * phi.standardization.scale
  expect(ValueFunction.jitter(phi)).toBeLessThanOrEqual(1e-6)
  for (const sample of samples) {
    const { lambda } = sample
    const { mean, variance, gradient, varianceGradient } = ValueFunction.predict(lambda)(phi)
    expect([mean, variance, ...gradient, ...varianceGradient].every(Number.isFinite)).toBe(true)
    expect(variance).toBeGreaterThanOrEqual(0)
    if (isOutlier(sample)) continue
    // A fit may attribute contradictions between repeats to noise, but must not leave the range of the values by more than it
    // says it may be wrong: a line through noise ends beyond the highest value.
    const doubt = phi.fitted ? Math.sqrt(variance) : 0
    expect(mean + doubt).toBeGreaterThanOrEqual(least - slack)
    expect(mean - doubt).toBeLessThanOrEqual(most + slack)
  }
}

describe.each([
  ['dense', 1000, 300],
  ['structured', 400, 60],
] as const)(
  'hard data, %s: near-duplicates, constants, one point, values from 1e-12 to 1e12',
  (model, runs, fits) => {
    it('are observed; predictions there are finite and in the range of the values (10 %); the jitter is at most 1e-6', () => {
      fc.assert(
        fc.property(hard, ({ samples, kernel }) => sound(observed(samples, { kernel, model }), samples)),
        cases(runs),
      )
    })

    it('are fitted as well', () => {
      fc.assert(
        fc.property(hard, ({ samples, kernel }) =>
          sound(right(ValueFunction.refit(observed(samples, { kernel, model, fitStarts: 1 }))), samples),
        ),
        cases(fits, 'slow'),
      )
    })

    it('numbers at the ends of the range give a sentence or finite predictions', () => {
      const any = fc.double({ noNaN: false })
      fc.assert(
        fc.property(fc.array(fc.tuple(any, any, any), { minLength: 1, maxLength: 4 }), triples => {
          const phi = triples.reduce<E.Either<{ readonly message: string }, ValueFunction.ValueFunction>>(
            (held, [lambda, value, slope]) =>
              E.isLeft(held)
                ? held
                : ValueFunction.observe({ lambda: [lambda, 1], value, gradient: [slope, 0] })(held.right),
            ValueFunction.make(space, { model }),
          )
          if (E.isLeft(phi)) {
            expect(phi.left.message).toMatch(/^[A-Z].*\.$/)
            return
          }
          const { mean, variance } = ValueFunction.predict([0, 1])(phi.right)
          expect(mean).not.toBeNaN()
          expect(variance).not.toBeNaN()
        }),
        cases(runs),
      )
    })
  },
)

describe('hard data at fixed hyperparameters', () => {
  it('need jitter if noise-free rows repeat, and report how much', () => {
    fc.assert(
      fc.property(
        fc.array(between(-1, 1), { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 1e-16, 1e-12),
        between(-12, 12),
        fc.constantFrom('rbf' as const, 'matern52' as const),
        (points, by, size, kernel) => {
          const signalVariance = 10 ** (2 * size)
          const config = { kernel, signalVariance, lengthScales: [1], noiseVariance: 0 }
          const x = [...points, ...points.map(p => p + by)].map(p => [p])
          const gp = right(
            GaussianProcess.condition(config)(
              x,
              x.map(() => 10 ** size),
            ),
          )
          expect(gp.jitter).toBeGreaterThan(0)
          expect(gp.jitter).toBeLessThanOrEqual(1e-8)
          const { mean, variance } = GaussianProcess.posterior(gp)(x[0]!)
          expect(Math.abs(mean / 10 ** size - 1)).toBeLessThan(1e-4)
          expect(variance / signalVariance).toBeLessThan(1e-6)
        },
      ),
      cases(1000),
    )
  })

  it.each(['rbf', 'matern52'] as const)('%s: points too far apart for numbers do not correlate', kernel => {
    const gp = right(
      GaussianProcess.conditionOn({
        kernel,
        signalVariance: 1,
        lengthScales: [0.1],
        noiseVariance: 1,
        gradientNoiseVariance: 1,
      })([
        { x: [0], value: 1, gradient: [2], valueNoise: 1e-12, gradientNoise: [1e-12] },
        { x: [1e308], value: 3, gradient: [-1], valueNoise: 1e-12, gradientNoise: [1e-12] },
      ]),
    )
    const { mean, meanGradient, variance, varianceGradient } = GaussianProcess.posterior(gp)([0])
    expect(mean).toBeCloseTo(1, 9)
    expect(meanGradient[0]!).toBeCloseTo(2, 9)
    expect(variance).toBeLessThan(1e-11)
    expect(varianceGradient[0]!).toBeCloseTo(0, 9)
    expect(GaussianProcess.logEvidence(gp).gradient.every(Number.isFinite)).toBe(true)
  })
})
