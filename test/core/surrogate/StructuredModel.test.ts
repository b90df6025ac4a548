import { describe, expect, it } from 'vitest'
import { bilevel } from '../../../src/core/bilevel/Bilevel.js'
import { gaussianProcess } from '../../../src/core/bilevel/parts/Surrogate.js'
import { decode } from '../../../src/core/codec/Codec.js'
import type { SearchSpace } from '../../../src/core/protocol/SearchSpace.js'
import { latestOnly } from '../../../src/core/surrogate/StructuredModel.js'
import { modelFor } from '../../../src/core/surrogate/valueFunctionState.js'
import * as ValueFunction from '../../../src/core/surrogate/ValueFunction.js'
import { type Ridge, ridgeValue, ridgeValueGradient } from '../../../src/core/laws/simulate/Ridge.js'
import { ridgeSpace } from '../../support/ridge.js'
import { difference, near, right } from './support.js'
import * as E from 'fp-ts/lib/Either.js'

const value = <A>(either: E.Either<string, A>): A =>
  right(E.mapLeft((message: string) => ({ message }))(either))

const d = 40
const ridge: Ridge = {
  a: Array.from({ length: d }, (_, k) => 1 + (k % 3)),
  b: Array.from({ length: d }, () => 1),
}
const space: SearchSpace = ridgeSpace(ridge)
const point = (i: number): ReadonlyArray<number> =>
  space.map(
    ({ lower, upper }, k) =>
      lower + (upper - lower) * (0.5 + 0.3 * Math.sin(1 + i * 7.1 + k * (1 + (i % 5)))),
  )
const sampleAt = (lambda: ReadonlyArray<number>): ValueFunction.Sample => ({
  lambda,
  value: ridgeValue(ridge, lambda),
  gradient: ridgeValueGradient(ridge, lambda),
})
const empty = right(ValueFunction.make(space, { model: 'structured', linearInCoefficients: false }))
const learnt = (count: number, from = empty) =>
  Array.from({ length: count }, (_, i) => sampleAt(point(i))).reduce(
    (phi, sample) => right(ValueFunction.observe(sample)(phi)),
    from,
  )

describe('φ̂ by the structured process', () => {
  const phi = right(ValueFunction.refit(learnt(12)))
  const spread = (of: (i: number) => number): number =>
    Math.sqrt(Array.from({ length: 20 }, (_, i) => of(100 + i) ** 2).reduce((sum, s) => sum + s / 20, 0))

  it('learns a separable function of 40 hyperparameters from 12 solves better than from the mean of their values', () => {
    const mean = phi.samples.reduce((sum, sample) => sum + sample.value / phi.samples.length, 0)
    const error = spread(i => ValueFunction.predict(point(i))(phi).mean - ridgeValue(ridge, point(i)))
    expect(error).toBeLessThan(0.5 * spread(i => mean - ridgeValue(ridge, point(i))))
  })

  it('has the gradients that differences have', () => {
    const at = point(50)
    const { gradient, varianceGradient } = ValueFunction.predict(at)(phi)
    for (const k of [0, 7, 39]) {
      near(
        gradient[k]!,
        difference(x => ValueFunction.predict(x)(phi).mean, at, k),
        1e-6,
      )
      near(
        varianceGradient[k]!,
        difference(x => ValueFunction.predict(x)(phi).variance, at, k),
        1e-6,
      )
    }
    expect(ValueFunction.estimate(at)(phi)).toMatchObject({ mean: ValueFunction.predict(at)(phi).mean })
  })

  it('holds at most 100 numbers more than its samples and its space, and survives JSON unchanged', () => {
    const text = JSON.stringify(phi)
    const { samples, space: held, ...rest } = phi
    expect(JSON.stringify(rest).length).toBeLessThan(1000)
    expect(samples.length).toBe(12)
    expect(held).toBe(space)
    const revived = value(decode(ValueFunction.ValueFunction)(JSON.parse(text)))
    expect(JSON.stringify(revived)).toBe(text)
    expect(ValueFunction.predict(point(33))(revived)).toEqual(ValueFunction.predict(point(33))(phi))
  })

  it('keeps the latest samples of its window, and equals the model of those alone', () => {
    const narrow = right(ValueFunction.make(space, { model: 'structured', window: 5 }))
    const kept = learnt(9, narrow)
    expect(kept.samples.map(({ lambda }) => lambda)).toEqual([4, 5, 6, 7, 8].map(point))
    expect(kept.forgotten).toBe(4)
    expect(ValueFunction.seen(kept)).toBe(9)
  })

  it('is limited by the lowest bound of the known weights', () => {
    const bounded = learnt(
      3,
      right(ValueFunction.make(space, { model: 'structured', linearInCoefficients: true })),
    )
    const far = space.map(({ upper }) => upper)
    const { mean, modelMean, boundedBy, gradient } = ValueFunction.predict(far)(bounded)
    expect(mean).toBeLessThanOrEqual(modelMean)
    expect(boundedBy === null).toBe(mean === modelMean)
    expect(gradient.length).toBe(d)
  })

  it('a state made by hand that cannot be conditioned on its samples predicts the prior', () => {
    const broken = { ...phi, samples: phi.samples.map(sample => ({ ...sample, lambda: [1e308] })) }
    const { mean, variance } = ValueFunction.predict(point(0))(broken)
    expect(mean).toBe(phi.standardization.center)
    expect(variance).toBeGreaterThan(0)
    expect(ValueFunction.jitter(broken)).toBe(0)
  })

  it('known noise is the same for all slopes, whatever the widths of the bounds', () => {
    const uneven = space.map((one, k) => ({ ...one, upper: one.lower + 1 + k }))
    const phi = right(
      ValueFunction.observe({ ...sampleAt(point(1)), valueNoise: 0.01, gradientNoise: 0.02 })(
        right(ValueFunction.make(uneven, { model: 'structured' })),
      ),
    )
    expect(Number.isFinite(ValueFunction.predict(point(2))(phi).mean)).toBe(true)
  })
})

describe('the choice between the models', () => {
  it('is the structured one if there are more dimensions than samples', () => {
    expect([1, 10, 16, 17, 5000].map(dimensions => modelFor(16, dimensions))).toEqual([
      'dense',
      'dense',
      'dense',
      'structured',
      'structured',
    ])
  })

  it('is that of the default surrogate', () => {
    const modelOf = (dimensions: number): string => {
      const few = { a: ridge.a.slice(0, dimensions), b: ridge.b.slice(0, dimensions) }
      const config = value(decode(bilevel.config)({ space: ridgeSpace(few) }))
      return right(gaussianProcess.prior(config)).valueFunction.model._tag
    }
    expect([1, 16, 17, 40].map(modelOf)).toEqual(['Dense', 'Dense', 'Structured', 'Structured'])
  })
})

it('latestOnly computes once for the same objects, and holds one result', () => {
  let computed = 0
  const sum = latestOnly((a: ReadonlyArray<number>, b: ReadonlyArray<number>) => {
    computed++
    return [...a, ...b].reduce((total, x) => total + x, 0)
  })
  const [one, two, three] = [[1], [2], [3]]
  expect([sum(one, two), sum(one, two), computed]).toEqual([3, 3, 1])
  expect([sum(one, three), sum(one, two), computed]).toEqual([4, 3, 3])
})
