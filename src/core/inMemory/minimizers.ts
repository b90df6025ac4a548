/**
 * Minimising over y at a fixed x, and what counts as a minimizer of the lower level.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Lbfgs from '../numeric/Lbfgs.js'
import * as Rng from '../numeric/Rng.js'
import {
  type CompleteProblem,
  evaluate,
  type Evaluated,
  type Level,
  type Variables,
} from './BilevelProblem.js'

type Vec = ReadonlyArray<number>

/** ‖v‖, of any length, and without overflow on the way. */
const norm = (v: Vec): number => {
  const largest = v.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (largest === 0 || !Number.isFinite(largest)) return largest
  return largest * Math.sqrt(v.reduce((sum, value) => sum + (value / largest) ** 2, 0))
}

/** The nearest point within the bounds of y. */
export const insideY =
  ({ y: { lower, upper } }: Pick<CompleteProblem, 'y'>) =>
  (y: Vec): Vec =>
    y.map((v, k) => Math.min(upper[k]!, Math.max(lower[k]!, v)))

/** The slope a unit away from the start, of which nobody knows whether that is far, counts for this share. */
const share = 1e-6

/** Steps away from the start, relative to each of its components: a periodic f may be stationary at one of them. */
const steps = [1, 0.618] as const

/** ‖∇_y f‖ at or near the start, by which gradients are judged. Takes three evaluations. */
export const steepnessOf = (problem: CompleteProblem): number => {
  const slopeAt = (y: Vec): number => {
    const result = evaluate(problem.lowerLevel, problem.x.start, y)
    return E.isRight(result) ? norm(result.right.gradY) : 0
  }
  // The start may happen to be a minimizer; a step away from it tells more.
  const away = steps.map(step =>
    insideY(problem)(problem.y.start.map(y => y + step * (y === 0 ? 1 : Math.abs(y)))),
  )
  return Math.max(slopeAt(problem.y.start), ...away.map(y => share * slopeAt(y)))
}

/** How much a start is moved to see what leaving a minimum costs, relative to each of its components. */
const nudge = 0.01

/**
 * The y at which F and f are measured before anything is learnt, which gives both their units. A start that is next to
 * a minimizer would give f the unit of a rounding error; so of the start, a point 1 % off it and `others`, it is the
 * one with the largest f. Takes two evaluations, and one for each of the others.
 */
export const outsetOf = (problem: CompleteProblem, others: ReadonlyArray<Vec>): Vec => {
  const { start } = problem.y
  const valueAt = (y: Vec): number => {
    const result = evaluate(problem.lowerLevel, problem.x.start, y)
    const usable = E.isRight(result) && E.isRight(evaluate(problem.upperLevel, problem.x.start, y))
    return usable ? result.right.value : -Infinity
  }
  return [insideY(problem)(start.map(y => y + nudge * Math.abs(y))), ...others].reduce(
    (largest, y) => {
      const value = valueAt(y)
      return value > largest.value ? { y, value } : largest
    },
    { y: start, value: valueAt(start) },
  ).y
}

/**
 * Gradients this much smaller than at the start count as zero: near the limit of float64, for what is left of them is
 * multiplied by κ in the gradient by x.
 */
const relativeTolerance = 1e-14
/** At most this share of the gradient at the start is left at a minimum. */
const hopeless = 1e-3
/** A minimizer has f rising again within this share of y's size, or of the way from its start. */
const vicinity = 1e-3
/** Slopes below this share of the gradient may be rounding, where f is flat along a direction. */
const flat = 1e-6

/**
 * The point to go on from, where f goes on falling beyond the vicinity of one where its gradient is next to nothing: then
 * it only approaches its infimum there (like exp(−y)), or has a saddle or a maximum there. `None` for a minimizer.
 * Takes an evaluation or two.
 */
export const beyond = (
  problem: CompleteProblem,
  x: Vec,
  { y, gradient }: Pick<Minimized, 'y' | 'gradient'>,
): O.Option<Vec> => {
  const steep = norm(gradient)
  const direction = steep > 0 ? gradient.map(g => -g) : Rng.normals(y.length)(Rng.make(y.length))[0]
  const size = norm(direction)
  const downhill = direction.map(v => v / size)
  const falling = (distance: number): O.Option<Vec> => {
    const point = insideY(problem)(y.map((v, k) => v + distance * downhill[k]!))
    const there = evaluate(problem.lowerLevel, x, point)
    if (E.isLeft(there)) return O.none
    // Bounds may cut off some of the way.
    const way = point.map((v, k) => v - y[k]!)
    const length = norm(way)
    if (length === 0) return O.none
    const slope = there.right.gradY.reduce((sum, g, k) => sum + (g * way[k]!) / length, 0)
    return slope < -flat * norm(there.right.gradY) ? O.some(point) : O.none
  }
  const extent = Math.max(norm(y), norm(y.map((v, k) => v - problem.y.start[k]!)))
  return pipe(
    falling(vicinity * (extent > 0 ? extent : 1)),
    // A y that is zero but for rounding says nothing of how large y is elsewhere.
    O.chain(point => (extent >= 1 ? O.some(point) : falling(vicinity))),
  )
}

/** Single components of y are moved, in search of a saddle, only if there are at most this many. */
const mostMoved = 10
/** Along a component, f falls clearly if its slope is this share of the gradient there, and this many times the gradient at y. */
const clear = { share: 1e-3, times: 1e3 } as const

/**
 * A point beside y from which f falls along one component; `None` for a minimizer, and for y of many components. {@link beyond} moves
 * all components at once, and rising ones hide a falling one. Takes an evaluation for each component.
 */
export const beside = (
  problem: CompleteProblem,
  x: Vec,
  { y, gradientNorm }: Pick<Minimized, 'y' | 'gradientNorm'>,
): O.Option<Vec> => {
  if (y.length > mostMoved) return O.none
  const inside = insideY(problem)
  for (let k = 0; k < y.length; k++) {
    const moved = (by: number): Vec => inside(y.map((v, j) => (j === k ? v + by : v)))
    const step = vicinity * Math.max(1, Math.abs(y[k]!))
    const [up, down] = [moved(step), moved(-step)]
    const point = up[k]! - y[k]! >= y[k]! - down[k]! ? up : down
    const there = evaluate(problem.lowerLevel, x, point)
    if (E.isLeft(there)) continue
    const slope = there.right.gradY[k]! * Math.sign(point[k]! - y[k]!)
    if (slope < -Math.max(clear.share * norm(there.right.gradY), clear.times * gradientNorm))
      return O.some(point)
  }
  return O.none
}

/** A weighted sum of levels. */
export type Terms = ReadonlyArray<readonly [coefficient: number, level: Level]>

/** The value of a weighted sum; Infinity where a level cannot be evaluated. */
export const valueOf = (terms: Terms, x: Vec, y: Vec): number =>
  terms.reduce((sum, [coefficient, level]) => {
    if (coefficient === 0) return sum
    const at = evaluate(level, x, y)
    return E.isRight(at) ? sum + coefficient * at.right.value : Infinity
  }, 0)

/** Where a minimisation ended. */
export interface Minimized {
  readonly y: Vec
  readonly value: number
  readonly gradient: Vec
  readonly gradientNorm: number
  readonly converged: boolean
  readonly evaluations: number
  /** The values of each term's level at y; `null` where its coefficient is 0. */
  readonly levels: ReadonlyArray<Evaluated | null>
  /** The curvature that the descent met, for the next one. */
  readonly pairs: ReadonlyArray<Lbfgs.Pair>
}

/** Where a descent begins, and what is known there beforehand. */
export interface Start {
  readonly y: Vec
  /** Of a descent on similar terms. Default: none. */
  readonly pairs?: ReadonlyArray<Lbfgs.Pair>
  /** The values of each term's level at y. Default: they are evaluated. */
  readonly levels?: ReadonlyArray<Evaluated | null> | undefined
}

/** How a minimisation judges gradients (see {@link steepnessOf}), where y may be, and how long it may take. */
export interface Limits {
  readonly steepness: number
  readonly bounds: Pick<Variables, 'lower' | 'upper'>
  readonly maxIterations: number
  /** Gradients this much smaller than at the start count as zero. Default: near the limit of float64. */
  readonly accuracy?: number
}

const length = (v: Float64Array): number => {
  let sum = 0
  for (let i = 0; i < v.length; i++) sum += v[i]! * v[i]!
  return Math.sqrt(sum)
}

/** How much the gradient changed per unit of a step. */
const curvature = ({ s, y }: Lbfgs.Pair): number => length(y) / length(s)

/** Steps that may pass without a gain where the gradient is within this multiple of its rounding. */
const patience = { steps: 2, rounding: 100 } as const

/**
 * A descent that ends where the gradient is rounding: the rounding of y alone changes it by up to ε‖H‖·‖y‖, where the
 * largest curvature stands for ‖H‖. L-BFGS itself looks at the latest curvature only, and takes some fifty steps there
 * to be sure. Returns the pairs along which the gradient changed by more than that.
 */
const untilRounding = (problem: Lbfgs.Problem): Lbfgs.State => {
  const next = Lbfgs.step(problem)
  let state = Lbfgs.init(problem)
  let steepest = state.pairs.reduce((most, pair) => Math.max(most, curvature(pair)), 0)
  const rounding = (): number => Number.EPSILON * norm(state.x) * steepest
  while (state.ending === null) {
    if (state.projectedGradient <= rounding()) break
    if (state.stalled >= patience.steps && state.projectedGradient <= patience.rounding * rounding()) break
    state = next(state)
    const latest = state.pairs[state.pairs.length - 1]
    if (latest !== undefined) steepest = Math.max(steepest, curvature(latest))
  }
  const least = patience.rounding * rounding()
  return { ...state, pairs: state.pairs.filter(({ y }) => length(y) > least) }
}

/** The most numbers in the steps of all remembered pairs, where pairs are few; their changes of the gradient take as many. */
const cheap = 2e5

/** Pairs that a descent remembers: as many as y has components, within what is cheap next to most levels. */
const memoryFor = (dimension: number): number =>
  Math.max(30, Math.min(dimension, 120, Math.floor(cheap / dimension)))

/** Whether y is at a bound, up to the rounding of the step that ended there. */
const isAt = (y: number, bound: number): boolean =>
  Number.isFinite(bound) && Math.abs(y - bound) <= 4 * Number.EPSILON * Math.abs(bound)

const bad = { value: Infinity, gradient: [] } as const

/** Minimises Σ coefficient·level over y, within its bounds, at x. */
export const minimize = (
  { steepness, bounds, maxIterations, accuracy = relativeTolerance }: Limits,
  terms: Terms,
  x: Vec,
  { y: start, pairs = [], levels }: Start,
): Minimized => {
  let evaluations = 0
  const seen = new WeakMap<Vec, ReadonlyArray<Evaluated | null>>()
  /** The values of the levels at y; `null` if one of them cannot be evaluated. */
  const asked = (y: Vec): ReadonlyArray<Evaluated | null> | null => {
    const said: Array<Evaluated | null> = []
    for (const [coefficient, level] of terms) {
      if (coefficient === 0) {
        said.push(null)
        continue
      }
      evaluations++
      const result = evaluate(level, x, y)
      if (E.isLeft(result)) return null
      said.push(result.right)
    }
    return said
  }
  const summed = (said: ReadonlyArray<Evaluated | null>): Lbfgs.Evaluation => {
    let value = 0
    const gradient = new Array<number>(start.length).fill(0)
    for (const [k, at] of said.entries()) {
      if (at === null) continue
      const coefficient = terms[k]![0]
      value += coefficient * at.value
      for (let i = 0; i < gradient.length; i++) gradient[i]! += coefficient * at.gradY[i]!
    }
    return { value, gradient }
  }
  const atFirst = levels ?? asked(start)
  // L-BFGS begins at the start, which was evaluated before it for its scale.
  let begun = false
  const objective = (y: Vec): Lbfgs.Evaluation => {
    const said = begun ? asked(y) : atFirst
    begun = true
    if (said === null) return bad
    seen.set(y, said)
    return summed(said)
  }
  const first = norm(atFirst === null ? [] : summed(atFirst).gradient)
  const scale = Math.max(steepness, Number.isFinite(first) ? first : 0)
  const minimum = untilRounding({
    objective,
    start,
    lower: bounds.lower,
    upper: bounds.upper,
    gradientTolerance: accuracy * scale,
    maxIterations,
    memory: memoryFor(start.length),
    scaling: 'flattest',
    pairs,
  })
  // Components that push out of the bounds are no slope that could be followed.
  const projected = minimum.gradient.map((g, k) => {
    const [y, low, high] = [minimum.x[k]!, bounds.lower[k]!, bounds.upper[k]!]
    return (g > 0 && isAt(y, low)) || (g < 0 && isAt(y, high)) ? 0 : g
  })
  const gradientNorm = norm(projected)
  return {
    y: minimum.x,
    value: minimum.value,
    gradientNorm,
    gradient: projected,
    converged: Number.isFinite(minimum.projectedGradient) && gradientNorm <= hopeless * scale,
    evaluations,
    levels: seen.get(minimum.x) ?? [],
    pairs: minimum.pairs,
  }
}

/** Whether a point is another minimizer than y, and not y followed to or from an x near by. */
export const isElsewhere = (z: Vec, y: Vec): boolean => {
  const size = [...z, ...y].reduce((most, v) => Math.max(most, Math.abs(v)), 0)
  return z.some((v, k) => Math.abs(v - y[k]!) > 0.05 * size)
}

/** A start from standard normals: three sizes of y around its start, folded back into bounds where they are narrower. */
const scattered = ({ y: { start, lower, upper } }: Pick<CompleteProblem, 'y'>, normals: Vec): Vec =>
  start.map((y, k) => {
    const [low, high] = [lower[k]!, upper[k]!]
    const far = y + 3 * Math.max(1, Math.abs(y)) * normals[k]!
    if (far >= low && far <= high) return far
    // The distribution function of the normal maps it into the box.
    const share = 1 / (1 + Math.exp(-1.702 * normals[k]!))
    if (Number.isFinite(low) && Number.isFinite(high)) return low + share * (high - low)
    return far < low ? low + (low - far) : high - (far - high)
  })

/** Random starts of the lower level around `y.start`; equal seeds and streams give equal starts. */
export const randomStarts = (
  problem: CompleteProblem,
  count: number,
  seed: number,
  stream: number,
): ReadonlyArray<Vec> =>
  Array.from({ length: count }, (_, i) => {
    const [normals] = Rng.normals(problem.y.start.length)(Rng.make(seed, stream, i))
    return scattered(problem, normals)
  })

/** Where the problem's own lower-level solver ends, or the start where it has none or it fails. */
export const ownMinimizer = ({ solveLowerLevel }: CompleteProblem, x: Vec, start: Vec): Vec => {
  if (solveLowerLevel === undefined) return start
  try {
    const y = solveLowerLevel(x, start)
    return y.length === start.length && y.every(Number.isFinite) ? y : start
  } catch {
    return start
  }
}
