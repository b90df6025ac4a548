/**
 * Checks the gradients of a level against finite differences, and says which component is off.
 */
import * as E from 'fp-ts/lib/Either.js'
import { sentence } from '../codec/sentence.js'
import { shown } from '../codec/shown.js'
import { evaluate, isVector, type Level, type Numbers } from './BilevelProblem.js'

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

/** The fault of the options; `null` if they are fine. A codec would make a bundle of this function twice as large. */
const wrongOption = (given: unknown): string | null => {
  if (typeof given !== 'object' || given === null)
    return `The options must be an object such as \`{ tolerance: 1e-6 }\`, but are ${shown(given, 60)}.`
  for (const [name, value] of Object.entries(given)) {
    if (name !== 'tolerance') return `\`${name}\` is not known; the only option is \`tolerance\`.`
    if (value !== undefined && !(typeof value === 'number' && value > 0 && Number.isFinite(value)))
      return `\`tolerance\` must be a finite number > 0, but is ${shown(value, 60)}.`
  }
  return null
}

/** Step of the differences, relative to the size of a component: the cube root of float64's precision, roughly. */
const relativeStep = 6e-6

/**
 * Every component of `gradX` and `gradY` at (x, y) that differs from (f(· + h) − f(· − h)) / 2h by more than the
 * tolerance; an empty list where all agree.
 *
 * Errors: a sentence that says where the level cannot be evaluated, or which argument cannot be used.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { checkGradients, type CheckOptions, type GradientMismatch, type Level } from 'bilevel-hpo'
 *
 * // f = x·y², with a slip in ∂f/∂y.
 * const level: Level = ([x = 0], [y = 0]) => ({ value: x * y * y, gradX: [y * y], gradY: [x * y] })
 * const options: CheckOptions = { tolerance: 1e-6 }
 * const mismatches: E.Either<string, ReadonlyArray<GradientMismatch>> = checkGradients(level, [2], [3], options)
 * E.map((found: ReadonlyArray<GradientMismatch>) => found.map(({ by, stated }) => [by, stated]))(mismatches) // => E.right([['y', 6]])
 * ```
 */
export const checkGradients = (
  level: Level,
  givenX: Numbers,
  givenY: Numbers,
  given: CheckOptions = {},
): E.Either<string, ReadonlyArray<GradientMismatch>> => {
  for (const [name, vector] of [
    ['x', givenX],
    ['y', givenY],
  ] as const)
    if (!isVector(vector))
      return E.left(`The point ${name} must be an array of numbers, but is ${shown(vector, 60)}.`)
  const wrong = wrongOption(given)
  if (wrong !== null) return E.left(wrong)
  const { tolerance = 1e-5 } = given
  // Copies: plain arrays, whatever was given.
  const [x, y]: readonly [Vec, Vec] = [Array.from(givenX), Array.from(givenY)]
  const here = evaluate(level, x, y)
  if (E.isLeft(here)) return E.left(sentence(`At the given point ${here.left}`))
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
          ? E.left(sentence(`At ${by}[${component}] = ${at + shift} ${result.left}`))
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
