/**
 * The rule that moves λ if the augmented Lagrangian is measured exactly: limited-memory BFGS in the unit cube, one
 * point per step, within a trust radius, with backtracking by cubic interpolation. `solveBilevel` uses it in
 * minimising.
 *
 * In: the merit m and its gradient g at the last requested point. Out: the next point u⁺ = u − H·g, cut to Δ and to the
 * cube. If m did not decrease enough (m > m₀ + 1e-4·gᵀs), it is a shorter step from the last accepted point.
 *
 * | symbol | name       | shape | unit                                    |
 * | ------ | ---------- | ----- | --------------------------------------- |
 * | u      | `unit`     | d     | share of each hyperparameter's range    |
 * | m      | `merit`    |       | unit of F                               |
 * | g      | `gradient` | d     | ∂m/∂u                                   |
 * | Δ      | `radius`   |       | largest component of a step, share      |
 *
 * Every point costs a lower-level solve. So sufficient decrease (Armijo) alone decides whether a step is accepted. The
 * gradient at the new point updates H whether or not the step is accepted. Sources: Nocedal & Wright (2006), §§3.5 and
 * 7.2. Differs from the paper, which takes Nesterov gradient descent steps of a fixed size on λ and w together.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { quasiNewton } from '../../numeric/direction.js'
import { Count, Finite, Natural, NonNegative, nullable, Positive, Vector } from '../../codec/Codec.js'
import type { LagrangianPoint, Moved } from './LagrangianPoint.js'

const Required = t.type({
  rule: t.literal('quasiNewton'),
  /** Radius of the first step, as a share of each hyperparameter's range. */
  initialStep: Positive,
  maxStep: Positive,
  /** Shortest step of backtracking. */
  minStep: Positive,
  /** Pairs (s, y) remembered. */
  memory: Count,
  /**
   * After this many backtracking steps in a row the stored pairs are dropped; if that does not help either, the
   * search ends.
   */
  backtracks: Count,
})

const Optional = t.partial({
  /**
   * Whether `memory` holds pairs for every direction. Then the flattest curvature met stands for directions without a
   * pair, and those of single variables are estimated only where they predict the pairs. Default: no.
   */
  complete: t.boolean,
  /** λ has settled, too, once a step promises to change the merit by at most this share of it. Default 0. */
  gain: NonNegative,
})

export const QuasiNewtonOptions = t.readonly(
  t.exact(t.intersection([Required, Optional])),
  'QuasiNewtonOptions',
)
export type QuasiNewtonOptions = t.TypeOf<typeof QuasiNewtonOptions>

const Point = t.readonly(t.strict({ unit: Vector, gradient: Vector, merit: Finite }), 'Point')
const StoredPair = t.readonly(t.strict({ s: Vector, y: Vector }), 'Pair')

export const QuasiNewton = t.readonly(
  t.strict({
    rule: t.literal('quasiNewton'),
    /** The last accepted point. */
    point: nullable(Point),
    pairs: t.readonlyArray(StoredPair),
    radius: NonNegative,
    backtracks: Natural,
  }),
  'QuasiNewton',
)
/** The rule's state. */
export type QuasiNewton = t.TypeOf<typeof QuasiNewton>

type Vec = ReadonlyArray<number>
type Accepted = Pick<LagrangianPoint, 'unit' | 'gradient'>

export const start = ({ initialStep }: QuasiNewtonOptions): QuasiNewton => ({
  rule: 'quasiNewton',
  point: null,
  pairs: [],
  radius: initialStep,
  backtracks: 0,
})

/** Armijo's constant. */
const sufficient = 1e-4

const dot = (a: Vec, b: Vec): number => a.reduce((sum, x, k) => sum + x * b[k]!, 0)
const minus = (a: Vec, b: Vec): Vec => a.map((x, k) => x - b[k]!)
const longest = (a: Vec): number => a.reduce((most, x) => Math.max(most, Math.abs(x)), 0)

/** Marks the variables that a step may move: all but those at a bound that the gradient pushes against. */
const freeAt = ({ unit, gradient }: Accepted): Uint8Array =>
  Uint8Array.from(unit, (u, k) => ((u <= 0 && gradient[k]! >= 0) || (u >= 1 && gradient[k]! <= 0) ? 0 : 1))

const scaledTo = (radius: number, d: Vec): Vec => {
  const length = longest(d)
  return length > radius ? d.map(x => (x * radius) / length) : d
}

/** The estimated curvature of a variable is limited to within this factor of the common one. */
const spread = 1e4

/** Weight of a pair in the estimate of the diagonal, relative to that of the next pair. */
const fading = 0.9

/**
 * A variable is too little informed to estimate its curvature if its squared move, relative to the longest, is below
 * this.
 */
const leastMoved = 1e-6

/**
 * Estimates the curvature of each variable: the slope of y_k over s_k by least squares through the origin, over the
 * stored pairs, each divided by its length. Most hyperparameters act on separate parts of the weights, so the reduced
 * Hessian is nearly diagonal. Otherwise the contributions of other variables to y_k average out, and the pairs correct
 * the estimate (Gilbert & Lemaréchal 1989).
 */
const curvatures = (pairs: QuasiNewton['pairs'], dimension: number): Vec => {
  const latest = pairs[pairs.length - 1]
  const common = latest === undefined ? 1 : Math.abs(dot(latest.s, latest.y)) / dot(latest.s, latest.s)
  if (!(common > 0)) return Array.from({ length: dimension }, () => 1)
  const [sy, ss] = [new Float64Array(dimension), new Float64Array(dimension)]
  pairs.forEach(({ s, y }, i) => {
    const weight = fading ** (pairs.length - 1 - i) / longest(s) ** 2
    for (let k = 0; k < dimension; k++) {
      sy[k]! += weight * s[k]! * y[k]!
      ss[k]! += weight * s[k]! * s[k]!
    }
  })
  return Array.from(ss, (square, k) => {
    const own = Math.abs(sy[k]!) / square
    return square > leastMoved && own > 0 ? Math.min(common * spread, Math.max(common / spread, own)) : common
  })
}

/** Before so many pairs are judged, the Hessian counts as diagonal. */
const fewest = 8
/** So many of the latest pairs decide whether curvatures of single variables are worth having. */
const judged = 8

/**
 * Whether curvatures of single variables predict a quarter of the latest pairs, from those before, better than a common
 * curvature does, which knows the pair itself. They do not where the Hessian is far from diagonal.
 */
const isDiagonal = (pairs: QuasiNewton['pairs'], dimension: number): boolean => {
  let [better, worse] = [0, 0]
  for (let n = Math.max(1, pairs.length - judged); n < pairs.length; n++) {
    const { s, y } = pairs[n]!
    const common = dot(s, y) / dot(s, s)
    const single = curvatures(pairs.slice(0, n), dimension)
    const miss = (curvatureOf: (k: number) => number): number =>
      y.reduce((sum, v, k) => sum + (v - curvatureOf(k) * s[k]!) ** 2, 0)
    if (miss(k => single[k]!) <= miss(() => common)) better++
    else worse++
  }
  return better + worse < fewest || 3 * better >= worse
}

/** The part of a step that stays in the cube. Adding 0 turns −0 into 0, since −0 does not survive JSON. */
const inCube = (unit: Vec, step: Vec): Vec =>
  unit.map((u, k) => Math.min(1, Math.max(0, u + step[k]!)) - u + 0)

/**
 * The step from an accepted point: a quasi-Newton step if the pairs give one that descends, else scaled steepest
 * descent.
 */
const stepFrom = (point: Accepted, pairs: QuasiNewton['pairs'], radius: number, complete: boolean): Vec => {
  const free = freeAt(point)
  // Two-loop recursion in scaled variables, whose curvatures are all about one.
  const dense = complete && !isDiagonal(pairs, point.unit.length)
  const roots = dense ? point.unit.map(() => 1) : curvatures(pairs, point.unit.length).map(Math.sqrt)
  const scaled = pairs.map(({ s, y }) => ({
    s: Float64Array.from(s, (x, k) => x * roots[k]!),
    y: Float64Array.from(y, (x, k) => x / roots[k]!),
  }))
  const downhill = (): Vec => {
    const slope = point.gradient.map((g, k) => (free[k] === 1 ? -g / roots[k]! ** 2 : 0))
    const length = longest(slope)
    // No curvature is known yet, so go as far as the radius allows.
    return length === 0 || pairs.length > 0 ? slope : slope.map(g => (g * radius) / length)
  }
  const d = pipe(
    quasiNewton(
      scaled,
      point.gradient.map((g, k) => g / roots[k]!),
      free,
      dense ? 'flattest' : 'latest',
    ),
    O.map(direction => Array.from(direction, (x, k) => x / roots[k]!)),
    O.filter(direction => direction.every(Number.isFinite) && dot(direction, point.gradient) < 0),
    O.getOrElse(downhill),
  )
  const step = inCube(point.unit, scaledTo(radius, d))
  // Cutting a direction to the cube may turn it uphill. A scaled gradient always stays a descent direction.
  return dot(step, point.gradient) < 0 ? step : inCube(point.unit, scaledTo(radius, downhill()))
}

/** The minimum of the cubic through values and slopes at 0 and 1, clamped to [0.1, 0.5]; 0.5 if it has none. */
const cubicMinimum = (m0: number, slope0: number, m1: number, slope1: number): number => {
  const z = 3 * (m0 - m1) + slope0 + slope1
  const square = z * z - slope0 * slope1
  const t =
    square < 0 ? 0.5 : 1 - (slope1 + Math.sqrt(square) - z) / (slope1 - slope0 + 2 * Math.sqrt(square))
  return Number.isFinite(t) ? Math.min(0.5, Math.max(0.1, t)) : 0.5
}

const remembered = (memory: number, { pairs }: QuasiNewton, s: Vec, y: Vec): QuasiNewton['pairs'] =>
  longest(s) > 0 && longest(y) > 0 ? [...pairs, { s, y }].slice(-memory) : pairs

/** One step of the rule, from the measurement at the last requested point. */
export const step =
  (options: QuasiNewtonOptions) =>
  (point: LagrangianPoint) =>
  (before: QuasiNewton): Moved<QuasiNewton> => {
    const { unit, gradient, merit } = point
    const plain = { unit, gradient: gradient.map(g => g + 0), merit }
    const from = before.point
    const { complete = false, gain = 0 } = options
    const s = from === null ? [] : minus(unit, from.unit)
    const slope = from === null ? 0 : dot(from.gradient, s)
    const slack = from === null ? 0 : 2 * point.noise
    if (from !== null && merit > from.merit + sufficient * slope + slack) {
      const pairs = remembered(options.memory, before, s, minus(plain.gradient, from.gradient))
      const shrink = cubicMinimum(from.merit, slope, merit, dot(plain.gradient, s))
      const back = s.map(x => x * shrink)
      const radius = Math.max(longest(back), Number.MIN_VALUE)
      if (before.backtracks < options.backtracks && radius > options.minStep)
        return {
          unit: from.unit.map((u, k) => Math.min(1, Math.max(0, u + back[k]!))),
          after: { ...before, pairs, radius, backtracks: before.backtracks + 1 },
          longest: longest(back),
          backtracking: true,
        }
      // The stored pairs gave no descent. Try once more without them; if that fails, no step descends.
      const afresh = before.pairs.length > 0 ? stepFrom(from, [], radius, complete) : from.unit.map(() => 0)
      return {
        unit: from.unit.map((u, k) => u + afresh[k]!),
        after: { ...before, pairs: [], radius, backtracks: 0 },
        longest: longest(afresh),
        backtracking: true,
      }
    }
    const pairs =
      from === null
        ? before.pairs
        : remembered(options.memory, before, s, minus(plain.gradient, from.gradient))
    const radius =
      from === null ? before.radius : Math.min(options.maxStep, Math.max(before.radius, 3 * longest(s)))
    const next = stepFrom(plain, pairs, radius, complete)
    const negligible = pairs.length > 0 && Math.abs(dot(next, plain.gradient)) <= gain * Math.abs(merit)
    return {
      unit: plain.unit.map((u, k) => u + next[k]!),
      after: { rule: 'quasiNewton', point: plain, pairs, radius, backtracks: 0 },
      longest: negligible ? 0 : longest(next),
      // A step that is short because of the radius is no sign of convergence.
      backtracking: !negligible && longest(next) >= radius * (1 - 1e-9),
    }
  }

/** The state after a step that could not be evaluated: half the radius. */
export const retreat = (before: QuasiNewton): QuasiNewton => ({ ...before, radius: before.radius / 2 })
