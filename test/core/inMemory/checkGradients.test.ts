import * as E from 'fp-ts/lib/Either.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkGradients } from '../../../src/core/inMemory/checkGradients.js'
import type { Level } from '../../../src/core/inMemory/BilevelProblem.js'
import { solveBilevel } from '../../../src/core/inMemory/solveBilevel.js'
import { diagonalRidge } from '../../support/knownOptima.js'
import { cases } from '../../support/cases.js'

const level: Level = (x, y) => ({
  value: Math.sin(x[0]!) * y[0]! + x[1]! ** 2 * y[1]!,
  gradX: [Math.cos(x[0]!) * y[0]!, 2 * x[1]! * y[1]!],
  gradY: [Math.sin(x[0]!), x[1]! ** 2],
})

const point = fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 2, maxLength: 2 })

describe('checkGradients', () => {
  it('finds nothing wrong with right gradients', () => {
    fc.assert(
      fc.property(point, point, (x, y) => {
        expect(checkGradients(level, x, y)).toEqual(E.right([]))
      }),
      cases(1000),
    )
  })

  it('names the one component that is off, and a wrong sign', () => {
    fc.assert(
      fc.property(point, point, fc.constantFrom('x', 'y'), fc.nat(1), (x, y, by, component) => {
        const broken: Level = (u, v) => {
          const { value, gradX, gradY } = level(u, v)
          const off = (g: ReadonlyArray<number>) => g.with(component, g[component]! + 0.1)
          return by === 'x' ? { value, gradX: off(gradX), gradY } : { value, gradX, gradY: off(gradY) }
        }
        const found = checkGradients(broken, x, y)
        if (E.isLeft(found)) throw new Error(found.left)
        expect(found.right.map(mismatch => [mismatch.by, mismatch.component])).toEqual([[by, component]])
      }),
      cases(1000),
    )
    const flipped: Level = (x, y) => ({ ...level(x, y), gradY: level(x, y).gradY.map(g => -g) })
    const found = checkGradients(flipped, [1, 2], [1, 1])
    expect(E.isRight(found) && found.right.every(({ message }) => message.includes('sign'))).toBe(true)
  })

  it('says where a level cannot be evaluated', () => {
    const log: Level = x => ({ value: Math.log(x[0]!), gradX: [1 / x[0]!], gradY: [0] })
    expect(checkGradients(log, [0], [0])).toEqual(
      E.left('At the given point it returned value = -Infinity, but every number must be finite.'),
    )
  })
})

describe('a lower-level solver of one’s own', () => {
  it('saves evaluations and gives the same solution', () => {
    const known = diagonalRidge(2, 1)
    // The closed form w = a/(1 + θ), with a read off the gradient at zero.
    const own = (theta: ReadonlyArray<number>): number[] => {
      const at0 = known.problem.lowerLevel(theta, [0, 0]).gradY
      return at0.map((g, k) => -g / 2 / (1 + theta[k]!))
    }
    const plain = solveBilevel(known.problem)
    const helped = solveBilevel({ ...known.problem, solveLowerLevel: own })
    if (E.isLeft(plain) || E.isLeft(helped)) throw new Error('both are solved')
    helped.right.x.forEach((value, k) => expect(Math.abs(value - known.x[k]!)).toBeLessThan(1e-3))
    expect(helped.right.evaluations).toBeLessThan(plain.right.evaluations)
  })

  it('may fail without harm', () => {
    const known = diagonalRidge(1, 1)
    const solved = solveBilevel({
      ...known.problem,
      solveLowerLevel: () => {
        throw new Error('no')
      },
    })
    if (E.isLeft(solved)) throw new Error(solved.left.message)
    expect(Math.abs(solved.right.x[0]! - known.x[0]!)).toBeLessThan(1e-3)
  })
})

describe('arguments that are none', () => {
  const level = () => ({ value: 0, gradX: [0], gradY: [0] })
  const said = (...given: ReadonlyArray<unknown>): unknown => {
    const found = Reflect.apply(checkGradients, null, given) as ReturnType<typeof checkGradients>
    return E.isLeft(found) ? found.left : found.right
  }

  it.each([
    [[level, 'a', [0]], 'The point x must be an array of numbers, but is "a".'],
    [[level, [0], null], 'The point y must be an array of numbers, but is null.'],
    [[3, [0], [0]], 'At the given point it threw: level is not a function.'],
    [[() => null, [0], [0]], 'At the given point it returned null instead of `{ value, gradX, gradY }`.'],
    [
      [() => ({ value: 1, gradX: [1] }), [0], [0]],
      'At the given point it returned gradY = undefined; it must be an array of numbers.',
    ],
    [
      [
        () => {
          throw new Error('No data.')
        },
        [0],
        [0],
      ],
      'At the given point it threw: No data.',
    ],
    [[level, [0], [0], null], 'The options must be an object such as `{ tolerance: 1e-6 }`, but are null.'],
    [[level, [0], [0], { tolerance: -1 }], '`tolerance` must be a finite number > 0, but is -1.'],
    [[level, [0], [0], { tolerence: 1 }], '`tolerence` is not known; the only option is `tolerance`.'],
    [[level, new Float64Array(1), new Float64Array(1)], []],
  ])('%o', (given, expected) => {
    expect(said(...given)).toEqual(expected)
  })
})
