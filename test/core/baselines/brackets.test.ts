import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { brackets } from '../../../src/core/index.js'
import { cases } from '../../support/cases.js'

const table = (options: Parameters<typeof brackets>[0]) =>
  brackets(options).map(({ s, rungs }) => [s, ...rungs.map(({ n, r }) => `${n} ${r}`)])

describe("Hyperband's brackets", () => {
  // The printed table is quoted in SMAC3 issue 977 (both tables) and NNI issue 1567 (its n); docs/rivals.md.
  it('are those of table 1 of the paper for R = 81, η = 3', () => {
    expect(table({ R: 81, eta: 3 })).toEqual([
      [4, '81 1', '27 3', '9 9', '3 27', '1 81'],
      [3, '27 3', '9 9', '3 27', '1 81'],
      [2, '9 9', '3 27', '1 81'],
      [1, '6 27', '2 81'],
      [0, '5 81'],
    ])
  })

  it('are those of algorithm 1, if it is followed to the letter', () => {
    expect(table({ R: 81, eta: 3, sizes: 'algorithm' })).toEqual([
      [4, '81 1', '27 3', '9 9', '3 27', '1 81'],
      [3, '34 3', '11 9', '3 27', '1 81'],
      [2, '15 9', '5 27', '1 81'],
      [1, '8 27', '2 81'],
      [0, '5 81'],
    ])
  })

  it('are one bracket of complete trainings if nothing can be halved', () => {
    expect(table({ R: 1, eta: 3 })).toEqual([[0, '1 1']])
  })

  it('bring some trial to R each, use at most (s_max + 1)·R, and keep 1 in η from rung to rung', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1, max: 1000, noNaN: true }),
        fc.double({ min: 2, max: 6, noNaN: true }),
        fc.constantFrom('table', 'algorithm'),
        (R, eta, sizes) => {
          const all = brackets({ R, eta, sizes })
          all.forEach(({ s, rungs }, index) => {
            expect([s, rungs.length]).toEqual([all.length - 1 - index, s + 1])
            expect(rungs[s]!.n).toBeGreaterThanOrEqual(1)
            expect(rungs[s]!.r).toBeCloseTo(R, 9)
            expect(rungs[0]!.r).toBeGreaterThanOrEqual(1 - 1e-8)
            for (let i = 1; i <= s; i++) {
              expect(rungs[i]!.r / rungs[i - 1]!.r).toBeCloseTo(eta, 9)
              expect(rungs[i]!.n).toBeLessThanOrEqual((rungs[0]!.n / eta ** i) * (1 + 1e-8))
            }
            // B of the paper is the budget of a bracket. Rounding n up may add one trial of r to each rung.
            const spent = rungs.reduce((sum, { n, r }) => sum + n * r, 0)
            expect(spent).toBeLessThanOrEqual((all.length + s + 1) * R * (1 + 1e-9))
          })
        },
      ),
      cases(300),
    )
  })
})
