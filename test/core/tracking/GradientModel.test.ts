import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Rng from '../../../src/core/numeric/Rng.js'
import { gradientModel } from '../../../src/core/tracking/GradientModel.js'
import type { Measured } from '../../../src/core/tracking/Measured.js'
import { cases, count, seed } from '../../support/cases.js'

const at = (unit: ReadonlyArray<number>, gradient: ReadonlyArray<number>, coefficient = 10): Measured => ({
  unit,
  gradient,
  skew: null,
  moved: null,
  coefficient,
})

const options = { fading: 0.9, reach: 0.05 }

const unit = fc.double({ min: 0, max: 1, noNaN: true })
const slope = fc.double({ min: -100, max: 100, noNaN: true })

describe('the model of the gradient', () => {
  it('is the only measurement, without noise', () => {
    expect(gradientModel(options)([at([0.5], [2])])).toEqual({
      gradient: [2],
      deviation: [0],
      slope: [0],
      slopeDeviation: [0],
      signal: 2,
      noise: 0,
    })
  })

  it('is the mean of measurements at one place, whose scatter is the noise', () => {
    const { gradient, noise, deviation } = gradientModel({ ...options, fading: 1 })(
      [1, 3, 1, 3].map(g => at([0.5], [g])),
    )
    expect(gradient[0]).toBeCloseTo(2, 12)
    // The mean of four takes a degree of freedom: variance 4/3.
    expect(noise).toBeCloseTo(Math.sqrt(4 / 3), 12)
    expect(deviation[0]).toBeCloseTo(Math.sqrt(1 / 3), 12)
  })

  it('finds a line through many places, and its slope', () => {
    fc.assert(
      fc.property(slope, slope, unit, (a, h, start) => {
        const places = Array.from({ length: 12 }, (_, i) => start + 0.1 * i)
        const { gradient, slope: found } = gradientModel({ fading: 1, reach: 0.5 })(
          places.map(u => at([u], [a + h * u])),
        )
        const truth = a + h * places[11]!
        // The expectation that slopes are small holds both back a little.
        expect(Math.abs(gradient[0]! - truth)).toBeLessThan(0.03 * Math.abs(h) + 1e-9)
        expect(Math.abs(found[0]! - h)).toBeLessThan(0.05 * Math.abs(h) + 1e-9)
      }),
      cases(500),
    )
  })

  it('estimates the noise of measurements at one place without bias', () => {
    const runs = count(400, 'usual')
    const each = 8
    const [normals] = Rng.normals(runs * each)(Rng.make(seed, 1))
    let [estimated, ofMean] = [0, 0]
    for (let r = 0; r < runs; r++) {
      const measured = normals.slice(r * each, (r + 1) * each).map(z => at([0.3], [5 + 2 * z]))
      const model = gradientModel({ fading: 1, reach: 0.05 })(measured)
      estimated += model.noise ** 2 / runs
      ofMean += model.deviation[0]! ** 2 / runs
    }
    // The relative deviation of the mean estimate is √(2/(7·runs)).
    const tolerance = 5 * Math.sqrt(2 / (7 * runs))
    expect(Math.abs(estimated / 4 - 1)).toBeLessThan(tolerance)
    expect(Math.abs(ofMean / (4 / each) - 1)).toBeLessThan(tolerance)
  })

  it('scales with the loss, and forgets what is far away or long ago', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(unit, slope), { minLength: 2, maxLength: 10 }),
        fc.double({ min: 0.01, max: 100, noNaN: true }),
        (points, factor) => {
          const model = gradientModel(options)(points.map(([u, g]) => at([u], [g])))
          const scaled = gradientModel(options)(points.map(([u, g]) => at([u], [factor * g])))
          const size = 1e-9 * factor * 1e3 + 1e-12
          expect(Math.abs(scaled.gradient[0]! - factor * model.gradient[0]!)).toBeLessThan(size)
          // The noise is the root of a sum that may cancel, so it has half of the digits of a gradient of 100.
          expect(Math.abs(scaled.noise - factor * model.noise)).toBeLessThan(
            1e-5 * factor * (model.noise + 1),
          )
        },
      ),
      cases(500),
    )
    const near = [at([0.5], [1]), at([0.5], [1])]
    const { gradient } = gradientModel(options)([at([0.95], [1e6]), ...near])
    expect(gradient[0]).toBeCloseTo(1, 3)
    const [old = NaN] = gradientModel({ ...options, fading: 0.1 })([
      at([0.5], [100]),
      ...Array.from({ length: 5 }, () => at([0.5], [1])),
    ]).gradient
    expect(Math.abs(old - 1)).toBeLessThan(2e-3)
  })

  it('trusts a measurement less the larger its κ was', () => {
    const [mean = NaN] = gradientModel({ ...options, fading: 1 })([
      at([0.5], [4], 30),
      at([0.5], [1], 10),
    ]).gradient
    // Weights 1/9 and 1.
    expect(mean).toBeCloseTo((4 / 9 + 1) / (1 / 9 + 1), 12)
  })
})
