import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Laws } from '../../../../src/core/laws/index.js'
import * as GaussianProcess from '../../../../src/core/surrogate/gp/GaussianProcess.js'
import type { GpObservation, Hyperparameters } from '../../../../src/core/surrogate/gp/Gp.js'
import * as StructuredGp from '../../../../src/core/surrogate/structured/StructuredGp.js'
import { near, right } from '../support.js'
import { cases, lawCases } from '../../../support/cases.js'

const between = (min: number, max: number): fc.Arbitrary<number> => fc.double({ min, max, noNaN: true })
const vector = (d: number, min: number, max: number): fc.Arbitrary<ReadonlyArray<number>> =>
  fc.array(between(min, max), { minLength: d, maxLength: d })

interface Case {
  readonly hyperparameters: Hyperparameters
  readonly observations: ReadonlyArray<GpObservation>
  readonly at: ReadonlyArray<number>
}

/**
 * n ≤ 8 observations of values, gradients or both in d ≤ 20 dimensions. `blocks`: the number of kinds of components,
 * each with its own length scale and noise.
 */
const processes = (blocks: number): fc.Arbitrary<Case> =>
  fc.integer({ min: 1, max: 20 }).chain(d =>
    fc
      .record({
        kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
        signalVariance: between(0.1, 10),
        lengths: vector(blocks, 0.3, 3),
        noiseVariance: between(0.1, 1),
        gradientNoiseVariance: between(0.1, 1),
        kinds: fc.array(fc.nat(blocks - 1), { minLength: d, maxLength: d }),
        at: vector(d, -1.5, 1.5),
        observations: fc.array(
          fc.record({
            x: vector(d, -1, 1),
            value: between(-3, 3),
            gradient: vector(d, -3, 3),
            valueNoise: between(1e-3, 1),
            noises: vector(blocks, 1e-3, 1),
            kind: fc.constantFrom('value', 'gradient', 'both', 'both'),
          }),
          { minLength: 1, maxLength: 8 },
        ),
      })
      .map(({ lengths, kinds, observations, at, ...rest }) => ({
        hyperparameters: { ...rest, lengthScales: kinds.map(kind => Math.sqrt(d) * lengths[kind]!) },
        at,
        observations: observations.map(({ x, value, gradient, valueNoise, noises, kind }) => ({
          x,
          value: kind === 'gradient' ? null : value,
          gradient: kind === 'value' ? null : gradient,
          valueNoise,
          gradientNoise: kind === 'value' ? [] : kinds.map(k => noises[k]!),
        })),
      })),
  )

const nearAll = (a: ReadonlyArray<number>, b: ReadonlyArray<number>, tolerance: number): void => {
  expect(a.length).toBe(b.length)
  const size = b.reduce((max, entry) => Math.max(max, Math.abs(entry)), 1)
  a.forEach((entry, k) => expect(Math.abs(entry - b[k]!)).toBeLessThanOrEqual(tolerance * size))
}

/** Asserts that both processes agree, at a point and about the data; `tolerance` is relative to max(1, size). */
const agree = ({ hyperparameters, observations, at }: Case, tolerance: number): void => {
  const dense = right(GaussianProcess.conditionOn(hyperparameters)(observations))
  const structured = right(StructuredGp.conditionOn(hyperparameters)(observations))
  for (const place of [at, observations[0]!.x]) {
    const [expected, found] = [
      GaussianProcess.posterior(dense)(place),
      StructuredGp.posterior(structured)(place),
    ]
    near(found.mean, expected.mean, tolerance)
    near(found.variance, expected.variance, tolerance)
    nearAll(found.meanGradient, expected.meanGradient, tolerance)
    nearAll(found.varianceGradient, expected.varianceGradient, tolerance)
    expect(StructuredGp.marginal(structured)(place)).toEqual({ mean: found.mean, variance: found.variance })
  }
  near(StructuredGp.logDensity(structured), GaussianProcess.logDensity(dense), tolerance)
  const [expected, found] = [GaussianProcess.hyperGradient(dense), StructuredGp.hyperGradient(structured)]
  near(found.signalVariance, expected.signalVariance, tolerance)
  nearAll(found.lengthScales, [expected.lengthScales.reduce((sum, slope) => sum + slope, 0)], tolerance)
  near(found.noiseVariance, expected.noiseVariance, tolerance)
  near(found.gradientNoiseVariance, expected.gradientNoiseVariance, tolerance)
}

describe('the structured process equals the dense one', () => {
  it.each([1, 2, 3])('to 1e-8 with %i kinds of components', blocks => {
    fc.assert(
      fc.property(processes(blocks), one => agree(one, 1e-8)),
      cases(150),
    )
  })

  it('to 1e-8 if every component has its own noise and length scale', () => {
    fc.assert(
      fc.property(processes(20), one => agree(one, 1e-8)),
      cases(40),
    )
  })
})

describe('hard data in 30 dimensions', () => {
  const d = 30
  const hard = fc.record({
    kernel: fc.constantFrom('rbf' as const, 'matern52' as const),
    centers: fc.array(vector(d, -1, 1), { minLength: 1, maxLength: 3 }),
    direction: vector(d, -1, 1),
    near: fc.array(fc.tuple(fc.nat(2), fc.constantFrom(0, 0, 1e-15, 1e-12, 1e-9, 1e-6, 1e-3)), {
      minLength: 1,
      maxLength: 10,
    }),
    noise: fc.constantFrom(0, 1e-12, 1e-4),
    flat: fc.boolean(),
  })
  const value = (x: ReadonlyArray<number>): number => x.reduce((sum, xk) => sum + Math.sin(xk), 0)

  it('repeated and almost repeated points, flat functions and no noise: finite, and the values are met', () => {
    fc.assert(
      fc.property(hard, ({ kernel, centers, direction, near: close, noise, flat }) => {
        const observations = close.map(([center, by]): GpObservation => {
          const x = centers[center % centers.length]!.map((xk, k) => xk + by * direction[k]!)
          return {
            x,
            value: flat ? 0 : value(x),
            gradient: x.map(xk => (flat ? 0 : Math.cos(xk))),
            valueNoise: noise,
            gradientNoise: x.map(() => noise),
          }
        })
        const gp = right(
          StructuredGp.conditionOn({
            kernel,
            signalVariance: 10,
            lengthScales: Array.from({ length: d }, () => 3),
            noiseVariance: 1,
            gradientNoiseVariance: 1,
          })(observations),
        )
        expect(gp.jitter).toBeLessThanOrEqual(1e-6)
        expect(Number.isFinite(StructuredGp.logDensity(gp))).toBe(true)
        const slopes = StructuredGp.hyperGradient(gp)
        expect(Object.values(slopes).flat().every(Number.isFinite)).toBe(true)
        for (const { x, value: known } of observations) {
          const { mean, variance, meanGradient, varianceGradient } = StructuredGp.posterior(gp)(x)
          expect([mean, ...meanGradient, ...varianceGradient].every(Number.isFinite)).toBe(true)
          expect(variance).toBeGreaterThanOrEqual(0)
          expect(variance).toBeLessThan(0.01)
          expect(Math.abs(mean - known!)).toBeLessThan(0.02)
        }
      }),
      cases(300),
    )
  })

  it('the jitter applies to both parts: with repeats the gradients beyond the span need it as well', () => {
    const x = Array.from({ length: d }, (_, k) => k / d)
    const observation: GpObservation = {
      x,
      value: 1,
      gradient: x,
      valueNoise: 0,
      gradientNoise: x.map(() => 0),
    }
    const gp = right(
      StructuredGp.conditionOn({
        kernel: 'matern52',
        signalVariance: 1,
        lengthScales: x.map(() => 2),
        noiseVariance: 1,
        gradientNoiseVariance: 1,
      })([
        { ...observation, value: null },
        { ...observation, value: null },
      ]),
    )
    expect(gp.within.targets.length).toBe(0)
    expect(gp.jitter).toBeGreaterThan(0)
    near(gp.within.jitter, gp.jitter, 0)
    const { meanGradient } = StructuredGp.posterior(gp)(x)
    nearAll(meanGradient, x, 1e-9)
  })

  it('refuses, in a sentence, what the dense process refuses, and points whose squares overflow', () => {
    const hyperparameters: Hyperparameters = {
      kernel: 'rbf',
      signalVariance: 1,
      lengthScales: [1, 1],
      noiseVariance: 1,
      gradientNoiseVariance: 1,
    }
    const observation: GpObservation = {
      x: [0, 1],
      value: 1,
      gradient: [0, 1],
      valueNoise: 0,
      gradientNoise: [0, 0],
    }
    const refused: ReadonlyArray<GpObservation> = [
      { ...observation, x: [0] },
      { ...observation, x: [0, NaN] },
      { ...observation, value: Infinity },
      { ...observation, gradient: [1] },
      { ...observation, gradient: [1, NaN] },
      { ...observation, gradientNoise: [1, -1] },
      { ...observation, valueNoise: -1 },
    ]
    for (const bad of refused) {
      const found = StructuredGp.conditionOn(hyperparameters)([observation, bad])
      expect(found).toEqual(GaussianProcess.conditionOn(hyperparameters)([observation, bad]))
      expect(found._tag).toBe('Left')
    }
    expect(StructuredGp.conditionOn({ ...hyperparameters, signalVariance: 0 })([observation])._tag).toBe(
      'Left',
    )
    const far = StructuredGp.conditionOn(hyperparameters)([observation, { ...observation, x: [1e200, 0] }])
    expect(E.isLeft(far) && far.left.message).toContain('too far apart')
  })
})

it('at a point too far away for floating point it is the prior', () => {
  fc.assert(
    fc.property(processes(2), ({ hyperparameters, observations, at }) => {
      const gp = right(StructuredGp.conditionOn(hyperparameters)(observations))
      for (const far of [1e80, 1e200, 1e308]) {
        const { mean, variance, meanGradient, varianceGradient } = StructuredGp.posterior(gp)(
          at.map(() => far),
        )
        expect([mean, variance]).toEqual([0, hyperparameters.signalVariance])
        expect([...meanGradient, ...varianceGradient].every(slope => Math.abs(slope) === 0)).toBe(true)
      }
    }),
    cases(50),
  )
})

it('holds O(nd + n⁴) numbers: no row or matrix is as long as d²', () => {
  const d = 2000
  const n = 6
  const at = (i: number) => Array.from({ length: d }, (_, k) => Math.sin(i * d + k))
  const gp = right(
    StructuredGp.conditionOn({
      kernel: 'rbf',
      signalVariance: 1,
      lengthScales: at(0).map(() => 30),
      noiseVariance: 1,
      gradientNoiseVariance: 1,
    })(
      Array.from({ length: n }, (_, i) => ({
        x: at(i),
        value: i,
        gradient: at(i + n),
        valueNoise: 1e-6,
        gradientNoise: at(0).map(() => 1e-6),
      })),
    ),
  )
  const count = (part: unknown): number =>
    ArrayBuffer.isView(part)
      ? part.byteLength / 8
      : typeof part === 'object' && part !== null
        ? Object.values(part).reduce<number>((sum, one) => sum + count(one), 0)
        : 1
  expect(count(gp)).toBeLessThan(6 * n * d + 4 * n ** 4)
})

it('keeps the laws of regression', () => {
  Laws.assert(Laws.regression(StructuredGp)(lawCases(300, 'slow')))
})
