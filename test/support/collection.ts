/**
 * 47 bilevel problems with known optima (test/data/bilevel/problems.json), as functions; and a checker of solutions that
 * shares no code with the solver.
 *
 * Bounds of y may depend on x, so they are substituted: y = lo + (hi − lo)(1 + sin z)/2, or lo + z², or hi − z².
 */
import { readFileSync } from 'node:fs'
import type { BilevelProblem, Level } from '../../src/core/inMemory/BilevelProblem.js'
import { type Expression, parse, variablesOf } from './expressions.js'
import { type Box, descended, type Found } from './newtonByDifferences.js'

type Vec = ReadonlyArray<number>
type Bound = number | string | null

/** A problem as its file states it. */
export interface Stated {
  readonly name: string
  readonly F: string
  readonly f: string
  readonly x: {
    readonly start: Vec
    readonly lower: ReadonlyArray<number | null>
    readonly upper: ReadonlyArray<number | null>
  }
  readonly y: { readonly start: Vec; readonly box: ReadonlyArray<readonly [Bound, Bound]> | null }
  readonly opt: { readonly F: number; readonly f?: number }
  readonly fAny?: boolean
  readonly starts: number
  readonly yRange?: readonly [number, number]
}

export const collection = JSON.parse(
  readFileSync(new URL('../data/bilevel/problems.json', import.meta.url), 'utf8'),
) as ReadonlyArray<Stated>

const boundsOf = ({ y }: Stated): ReadonlyArray<readonly [Expression | null, Expression | null]> =>
  y.start.map((_, k) => {
    const [low, high] = y.box?.[k] ?? [null, null]
    return [low === null ? null : parse(String(low)), high === null ? null : parse(String(high))]
  })

const substitutes = {
  both: parse('lo + (hi - lo) * (0.5 + 0.5 * sin(z))'),
  low: parse('lo + z * z'),
  high: parse('hi - z * z'),
} as const

/** The value of a text at (x, y) itself. */
export const valueAt = (text: string) => {
  const parsed = parse(text)
  return (x: Vec, y: Vec): number => parsed(variablesOf(x, y)).value
}

/** The problem in x and z, and y(x, z). */
export const problemOf = (stated: Stated, xStart: Vec = stated.x.start) => {
  const bounds = boundsOf(stated)
  const inY = (x: Vec, z: Vec) => {
    const variables = variablesOf(x, z)
    bounds.forEach(([low, high], k) => {
      const raw = variables.get(`y${k + 1}`)!
      const inner = new Map([
        ['z', raw],
        ...(low === null ? [] : [['lo', low(variables)] as const]),
        ...(high === null ? [] : [['hi', high(variables)] as const]),
      ])
      if (low !== null && high !== null) variables.set(`y${k + 1}`, substitutes.both(inner))
      else if (low !== null) variables.set(`y${k + 1}`, substitutes.low(inner))
      else if (high !== null) variables.set(`y${k + 1}`, substitutes.high(inner))
    })
    return variables
  }
  const level = (text: string): Level => {
    const parsed = parse(text)
    return (x, z) => {
      const { value, back } = parsed(inY(x, z))
      const gradient = new Float64Array(x.length + z.length)
      back(1, gradient)
      return {
        value,
        gradX: Array.from(gradient.subarray(0, x.length)),
        gradY: Array.from(gradient.subarray(x.length)),
      }
    }
  }
  const yOf = (x: Vec, z: Vec): Vec => {
    const variables = inY(x, z)
    return z.map((_, k) => variables.get(`y${k + 1}`)!.value)
  }
  // Away from the ends of an interval, where the substitution is stationary.
  const zStart = stated.y.start.map((v, k) => {
    const [low, high] = bounds[k]!.map(bound => bound?.(variablesOf(xStart, stated.y.start)).value ?? null)
    if (low !== null && high !== null)
      return Math.asin(Math.max(-0.9, Math.min(0.9, (2 * (v - low!)) / Math.max(1e-9, high! - low!) - 1)))
    if (low !== null) return Math.sqrt(Math.max(0.1, v - low!))
    return high === null ? v : Math.sqrt(Math.max(0.1, high! - v))
  })
  const problem: BilevelProblem = {
    x: {
      start: xStart,
      lower: stated.x.lower.map(v => v ?? -Infinity),
      upper: stated.x.upper.map(v => v ?? Infinity),
    },
    y: { start: zStart },
    upperLevel: level(stated.F),
    lowerLevel: level(stated.f),
  }
  return { problem, yOf }
}

/** Whether F and f are both within 1e-3 of the best known. */
export const isRight = (
  { opt, fAny = false }: Stated,
  { upperValue, lowerValue }: { readonly upperValue: number; readonly lowerValue: number },
): boolean => {
  const near = (value: number, known: number): boolean =>
    Math.abs(value - known) <= 1e-3 * Math.max(1, Math.abs(known))
  return near(upperValue, opt.F) && (fAny || opt.f === undefined || near(lowerValue, opt.f))
}

/** Points of y where there is one component: dense, and then denser around the lowest. */
const lowestOn = (f: (y: number) => number, low: number, high: number): number => {
  const best = (a: number, b: number, points: number): number => {
    let [least, where] = [Infinity, a]
    for (let i = 0; i <= points; i++) {
      const y = a + ((b - a) * i) / points
      const value = f(y)
      if (value < least) [least, where] = [value, y]
    }
    return where
  }
  let [y, width] = [best(low, high, 4000), (high - low) / 4000]
  for (let round = 0; round < 3; round++) {
    y = best(Math.max(low, y - width), Math.min(high, y + width), 200)
    width /= 100
  }
  return y
}

/** Shares of the range of x at which a better one is looked for. */
const shares = [0.02, -0.02, 0.005, -0.005, 0.001, -0.001] as const

/** The bounds of y at an x; where there is no bound, ten of its sizes to either side. */
const boxAt = (stated: Stated, x: Vec, y: Vec): Box => {
  const end = (side: 0 | 1, sign: number) =>
    y.map((v, k) => {
      const bound = stated.y.box?.[k]?.[side] ?? null
      return bound === null
        ? (stated.yRange?.[side] ?? v + 10 * sign * Math.max(1, Math.abs(v)))
        : valueAt(String(bound))(x, y)
    })
  return { low: end(0, -1), high: end(1, 1) }
}

/** Starts over a box: an irrational step for each component never repeats a place. */
const spread = ({ low, high }: Box, count: number): ReadonlyArray<Vec> =>
  Array.from({ length: count }, (_, i) =>
    low.map((v, k) => v + (high[k]! - v) * (((i + 1) * Math.sqrt(k + 2)) % 1)),
  )

/**
 * What is wrong with a point that is called a solution: `null` if nothing. The lower level is searched at x and around it,
 * densely where y has one component, else by Newton steps from several starts. `x` and `y` are in the problem's own variables.
 */
export const complaint = (stated: Stated, x: Vec, y: Vec): string | null => {
  const [F, f] = [valueAt(stated.F), valueAt(stated.f)]
  /** Minima of f(at, ·) within the bounds, the lowest first. */
  const minimaAt = (at: Vec, starts: (box: Box) => ReadonlyArray<Vec>): ReadonlyArray<Found> => {
    const box = boxAt(stated, at, y)
    const lower = (v: Vec): number => f(at, v)
    if (y.length > 1)
      return starts(box)
        .map(start => descended(lower, box, start))
        .sort((a, b) => a.value - b.value)
    const found = lowestOn(v => lower([v]), box.low[0]!, box.high[0]!)
    return [{ y: [found], value: lower([found]) }]
  }
  const minima = minimaAt(x, box => [y, stated.y.start, ...spread(box, 6)])
  // Near x, one of the lowest minima there is the lowest.
  const near = [y, ...minima.slice(0, 3).map(one => one.y)]
  const least = minima[0]!.value
  const violation = f(x, y) - least
  const scale = Math.max(1, Math.abs(least), Math.abs(f(stated.x.start, stated.y.start) - least))
  if (violation > 1e-4 * scale) return `the violation is ${violation}`
  const here = F(x, y)
  for (const [k, v] of x.entries()) {
    const [low, high] = [stated.x.lower[k] ?? -Infinity, stated.x.upper[k] ?? Infinity]
    const range = Number.isFinite(high - low) ? high - low : Math.max(1, Math.abs(v))
    for (const share of shares) {
      const moved = x.map((value, i) =>
        i === k ? Math.min(high, Math.max(low, value + share * range)) : value,
      )
      const value = F(moved, minimaAt(moved, () => near)[0]!.y)
      if (value < here - 2e-3 * Math.max(1, Math.abs(here)))
        return `at x = [${moved.join(', ')}] F is ${value} instead of ${here}`
    }
  }
  return null
}
