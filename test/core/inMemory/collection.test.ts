/**
 * Problems with known optima from the literature, and what `converged` and `kink` claim of them, by a checker that shares no
 * code with the solver. `npm test` takes every sixth, from its given start; `npm run test:deep` all, from five starts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { solveBilevel } from '../../../src/core/inMemory/solveBilevel.js'
import * as Rng from '../../../src/core/numeric/Rng.js'
import { deep, seed } from '../../support/cases.js'
import { collection, complaint, isRight, problemOf, type Stated } from '../../support/collection.js'

type Vec = ReadonlyArray<number>

/** The given start, and random ones within 5 of it and the bounds. */
const startsOf = ({ name, x }: Stated, count: number, from: number): ReadonlyArray<Vec> =>
  Array.from({ length: count }, (_, i) => {
    if (i === 0) return x.start
    const [normals] = Rng.normals(x.start.length)(Rng.make(from, name.length, i))
    return x.start.map((v, k) => {
      const low = Math.max(x.lower[k] ?? -Infinity, v - 5)
      const high = Math.min(x.upper[k] ?? Infinity, v + 5)
      return low + (high - low) / (1 + Math.exp(-1.702 * normals[k]!))
    })
  })

const ended = (stated: Stated, start: Vec) => {
  const { problem, yOf } = problemOf(stated, start)
  const solved = solveBilevel(problem, { starts: stated.starts, seed: 1 })
  if (E.isLeft(solved)) return null
  const { x, y, upperValue, lowerValue, stopReason } = solved.right
  const claimed = stopReason === 'converged' || stopReason === 'kink'
  const wrong = claimed ? complaint(stated, x, yOf(x, y)) : null
  return { right: isRight(stated, { upperValue, lowerValue }), stopReason, wrong }
}

describe('the checker', () => {
  const stated = collection.find(({ name }) => name === 'LamparielloSagratella2017Ex32')!

  it('knows a solution', () => {
    expect(complaint(stated, [0.5], [0.5])).toBe(null)
  })

  it('complains of another y, and of another x', () => {
    expect(complaint(stated, [0.5], [0.6])).toContain('violation')
    expect(complaint(stated, [0.8], [0.2])).toContain('instead of')
  })

  it('knows one of several y, and complains of another y, and of another x', () => {
    const several = collection.find(({ name }) => name === 'DeSilva1978')!
    expect(complaint(several, [0.5, 0.5], [0.5, 0.5])).toBe(null)
    expect(complaint(several, [0.5, 0.5], [0.5, 0.7])).toContain('violation')
    expect(complaint(several, [1.2, 0.7], [1.2, 0.7])).toContain('instead of')
  })
})

describe('a toll that nobody pays', () => {
  const stated = collection.find(({ name }) => name === 'TollSettingP4')!

  it('is no solution where a lower one is paid near by: there y is a saddle of f, which all other components hide', () => {
    // Found by seeds 175084677 and 2: y1 = 0 is a maximum of f in z1 at the lower toll, and y2 a steep minimum in z2.
    for (const x of [
      [2.834125354017381, 4.541355226429976],
      [2.624037127344038, 2.0170935406707873],
    ]) {
      const end = ended(stated, x)
      expect(end?.wrong).toBe(null)
      expect(end?.stopReason).toBe('kink')
    }
  })
})

describe('of problems with known optima', () => {
  const some = deep ? collection : collection.filter((_, i) => i % 6 === 0)
  const all = some.map(stated => ({
    name: stated.name,
    ends: startsOf(stated, deep ? 5 : 1, seed).map(start => ended(stated, start)),
  }))
  const ends = all.flatMap(({ name, ends }) => ends.map(end => ({ name, end })))

  it('no certificate of `converged` or `kink` fails', () => {
    expect(
      ends.flatMap(({ name, end }) => (end === null || end.wrong === null ? [] : [`${name}: ${end.wrong}`])),
    ).toEqual([])
  })

  it('as many are solved as before', () => {
    const first = all.filter(({ ends: [end] }) => end?.right === true).length
    // From the given start 38 of 47; others are local optima or plateaus in x.
    expect(first).toBeGreaterThanOrEqual(deep ? 38 : Math.floor(0.7 * all.length))
    if (!deep) return
    // The same starts in every run: as the starts fall, 44 to 46 are solved. The f of one changes with the cube of x at its optimum.
    const best = collection.filter(stated =>
      startsOf(stated, 5, 1).some(start => ended(stated, start)?.right === true),
    ).length
    expect(best).toBeGreaterThanOrEqual(45)
  })

  it('a right answer is called one, but for at most 5%', () => {
    const right = ends.filter(({ end }) => end?.right === true)
    const unnamed = right.filter(({ end }) => end!.stopReason !== 'converged' && end!.stopReason !== 'kink')
    expect(unnamed.length).toBeLessThanOrEqual(Math.ceil(0.05 * right.length))
  })
})
