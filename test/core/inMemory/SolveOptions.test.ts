/** What a caller may choose of a search: tolerances that save evaluations, and word of where it is. */
import * as fc from 'fast-check'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import type { BilevelProblem } from '../../../src/core/inMemory/BilevelProblem.js'
import { type BilevelSolution, solveBilevel } from '../../../src/core/inMemory/solveBilevel.js'
import type { SolveOptions, SolveProgress } from '../../../src/core/inMemory/SolveOptions.js'
import * as Simulate from '../../../src/core/laws/simulate/index.js'
import { cases } from '../../support/cases.js'

const solved = (problem: BilevelProblem, options: SolveOptions): BilevelSolution => {
  const result = solveBilevel(problem, options)
  if (E.isLeft(result)) throw new Error(result.left.message)
  return result.right
}

const sized = [fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }), fc.nat(1e6)] as const

describe('looser tolerances', () => {
  it('of F and of x take fewer evaluations on random quadratics in all, and give what they promise', () => {
    let [loose, tight] = [0, 0]
    fc.assert(
      fc.property(...sized, (d, m, seed) => {
        const { problem } = Simulate.randomQuadratic(d, m, seed)
        const exact = solved(problem, {})
        const near = solved(problem, { xTolerance: 1e-3, upperTolerance: 1e-3 })
        const size = Math.max(1, Math.abs(exact.upperValue))
        expect(near.upperValue - exact.upperValue).toBeLessThanOrEqual(0.01 * size)
        loose += near.evaluations
        tight += exact.evaluations
      }),
      cases(300, 'slow'),
    )
    expect(loose).toBeLessThan(tight)
  })
})

describe('onProgress', () => {
  it('is told of a search that moves on, within its budget, to the solution', () => {
    fc.assert(
      fc.property(...sized, (d, m, seed) => {
        const { problem } = Simulate.randomQuadratic(d, m, seed)
        const seen: Array<SolveProgress> = []
        const solution = solved(problem, { onProgress: progress => void seen.push(progress) })
        expect(seen.length).toBeGreaterThan(0)
        seen.slice(1).forEach((progress, i) => {
          expect(progress.lowerLevelSolves).toBeGreaterThanOrEqual(seen[i]!.lowerLevelSolves)
          expect(progress.evaluations).toBeGreaterThanOrEqual(seen[i]!.evaluations)
        })
        for (const { x, lowerLevelSolves, maxLowerLevelSolves } of seen) {
          expect(x.length).toBe(d)
          expect(lowerLevelSolves).toBeLessThanOrEqual(maxLowerLevelSolves)
        }
        const last = seen[seen.length - 1]!
        expect(last.lowerLevelSolves).toBe(solution.lowerLevelSolves)
        expect(last.evaluations).toBeLessThanOrEqual(solution.evaluations)
        // Nothing that a caller is told changes the search.
        expect(solved(problem, {})).toEqual(solution)
      }),
      cases(100, 'slow'),
    )
  })

  const pair: BilevelProblem = {
    x: { start: [1, 7], lower: [-3, 7], upper: [3, 7] },
    y: { start: [0] },
    upperLevel: ([x = 0], [y = 0]) => ({
      value: x ** 2 + (y - 1) ** 2,
      gradX: [2 * x, 0],
      gradY: [2 * (y - 1)],
    }),
    lowerLevel: ([x = 0], [y = 0]) => ({
      value: (y - x) ** 2,
      gradX: [2 * (x - y), 0],
      gradY: [2 * (y - x)],
    }),
  }

  it('has all of x, fixed components too', () => {
    const seen: Array<SolveProgress> = []
    solved(pair, { onProgress: progress => void seen.push(progress) })
    expect(seen[0]?.x).toEqual([1, 7])
    expect(seen.every(({ x }) => x[1] === 7)).toBe(true)
  })

  it('ends the search where it throws', () => {
    const impatient = (): void => {
      throw new Error('enough')
    }
    expect(solveBilevel(pair, { onProgress: impatient })).toEqual(
      E.left({ _tag: 'Numerical', message: '`onProgress` threw: enough' }),
    )
  })

  it('is not asked of options that cannot be read', () => {
    const silent = (): void => undefined
    const unreadable = (field: string, more: object): object =>
      Object.defineProperty({ ...more }, field, {
        enumerable: true,
        get: () => {
          throw new Error('gone')
        },
      })
    for (const options of [
      unreadable('seed', {}),
      unreadable('seed', { onProgress: silent }),
      unreadable('onProgress', {}),
    ])
      expect(solveBilevel(pair, options)).toMatchObject({ _tag: 'Left', left: { _tag: 'InvalidConfig' } })
  })
})
