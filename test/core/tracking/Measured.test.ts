import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Simulate from '../../../src/core/laws/simulate/index.js'
import type { WeightsDescended } from '../../../src/core/protocol/Observation.js'
import * as SearchSpace from '../../../src/core/protocol/SearchSpace.js'
import {
  gainsBetween,
  lossesOf,
  type Measured,
  measuredBy,
  withoutAstray,
} from '../../../src/core/tracking/Measured.js'
import { cases } from '../../support/cases.js'

/** The three ends of a pair on ridge regression, whose world minimises exactly. */
const endsOf = (problem: Simulate.Ridge, lambda: ReadonlyArray<number>, kappa: number) => {
  const world = Simulate.ridgeWorld(problem)
  const end = (id: number, upperCoefficient: number): WeightsDescended => {
    const [answer] = world.answer({
      _tag: 'DescendWeights',
      id,
      lambda,
      from: 'initial',
      upperCoefficient,
      lowerCoefficient: 1,
      steps: 1,
      batchSize: null,
      stepScale: 1,
      stream: 0,
    })
    if (answer._tag !== 'WeightsDescended') throw new Error(answer._tag)
    return answer
  }
  return { y: end(0, 0), plus: end(1, 1 / kappa), minus: end(2, -1 / kappa) }
}

/** dF/dλ_k of F = (w − b)² at w = a/(1 + θ): −2(w − b)·wθ/(1 + θ). */
const truth = ({ a, b }: Simulate.Ridge, lambda: ReadonlyArray<number>): ReadonlyArray<number> =>
  lambda.map((l, k) => {
    const theta = Math.exp(l)
    const w = a[k]! / (1 + theta)
    return (-2 * (w - b[k]!) * w * theta) / (1 + theta)
  })

const problem = fc.integer({ min: 0, max: 1000 }).map(seed => Simulate.randomRidge(2, seed))
const lambdas = fc.tuple(
  fc.double({ min: -3, max: 3, noNaN: true }),
  fc.double({ min: -3, max: 3, noNaN: true }),
)

describe('a symmetric pair', () => {
  it('measures the gradient with an error of order 1/κ², and a one-sided pair with one of order 1/κ', () => {
    fc.assert(
      fc.property(problem, lambdas, (ridge, lambda) => {
        const space = Simulate.ridgeSpace(ridge)
        const exact = truth(ridge, lambda)
        const size = Math.max(...ridge.a) ** 2
        const errors = [30, 300].map(kappa => {
          const { y, plus, minus } = endsOf(ridge, lambda, kappa)
          const { gradient, skew } = measuredBy(space)(lambda, kappa)(y, { plus, minus })
          const widths = SearchSpace.widths(space)
          const error = (found: (k: number) => number): number =>
            Math.max(...exact.map((g, k) => Math.abs(found(k) / widths[k]! - g)))
          return {
            symmetric: error(k => gradient[k]!),
            // The one-sided pair's gradient is g + b, so its error is b up to 1/κ².
            oneSided: error(k => gradient[k]! + skew![k]!),
            skew: Math.max(...skew!.map((b, k) => Math.abs(b) / widths[k]!)),
          }
        })
        const [coarse, fine] = errors
        expect(coarse!.symmetric).toBeLessThanOrEqual((20 * size) / 30 ** 2)
        expect(fine!.symmetric).toBeLessThanOrEqual((20 * size) / 300 ** 2 + 1e-9 * size)
        for (const { oneSided, skew, symmetric } of errors)
          expect(Math.abs(oneSided - skew)).toBeLessThanOrEqual(symmetric + 1e-9 * size)
      }),
      cases(500),
    )
  })

  it('has M as the relaxed upper level: its gradient is that of M', () => {
    fc.assert(
      fc.property(problem, lambdas, (ridge, lambda) => {
        const kappa = 20
        const merit = (at: ReadonlyArray<number>): number => {
          const { y, plus, minus } = endsOf(ridge, at, kappa)
          return lossesOf(y, { plus, minus }, kappa).merit
        }
        const space = Simulate.ridgeSpace(ridge)
        const { y, plus, minus } = endsOf(ridge, lambda, kappa)
        const { gradient } = measuredBy(space)(lambda, kappa)(y, { plus, minus })
        const h = 1e-4
        lambda.forEach((_, k) => {
          const moved = (by: number): ReadonlyArray<number> => lambda.map((l, j) => (j === k ? l + by : l))
          const difference = (merit(moved(h)) - merit(moved(-h))) / (2 * h)
          const own = gradient[k]! / SearchSpace.widths(space)[k]!
          expect(Math.abs(own - difference)).toBeLessThan(1e-5 * Math.max(...ridge.a) ** 2)
        })
      }),
      cases(300),
    )
  })

  it('of a path that went astray is dropped once two later ones are of another order, and no other is', () => {
    const of = (length: number): Measured => ({
      unit: [0.5],
      gradient: [length],
      skew: null,
      moved: null,
      coefficient: 10,
    })
    const lengths = (all: ReadonlyArray<Measured>) => all.map(({ gradient }) => gradient[0])
    expect(lengths(withoutAstray([of(1), of(200), of(1)]))).toEqual([1, 200, 1])
    expect(lengths(withoutAstray([of(1), of(200), of(1), of(2)]))).toEqual([1, 1, 2])
    fc.assert(
      fc.property(fc.array(fc.double({ min: 1, max: 49, noNaN: true }), { maxLength: 30 }), values => {
        const all = values.map(of)
        expect(withoutAstray(all)).toEqual(all)
      }),
      cases(200, 'quick'),
    )
  })

  it('gains through all coordinates what M falls by, up to the third power of the step', () => {
    fc.assert(
      fc.property(problem, lambdas, (ridge, lambda) => {
        const kappa = 20
        const space = Simulate.ridgeSpace(ridge)
        const at = (by: number) => {
          const there = lambda.map((l, k) => l + (k === 0 ? by : -by / 2))
          const { y, plus, minus } = endsOf(ridge, there, kappa)
          return {
            measured: measuredBy(space)(there, kappa)(y, { plus, minus }),
            merit: lossesOf(y, { plus, minus }, kappa).merit,
          }
        }
        const [from, to] = [at(0), at(0.05)]
        const gains = gainsBetween(from.measured, to.measured)
        const total = gains.reduce((sum, gain) => sum + gain, 0)
        expect(Math.abs(total - (from.merit - to.merit))).toBeLessThan(1e-4 * Math.max(...ridge.a) ** 2)
      }),
      cases(300),
    )
  })

  it('leaves a violation that is never negative and falls as 1/κ²', () => {
    fc.assert(
      fc.property(problem, lambdas, (ridge, lambda) => {
        const [coarse = NaN, fine = NaN] = [10, 100].map(kappa => {
          const { y, plus, minus } = endsOf(ridge, lambda, kappa)
          return lossesOf(y, { plus, minus }, kappa).violation
        })
        const size = Math.max(...ridge.a) ** 2
        expect(fine).toBeGreaterThanOrEqual(0)
        expect(fine).toBeLessThanOrEqual(coarse / 50 + 1e-12 * size)
      }),
      cases(500),
    )
  })
})
