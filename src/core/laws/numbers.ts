/** Comparisons of floating-point numbers, each with its tolerance, and arbitrary numbers that are easy to read. */
import * as E from 'fp-ts/lib/Either.js'
import * as fc from 'fast-check'
import { each, type Tested, unless } from './Law.js'

type Vec = ReadonlyArray<number>

/** Holds if |found − expected| ≤ tolerance; never for NaN. */
export const near = (
  what: string,
  expected: number,
  found: number,
  tolerance: number,
): E.Either<string, Tested> =>
  unless(
    Math.abs(found - expected) <= tolerance,
    () =>
      `${what} is ${found}, not ${expected} (off by ${Math.abs(found - expected)}, tolerance ${tolerance})`,
  )

export const nearAll = (
  what: string,
  expected: Vec,
  found: Vec,
  tolerance: number,
): E.Either<string, Tested> =>
  expected.length === found.length
    ? each(expected, (value, k) => near(`${what}[${k}]`, value, found[k]!, tolerance))
    : E.left(`${what} has ${found.length} components, not ${expected.length}`)

const moved = (x: Vec, k: number, h: number): Vec => x.map((value, i) => (i === k ? value + h : value))

/** Shares of the step to try, for a kink that lies within the full step. */
const narrower = [1, 0.1, 0.01] as const

/**
 * Whether g is the gradient of f at x, by differences over `steps[k]` to either side.
 *
 * Any value between the one-sided difference quotients passes. If f is smooth, the quotients lie f''·h apart and the
 * derivative lies between them; at a kink they bound the subgradients. If a kink is near x, smaller differences exclude
 * it.
 */
export const isGradient = (
  what: string,
  f: (x: Vec) => number,
  x: Vec,
  g: Vec,
  { steps, tolerance }: { readonly steps: Vec; readonly tolerance: Vec },
): E.Either<string, Tested> => {
  if (g.length !== x.length)
    return E.left(`${what} has ${g.length} components; there are ${x.length} variables`)
  const here = f(x)
  return each(x, (_, k) => {
    const quotients = (h: number): readonly [number, number] => [
      (here - f(moved(x, k, -h))) / h,
      (f(moved(x, k, h)) - here) / h,
    ]
    const lies = ([backward, forward]: readonly [number, number]): boolean =>
      g[k]! >= Math.min(forward, backward) - tolerance[k]! &&
      g[k]! <= Math.max(forward, backward) + tolerance[k]!
    return unless(
      narrower.some(share => lies(quotients(share * steps[k]!))),
      () =>
        `${what}[${k}] is ${g[k]!}, but the difference quotients over ${steps[k]!} are ` +
        `${quotients(steps[k]!).join(' and ')} (tolerance ${tolerance[k]!})`,
    )
  })
}

/** Numbers with three decimals, so that a counterexample is easy to read. */
export const thousandths = (from: number, to: number): fc.Arbitrary<number> =>
  fc.integer({ min: Math.ceil(1000 * from), max: Math.floor(1000 * to) }).map(thousandth => thousandth / 1000)

/** Numbers of one digit times a power of ten: 3e-5. */
export const magnitudes = (from: number, to: number): fc.Arbitrary<number> =>
  fc
    .record({ digit: fc.integer({ min: 1, max: 9 }), exponent: fc.integer({ min: from, max: to }) })
    .map(({ digit, exponent }) => Number(`${digit}e${exponent}`))

/** Points in the unit cube. */
export const units = (dimension: number): fc.Arbitrary<Vec> =>
  fc.array(thousandths(0, 1), { minLength: dimension, maxLength: dimension })
