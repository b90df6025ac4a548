/** The path of a run of the bilevel method, read from a committed log. */
import { describe, expect, it } from 'vitest'
import { iterates, slice } from '../../../src/core/bilevel/trajectory.js'
import * as ValueFunction from '../../../src/core/surrogate/ValueFunction.js'
import { readCommitted } from '../../support/reportRuns.js'

describe('iterates', () => {
  const run = readCommitted('d2')
  const way = iterates(run.steps.map(({ info }) => info))

  it('are one per outer iteration if each takes one step of λ', () => {
    const outer = Math.max(...run.steps.map(({ info }) => info.outerIteration))
    expect(way.map(({ outerIteration }) => outerIteration)).toEqual(
      Array.from({ length: outer }, (_, i) => i + 1),
    )
  })

  it('begin at the best initial sample and end at the λ of the bilevel weights', () => {
    const [best, found] = run.outcome!.rows
    expect(way[0]!.lambda).toEqual(best!.lambda)
    expect(way[way.length - 1]!.lambda).toEqual(found!.bilevelLambda)
    expect(way[way.length - 1]!.violation).toBe(found!.violation)
    expect(way[way.length - 1]!.epsilon).toBe(found!.epsilon)
  })

  it('have κ = max(0, μ + …) of their μ', () => {
    for (const { coefficient, multiplier } of way) {
      expect(coefficient).toBeGreaterThan(0)
      expect(multiplier).toBeGreaterThan(0)
    }
  })
})

describe('a slice of φ̂', () => {
  const { phi } = readCommitted('d2')
  const through = [1, 2]
  const points = slice(1, through, 21)(phi!)

  it('covers the range between the bounds', () => {
    const { lower, upper } = phi!.space[1]!
    expect(points[0]!.at).toBe(lower)
    expect(points[20]!.at).toBe(upper)
  })

  it('equals φ̂ and is never above the bound', () => {
    for (const { at, phiHat, deviation, bound } of points) {
      const { mean, variance } = ValueFunction.predict([1, at])(phi!)
      expect(phiHat).toBeCloseTo(mean, 12)
      expect(deviation).toBeCloseTo(Math.sqrt(variance), 12)
      expect(phiHat).toBeLessThanOrEqual(bound!)
    }
  })
})
