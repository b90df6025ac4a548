/**
 * Minimises a smooth function over a box by a projected limited-memory BFGS method.
 *
 * Notation
 *
 * | symbol   | name                | shape | meaning                                                          |
 * | -------- | ------------------- | ----- | ---------------------------------------------------------------- |
 * | x        | `x`                 | n     | the variables, l ≤ x ≤ u                                         |
 * | l, u     | `lower`, `upper`    | n     | bounds, may be ±Infinity or touch                                |
 * | g        | `gradient`          | n     | ∇f(x)                                                            |
 * | P        |                     |       | projection onto the box                                          |
 * | ‖P(x−g)−x‖∞ | `projectedGradient` |    | 0 exactly at the stationary points; ‖g‖∞ where no bound is near  |
 * | s, y     | memory              | n     | recent steps and the changes of g along them                     |
 *
 * A variable is bound where it sits on a bound and −g points outward; it stays there for the iteration. The others
 * move along the quasi-Newton direction of the pairs restricted to them (two-loop recursion; Nocedal & Wright 2006,
 * §7.2; Schmidt et al. 2009 for the restriction). Where the first step keeps to the box, a strong Wolfe search
 * finds its length (see LineSearch). Where it does not, the path P(x + α·p) is followed back until the decrease is
 * sufficient (Bertsekas 1982), which may bind many variables at once. A direction that fails is replaced by
 * steepest descent; when that fails too, the search ends.
 *
 * @module
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { dotOn, firstStep, quasiNewton, type Pair } from './direction.js'
import { search, type Trial } from './LineSearch.js'

/** f and ∇f (n) at a point. */
export interface Evaluation {
  readonly value: number
  readonly gradient: ReadonlyArray<number>
}

/** What to minimise, from where, within which box, and for how long. */
export interface Problem {
  /** f and ∇f at x. Where either is not finite, the point counts as infinitely bad. */
  readonly objective: (x: ReadonlyArray<number>) => Evaluation
  /** Projected onto the box before use. */
  readonly start: ReadonlyArray<number>
  /** Default: −Infinity everywhere. */
  readonly lower?: ReadonlyArray<number>
  /** Default: Infinity everywhere. */
  readonly upper?: ReadonlyArray<number>
  /** Pairs (s, y) remembered. Default 30: cheap next to most objectives, and complete for as many variables. */
  readonly memory?: number
  /** Default 200. */
  readonly maxIterations?: number
  /** Default: 20 for each iteration allowed. */
  readonly maxEvaluations?: number
  /** Evaluations that one line search may take. Default 60. */
  readonly maxLineEvaluations?: number
  /** Ends where ‖P(x−g)−x‖∞ is at most this. Default 1e-8. */
  readonly gradientTolerance?: number
  /** Ends where two iterations in a row lower f by no more than this. Default: never. */
  readonly valueTolerance?: number
}

/**
 * Why a minimisation ended: the gradient or value tolerance was met; the iterations or evaluations allowed are spent; no
 * step decreases f any more (as precise as f's rounding allows, or its gradient is wrong); f or ∇f is not finite
 * at the start, or the bounds leave no point.
 */
export type Status = 'converged' | 'iterations' | 'lineSearch' | 'nonFinite'

/** Where a search ended, and why. */
export interface Minimum {
  readonly x: ReadonlyArray<number>
  readonly value: number
  readonly gradient: ReadonlyArray<number>
  /** ‖P(x−g)−x‖∞. */
  readonly projectedGradient: number
  readonly iterations: number
  readonly evaluations: number
  readonly status: Status
}

interface LineTrial extends Trial {
  readonly x: ReadonlyArray<number>
  readonly at: Evaluation
}

const sufficientDecrease = 1e-4
/** Relative rounding error that a value of f may bear. */
const valueNoise = 1e-13
/**
 * Where f is a small difference of large terms, its rounding exceeds `valueNoise`. A promised decrease below this
 * share of what f is, or was at the start, leaves the decision to the slopes.
 */
const drowning = 1e-10
/** Iterations that may pass without a lower f or a lower projected gradient. */
const patience = 50
/**
 * The same, and the evaluations of a line search, where the gradient is so small that the rounding of x alone changes it
 * as much: what is left to be won there is won at once or not at all.
 */
const patienceWithin = { rounding: 3, lineEvaluations: 10 } as const

const finite = (at: Evaluation, n: number): boolean => {
  if (!Number.isFinite(at.value) || at.gradient.length !== n) return false
  for (let i = 0; i < n; i++) if (!Number.isFinite(at.gradient[i]!)) return false
  return true
}

/** A stationary point of f over the box, or as near to one as the budget allows; f never rises beyond rounding. */
export const minimize = (problem: Problem): Minimum => {
  const n = problem.start.length
  const lower = problem.lower ?? problem.start.map(() => -Infinity)
  const upper = problem.upper ?? problem.start.map(() => Infinity)
  const {
    valueTolerance,
    memory = 30,
    maxIterations = 200,
    maxLineEvaluations = 60,
    gradientTolerance = 1e-8,
  } = problem
  const maxEvaluations = problem.maxEvaluations ?? 20 * maxIterations + 20

  const project = (x: number, i: number): number => Math.min(upper[i]!, Math.max(lower[i]!, x)) + 0
  const stationarity = (x: ReadonlyArray<number>, g: ReadonlyArray<number>): number => {
    let max = 0
    // As written, P(x−g)−x would lose all of a gradient that is small against x.
    for (let i = 0; i < n; i++) {
      const room = g[i]! > 0 ? x[i]! - lower[i]! : upper[i]! - x[i]!
      max = Math.max(max, Math.min(Math.abs(g[i]!), room))
    }
    return max
  }

  let evaluations = 0
  const evaluate = (x: ReadonlyArray<number>): Evaluation => {
    evaluations++
    const at = problem.objective(x)
    return finite(at, n) ? at : { value: Infinity, gradient: [] }
  }

  let x = problem.start.map(project)
  let at = problem.objective(x)
  evaluations++
  let iterations = 0
  let pairs: ReadonlyArray<Pair> = []
  let best = { value: Infinity, projectedGradient: Infinity }
  let stalled = 0
  // Iterations in a row that met the value tolerance.
  let level = 0
  const initialValue = at.value
  // The largest curvature along the latest step.
  let curvature = 0
  // The length of a steepest descent that the latest curvature suggests.
  let steepestStep: number | null = null
  const ended = (status: Status): Minimum => ({
    x,
    value: at.value,
    gradient: at.gradient,
    projectedGradient: status === 'nonFinite' ? Infinity : stationarity(x, at.gradient),
    iterations,
    evaluations,
    status,
  })
  if (!finite(at, n) || x.some((xi, i) => !Number.isFinite(xi) || lower[i]! > upper[i]!))
    return ended('nonFinite')

  for (;;) {
    const { value, gradient: g } = at
    const projectedGradient = stationarity(x, g)
    if (projectedGradient <= gradientTolerance || level >= 2) return ended('converged')
    if (iterations >= maxIterations || evaluations >= maxEvaluations) return ended('iterations')
    stalled = value < best.value || projectedGradient < best.projectedGradient ? 0 : stalled + 1
    const resolution = Number.EPSILON * curvature * x.reduce((most, xi) => Math.max(most, Math.abs(xi)), 0)
    const drowned = projectedGradient <= resolution
    if (stalled >= (drowned ? patienceWithin.rounding : patience)) return ended('lineSearch')
    const lineEvaluations = drowned ? patienceWithin.lineEvaluations : maxLineEvaluations
    best = {
      value: Math.min(value, best.value),
      projectedGradient: Math.min(projectedGradient, best.projectedGradient),
    }

    const from = x
    const free = Uint8Array.from(x, (xi, i) =>
      (g[i]! > 0 && xi <= lower[i]!) || (g[i]! < 0 && xi >= upper[i]!) ? 0 : 1,
    )
    const steepest = Float64Array.from(free, (isFree, i) => (isFree === 1 ? -g[i]! : 0))
    const newton = quasiNewton(pairs, g, free)
    const p =
      O.isSome(newton) && dotOn(free, g, newton.value) < 0 && newton.value.every(Number.isFinite)
        ? newton.value
        : steepest
    const slope = dotOn(free, g, p)
    const initialStep = p === steepest ? (steepestStep ?? firstStep(x, value, p)) : 1
    const maxStep = x.reduce((step, xi, i) => {
      const pi = p[i]!
      return pi === 0 ? step : Math.min(step, ((pi > 0 ? upper[i]! : lower[i]!) - xi) / pi)
    }, Infinity)

    const trial = (step: number): LineTrial => {
      const moved = from.map((xi, i) => project(xi + step * p[i]!, i))
      const found = evaluate(moved)
      return { step, x: moved, at: found, value: found.value, slope: dotOn(free, found.gradient, p) }
    }
    const alongThePath = (): O.Option<LineTrial> => {
      let step = initialStep
      for (let count = 0; count < lineEvaluations && evaluations < maxEvaluations; count++) {
        const found = trial(step)
        const promised = dotOn(
          free,
          g,
          found.x.map((xi, i) => xi - from[i]!),
        )
        if (promised < 0 && found.value <= value + sufficientDecrease * promised) return O.some(found)
        step *= Number.isFinite(found.value) ? 0.5 : 0.1
      }
      return O.none
    }
    const within = (noise: number): O.Option<LineTrial> =>
      search({
        evaluate: trial,
        value,
        slope,
        initialStep,
        maxStep,
        maxEvaluations: Math.min(lineEvaluations, maxEvaluations - evaluations),
        noise,
      })
    const promise = Math.abs(slope) * initialStep
    const drownedIn = (size: number): boolean => promise <= drowning * Math.abs(size)
    const step =
      initialStep <= maxStep
        ? pipe(
            within((drownedIn(value) ? drowning : valueNoise) * Math.abs(value)),
            O.alt(() => (drownedIn(initialValue) ? within(drowning * Math.abs(initialValue)) : O.none)),
          )
        : alongThePath()

    const moved = O.isSome(step) && step.value.x.some((xi, i) => xi !== from[i])
    if (!moved) {
      if (p === steepest || pairs.length === 0)
        return ended(evaluations >= maxEvaluations ? 'iterations' : 'lineSearch')
      pairs = []
      continue
    }
    iterations++
    level = valueTolerance !== undefined && value - step.value.value <= valueTolerance ? level + 1 : 0
    x = [...step.value.x]
    at = step.value.at
    const after = at.gradient
    const pair = {
      s: Float64Array.from(x, (xi, i) => xi - from[i]!),
      y: Float64Array.from(after, (gi, i) => gi - g[i]!),
    }
    const [sy, yy] = [dotOn(free, pair.s, pair.y), dotOn(free, pair.y, pair.y)]
    curvature = sy > 0 && Number.isFinite(yy / sy) ? yy / sy : curvature
    steepestStep = sy > 0 && yy > 0 && Number.isFinite(sy / yy) ? sy / yy : steepestStep
    pairs = memory > 0 ? [...pairs.slice(-memory + 1), pair].slice(-memory) : []
  }
}
