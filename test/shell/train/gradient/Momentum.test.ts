import fc from 'fast-check'
import { expect, test } from 'vitest'
import { momentumStep, momentumStepEach } from '../../../../src/shell/train/gradient/Momentum.js'

const values = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 9 })

test('a step updates its own range by Nesterov’s rule and returns the earlier ‖w‖²', () => {
  fc.assert(
    fc.property(values, values, fc.nat(3), fc.double({ min: 0, max: 0.99 }), (w, g, offset, momentum) => {
      const size = Math.min(w.length, g.length)
      const decay = 0.25
      const rate = 0.125
      const weights = Float32Array.from([...Array.from({ length: offset }, () => 7), ...w.slice(0, size), 7])
      const velocity = Float64Array.from(weights, (_, i) => i / 8)
      const [before, was] = [Float32Array.from(weights), Float64Array.from(velocity)]
      const gradient = Float32Array.from(g.slice(0, size))
      const squares = momentumStep(weights, velocity, gradient, offset, { rate, momentum, decay })
      let sum = 0
      for (const [i, w] of before.entries()) {
        const inside = i >= offset && i < offset + size
        const whole = inside ? gradient[i - offset]! + decay * w : 0
        const v = inside ? momentum * was[i]! + whole : was[i]!
        expect(velocity[i]).toBe(v)
        expect(weights[i]).toBe(inside ? Math.fround(w - rate * (whole + momentum * v)) : w)
        if (inside) sum += w * w
      }
      expect(squares).toBeCloseTo(sum, 9)
    }),
  )
})

test('with one decay per weight, all equal, a step is that with one decay for all, up to rounding', () => {
  fc.assert(
    fc.property(values, values, fc.nat(3), (w, g, offset) => {
      const size = Math.min(w.length, g.length)
      const gradient = Float32Array.from(g.slice(0, size))
      const settings = { rate: 0.125, momentum: 0.5 }
      const start = Float32Array.from([...Array.from({ length: offset }, () => 7), ...w.slice(0, size), 7])
      const begin = () => [start.slice(), Float64Array.from(start, (_, i) => i / 8)] as const
      const [one, velocity] = begin()
      const squares = momentumStep(one, velocity, gradient, offset, { ...settings, decay: 0.25 })
      const [each, velocities] = begin()
      const decay = new Float64Array(size).fill(0.25)
      const sum = momentumStepEach(each, velocities, gradient, offset, settings, decay)
      expect(each).toEqual(one)
      expect(velocities).toEqual(velocity)
      expect(sum).toBeCloseTo(0.25 * squares, 9)
      // Each decay only affects its own weight.
      decay[0] = 0.5
      const [other, otherVelocity] = begin()
      momentumStepEach(other, otherVelocity, gradient, offset, settings, decay)
      expect(other.subarray(offset + 1)).toEqual(one.subarray(offset + 1))
      expect(otherVelocity[offset]! - velocity[offset]!).toBeCloseTo(0.25 * start[offset]!, 12)
    }),
  )
})
