/**
 * Checks the gradients of a level against finite differences, and says which component is off.
 */
import * as E from 'fp-ts/lib/Either.js'
import { evaluate, type Level } from './BilevelProblem.js'

type Vec = ReadonlyArray<number>

/** A component of a gradient that does not agree with the function's values. */
export interface GradientMismatch {
  /** `x` or `y`: which gradient. */
  readonly by: 'x' | 'y'
  readonly component: number
  /** What the function returned. */
  readonly stated: number
  /** What its values say. */
  readonly measured: number
  /** A sentence for a person. */
  readonly message: string
}

/** How closely gradients and differences must agree. */
export interface CheckOptions {
  /** The largest difference that counts as agreement, relative to the larger of the two and 1. Default 1e-5. */
  readonly tolerance?: number
}

/** Step of the differences, relative to the size of a component: the cube root of float64's precision, roughly. */
const relativeStep = 6e-6

/**
 * Every component of `gradX` and `gradY` at (x, y) that differs from (f(· + h) − f(· − h)) / 2h by more than the
 * tolerance; an empty list where all agree.
 *
 * Errors: a sentence saying where the level cannot be evaluated.
 */
export const checkGradients = (
  level: Level,
  x: Vec,
  y: Vec,
  { tolerance = 1e-5 }: CheckOptions = {},
): E.Either<string, ReadonlyArray<GradientMismatch>> => {
  const here = evaluate(level, x, y)
  if (E.isLeft(here)) return E.left(`At the given point ${here.left}.`)
  const mismatches: GradientMismatch[] = []
  for (const by of ['x', 'y'] as const) {
    const vector = by === 'x' ? x : y
    const gradient = by === 'x' ? here.right.gradX : here.right.gradY
    for (const [component, at] of vector.entries()) {
      const h = relativeStep * Math.max(1, Math.abs(at))
      const valueAt = (shift: number): E.Either<string, number> => {
        const shifted = vector.with(component, at + shift)
        const result = by === 'x' ? evaluate(level, shifted, y) : evaluate(level, x, shifted)
        return E.isLeft(result)
          ? E.left(`At ${by}[${component}] = ${at + shift} ${result.left}.`)
          : E.right(result.right.value)
      }
      const above = valueAt(h)
      const below = valueAt(-h)
      if (E.isLeft(above)) return above
      if (E.isLeft(below)) return below
      const measured = (above.right - below.right) / (2 * h)
      const stated = gradient[component]!
      // Rounding of the values themselves may be all that the difference consists of.
      const rounding = (1e-15 * (Math.abs(above.right) + Math.abs(below.right))) / h
      const allowed = tolerance * Math.max(1, Math.abs(stated), Math.abs(measured)) + rounding
      if (!(Math.abs(stated - measured) <= allowed))
        mismatches.push({
          by,
          component,
          stated,
          measured,
          message:
            `grad${by === 'x' ? 'X' : 'Y'}[${component}] is ${stated}, but the values around the point say ${measured}` +
            (Math.abs(stated + measured) <= allowed ? '; its sign looks wrong.' : '.'),
        })
    }
  }
  return E.right(mismatches)
}
