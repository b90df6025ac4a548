import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Normal from '../../../src/core/numeric/Normal.js'
import { cases } from '../../support/cases.js'

/** t, Φ(−t), M(t) and 1 − t·M(t) by mpmath with 60 digits. */
const reference: ReadonlyArray<readonly [t: number, cdf: number, mills: number, tail: number]> = [
  [0, 0.5, 1.2533141373155003, 1.0],
  [0.25, 0.4012936743170763, 1.0378245758537268, 0.7405438560365682],
  [0.6, 0.2742531177500736, 0.8230278177842874, 0.5061833093294276],
  [0.7, 0.24196365222307303, 0.7748938487793906, 0.4575743058544266],
  [1, 0.15865525393145705, 0.6556795424187984, 0.34432045758120156],
  [2.5, 0.006209665325776135, 0.35426511132979366, 0.11433722167551583],
  [5.5, 1.8989562465887718e-8, 0.1763229857571027, 0.030223578335935124],
  [6, 9.86587645037698e-10, 0.16237766089686745, 0.02573403461879523],
  [12, 1.776482112077679e-33, 0.08276628650136918, 0.006804561983569873],
  [29, 3.28978526670438e-185, 0.034441901929091245, 0.001184844056353878],
  [30, 4.906713927148187e-198, 0.03329641907249721, 0.0011074278250835985],
  [31, 2.6952500812005002e-211, 0.032224601578436665, 0.00103735106846336],
  [100, 0, 0.009999000299850106, 9.997001498950944e-5],
  [100000, 0, 9.999999999e-6, 9.999999997e-11],
]

/** Allowed relative errors: a few units in the last place; for the difference 1 − t·M(t), those times t². */
const allowed = 1e-15
const relative = (found: number, expected: number): number => Math.abs(found / expected - 1)

describe('the normal distribution', () => {
  it.each(reference)('at t = %d agrees with mpmath', (t, cdf, mills, tail) => {
    if (cdf > 0) expect(relative(Normal.cdf(-t), cdf)).toBeLessThan(t * t * 1e-16 + allowed)
    expect(relative(Normal.mills(t), mills)).toBeLessThan(allowed)
    expect(relative(Normal.tail(t), tail)).toBeLessThan(Math.min(900, t * t) * 1e-15 + allowed)
    expect(Normal.cdf(t)).toBeCloseTo(1 - cdf, 15)
  })

  it('has Φ(z) + Φ(−z) = 1, to 1e-15, and Φ′ = φ, to 1e-8', () => {
    fc.assert(
      fc.property(fc.double({ min: -8, max: 8, noNaN: true }), z => {
        expect(Math.abs(Normal.cdf(z) + Normal.cdf(-z) - 1)).toBeLessThanOrEqual(1e-15)
        const h = 1e-5
        expect((Normal.cdf(z + h) - Normal.cdf(z - h)) / (2 * h)).toBeCloseTo(Normal.density(z), 8)
        expect(Normal.logDensity(z)).toBeCloseTo(Math.log(Normal.density(z)), 12)
      }),
      cases(300),
    )
  })
})
