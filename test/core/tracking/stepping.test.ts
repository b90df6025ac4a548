import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { firstSteps, stepped } from '../../../src/core/tracking/stepping.js'
import { cases } from '../../support/cases.js'

const options = { initial: 0.03, max: 0.03, min: 0.001, growth: 1.2, shrinkage: 0.5 }
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true })
const share = fc.double({ min: 0, max: 1, noNaN: true })

const coordinates = fc.array(fc.tuple(share, number, fc.double({ min: 0, max: 1e6, noNaN: true }), number), {
  minLength: 1,
  maxLength: 6,
})

const model = (found: ReadonlyArray<readonly [number, number, number, number]>) => ({
  gradient: found.map(([, gradient]) => gradient),
  deviation: found.map(([, , deviation]) => deviation),
  slope: found.map(([, , , slope]) => slope),
  slopeDeviation: found.map(([, , deviation]) => deviation / 10),
})

describe('a step of λ', () => {
  it('stays in the cube, goes down the gradient, and is no longer than allowed', () => {
    fc.assert(
      fc.property(coordinates, found => {
        const unit = found.map(([u]) => u)
        const { unit: next, steps } = stepped(options)(model(found))(unit, firstSteps(options, unit.length))
        next.forEach((u, k) => {
          expect(u).toBeGreaterThanOrEqual(0)
          expect(u).toBeLessThanOrEqual(1)
          expect(Math.abs(u - unit[k]!)).toBeLessThanOrEqual(options.max + 1e-15)
          expect((u - unit[k]!) * found[k]![1]).toBeLessThanOrEqual(0)
          expect(Object.is(steps.moves[k], -0)).toBe(false)
        })
      }),
      cases(1000, 'quick'),
    )
  })

  it('goes furthest where the derivative is largest, and by its size elsewhere', () => {
    const { unit } = stepped(options)({
      gradient: [-1, -0.5],
      deviation: [0, 0],
      slope: [0, 0],
      slopeDeviation: [0, 0],
    })([0.5, 0.5], firstSteps(options, 2))
    expect(unit[0]).toBeCloseTo(0.53, 12)
    expect(unit[1]).toBeCloseTo(0.515, 12)
  })

  it('takes the step of Newton where that is shorter', () => {
    const { unit } = stepped(options)({
      gradient: [0.01],
      deviation: [0],
      slope: [1],
      slopeDeviation: [0.5],
    })([0.5], firstSteps(options, 1))
    expect(unit[0]).toBeCloseTo(0.49, 12)
  })

  it('hardly moves where the derivative is lost in noise', () => {
    const { unit } = stepped(options)({ gradient: [1], deviation: [10], slope: [0], slopeDeviation: [0] })(
      [0.5],
      firstSteps(options, 1),
    )
    expect(0.5 - unit[0]!).toBeLessThan(options.max / 100)
  })

  it('shortens its steps where a sign flips, and lengthens them where it stays', () => {
    const rule = stepped({ ...options, initial: 0.01 })
    const flat = { deviation: [0], slope: [0], slopeDeviation: [0] }
    const first = rule({ ...flat, gradient: [1] })([0.5], firstSteps({ initial: 0.01 }, 1))
    const on = rule({ ...flat, gradient: [1] })(first.unit, first.steps)
    expect(on.steps.lengths[0]).toBeCloseTo(0.012, 12)
    const back = rule({ ...flat, gradient: [-1] })(on.unit, on.steps)
    expect(back.steps.lengths[0]).toBeCloseTo(0.006, 12)
  })
})
