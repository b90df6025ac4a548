/**
 * Minimises a smooth function over a box by a projected limited-memory BFGS method.
 *
 * Notation
 *
 * | symbol      | name                | shape | meaning                                                         |
 * | ----------- | ------------------- | ----- | --------------------------------------------------------------- |
 * | x           | `x`                 | n     | the variables, l ≤ x ≤ u                                        |
 * | l, u        | `lower`, `upper`    | n     | bounds, may be ±Infinity or touch                               |
 * | g           | `gradient`          | n     | ∇f(x)                                                           |
 * | P           |                     |       | projection onto the box                                         |
 * | ‖P(x−g)−x‖∞ | `projectedGradient` |       | 0 exactly at the stationary points; ‖g‖∞ where no bound is near |
 * | s, y        | `pairs`             | n     | recent steps and the changes of g along them                    |
 * | p           |                     | n     | the direction of a step                                         |
 * | α           |                     |       | its length                                                      |
 *
 * A variable is bound where it sits on a bound and −g points outward; it stays there for the iteration. The others
 * move along the quasi-Newton direction of the pairs restricted to them (two-loop recursion; Nocedal & Wright 2006,
 * §7.2; Schmidt et al. 2009 for the restriction). Where the first step keeps to the box, a strong Wolfe search
 * finds its length (see LineSearch.ts). Where it does not, the path P(x + α·p) is followed back until the decrease is
 * sufficient (Bertsekas 1982), which may bind many variables at once. A direction that fails is replaced by
 * steepest descent; when that fails too, the descent ends.
 *
 * The method is a state machine. {@link init} makes the first {@link State}, {@link step} makes the next one, and
 * {@link minimize} repeats that until a state has an {@link Ending}. Each is pure where the objective is pure, and
 * throws only what the objective throws.
 *
 * @module
 */
import * as O from 'fp-ts/lib/Option.js'
import { dotOn, lineFrom, pairOf, type Pair } from './direction.js'
import * as Box from './Box.js'
import { type Evaluation, finite, type Point, searchAlong } from './stepLength.js'

export type { Pair } from './direction.js'
export type { Evaluation } from './stepLength.js'

type Vec = ReadonlyArray<number>

/** What to minimise, from where, within which box, and for how long. */
export interface Problem {
  /** f and ∇f at x. Where either is not finite, the point counts as infinitely bad. */
  readonly objective: (x: Vec) => Evaluation
  /** Projected onto the box before use. */
  readonly start: Vec
  /** Default: −Infinity everywhere. */
  readonly lower?: Vec
  /** Default: Infinity everywhere. */
  readonly upper?: Vec
  /** Pairs (s, y) remembered. Default 30: cheap next to most objectives, and complete for as many variables. */
  readonly memory?: number
  /**
   * Pairs of an earlier descent on a similar objective, oldest first. The first steps are shaped by them, and they are
   * dropped like any others where their direction fails. Default: none.
   */
  readonly pairs?: ReadonlyArray<Pair>
  /**
   * The inverse curvature assumed where the pairs say nothing: that of the latest pair, or the largest of all, which is
   * faster with pairs for every direction. Default: `latest`.
   */
  readonly scaling?: 'latest' | 'flattest'
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
 * Why a descent ended.
 *
 * - `GradientTolerance`: ‖P(x−g)−x‖∞ is at most `gradientTolerance`.
 * - `ValueTolerance`: two iterations in a row lowered f by no more than `valueTolerance`.
 * - `IterationsSpent`, `EvaluationsSpent`: one more would exceed `maxIterations` or `maxEvaluations`.
 * - `NoDecrease`: no step along −g lowers f. Either f is as low as its rounding allows, or its gradient is wrong.
 * - `Stalled`: so many steps in a row lowered neither f nor the projected gradient. The rest is rounding.
 * - `NonFinite`: x, f or ∇f is not finite at the start, or ∇f has another length than x.
 * - `EmptyBox`: the bounds of this variable leave no number. It is the first one of that kind.
 */
export type Ending =
  | { readonly _tag: 'GradientTolerance' }
  | { readonly _tag: 'ValueTolerance' }
  | { readonly _tag: 'IterationsSpent' }
  | { readonly _tag: 'EvaluationsSpent' }
  | { readonly _tag: 'NoDecrease' }
  | { readonly _tag: 'Stalled'; readonly steps: number }
  | { readonly _tag: 'NonFinite' }
  | { readonly _tag: 'EmptyBox'; readonly variable: number }

/**
 * An {@link Ending} in a word. `converged`: a tolerance was met. `iterations`: iterations or evaluations are spent.
 * `lineSearch`: nothing lowers f any more. `nonFinite`: there was nowhere to start.
 */
export type Status = 'converged' | 'iterations' | 'lineSearch' | 'nonFinite'

/**
 * The {@link Status} of an {@link Ending}.
 *
 * @example
 * ```ts
 * import { Lbfgs } from 'bilevel-hpo'
 *
 * const status: Lbfgs.Status = Lbfgs.statusOf({ _tag: 'GradientTolerance' })
 * status // => 'converged'
 * ```
 */
export const statusOf = (ending: Ending): Status => {
  switch (ending._tag) {
    case 'GradientTolerance':
    case 'ValueTolerance':
      return 'converged'
    case 'IterationsSpent':
    case 'EvaluationsSpent':
      return 'iterations'
    case 'NoDecrease':
    case 'Stalled':
      return 'lineSearch'
    case 'NonFinite':
    case 'EmptyBox':
      return 'nonFinite'
  }
}

/** A descent between two steps, with all that the next step needs. */
export interface State {
  readonly x: Vec
  readonly value: number
  readonly gradient: Vec
  /** ‖P(x−g)−x‖∞. Infinity where the start is unusable. */
  readonly projectedGradient: number
  readonly iterations: number
  readonly evaluations: number
  /** The latest `memory` steps, oldest first. */
  readonly pairs: ReadonlyArray<Pair>
  /** f at the start. */
  readonly initialValue: number
  /** The lowest of each, over the states before this one. */
  readonly best: { readonly value: number; readonly projectedGradient: number }
  /** Steps in a row that improved neither of `best`. */
  readonly stalled: number
  /** Iterations in a row that met the value tolerance. */
  readonly smallDecreases: number
  /** yᵀy/sᵀy of the latest step where it was positive; 0 before the first such step. */
  readonly curvature: number
  /** The length for a step of steepest descent that the curvature suggests; `null` before there is one. */
  readonly steepestStep: number | null
  /** `null` while the descent goes on. */
  readonly ending: Ending | null
}

/** Where a descent ended, and why. */
export interface Minimum {
  readonly x: Vec
  readonly value: number
  readonly gradient: Vec
  /** ‖P(x−g)−x‖∞. */
  readonly projectedGradient: number
  readonly iterations: number
  readonly evaluations: number
  readonly ending: Ending
  /** `ending` in a word. */
  readonly status: Status
  /** The latest `memory` steps, oldest first: what a next descent may begin with. */
  readonly pairs: ReadonlyArray<Pair>
}

/** Steps that may pass without a lower f or a lower projected gradient. */
const patience = 50
/**
 * The same, and the evaluations of a line search, where the gradient is so small that the rounding of x alone changes it
 * as much. A gain is made there at once or not at all.
 */
const patienceWithin = { rounding: 3, lineEvaluations: 10 } as const

/** A problem with its defaults filled in. */
interface Settings extends Required<Omit<Problem, 'lower' | 'upper' | 'valueTolerance'>> {
  readonly box: Box.Box
  /** −Infinity, which no decrease is below, stands for no tolerance. */
  readonly valueTolerance: number
}

const settingsOf = (problem: Problem): Settings => {
  const { objective, start, maxIterations = 200 } = problem
  return {
    objective,
    start,
    box: {
      lower: problem.lower ?? start.map(() => -Infinity),
      upper: problem.upper ?? start.map(() => Infinity),
    },
    memory: problem.memory ?? 30,
    pairs: problem.pairs ?? [],
    scaling: problem.scaling ?? 'latest',
    maxIterations,
    maxEvaluations: problem.maxEvaluations ?? 20 * maxIterations + 20,
    maxLineEvaluations: problem.maxLineEvaluations ?? 60,
    gradientTolerance: problem.gradientTolerance ?? 1e-8,
    valueTolerance: problem.valueTolerance ?? -Infinity,
  }
}

/** The state at the start; the objective is evaluated there once. */
const begin = ({ objective, start, box, pairs, memory }: Settings): State => {
  const x = start.map((xi, i) => Box.clamp(box, xi, i))
  const at = objective(x)
  const variable = Box.crossing(box, x.length)
  const usable = variable < 0 && finite(at, x.length) && x.every(Number.isFinite)
  return {
    x,
    value: at.value,
    gradient: at.gradient,
    projectedGradient: usable ? Box.projectedGradient(box, x, at.gradient) : Infinity,
    iterations: 0,
    evaluations: 1,
    pairs: memory > 0 ? pairs.slice(-memory) : [],
    initialValue: at.value,
    best: { value: Infinity, projectedGradient: Infinity },
    stalled: 0,
    smallDecreases: 0,
    curvature: 0,
    steepestStep: null,
    ending: usable ? null : variable < 0 ? { _tag: 'NonFinite' } : { _tag: 'EmptyBox', variable },
  }
}

/** Whether the rounding of x alone changes the gradient by as much as is left of it. */
const isDrowned = ({ x, projectedGradient, curvature }: State): boolean =>
  projectedGradient <= Number.EPSILON * curvature * x.reduce((most, xi) => Math.max(most, Math.abs(xi)), 0)

/** Why no step is to be taken from this state; `null` if one is. */
const endingAt = (settings: Settings, state: State, stalled: number, drowned: boolean): Ending | null => {
  if (state.projectedGradient <= settings.gradientTolerance) return { _tag: 'GradientTolerance' }
  if (state.smallDecreases >= 2) return { _tag: 'ValueTolerance' }
  if (state.iterations >= settings.maxIterations) return { _tag: 'IterationsSpent' }
  if (state.evaluations >= settings.maxEvaluations) return { _tag: 'EvaluationsSpent' }
  return stalled >= (drowned ? patienceWithin.rounding : patience)
    ? { _tag: 'Stalled', steps: stalled }
    : null
}

/** a − b. A loop, since `Float64Array.from` calls an iterator and a function for each number. */
const difference = (a: Vec, b: Vec): Float64Array => {
  const result = new Float64Array(a.length)
  for (let i = 0; i < a.length; i++) result[i] = a[i]! - b[i]!
  return result
}

/** The state at a point that a search found, and what the step there tells of the curvature. */
const moveTo = (
  point: Point,
  free: Uint8Array,
  { box, memory, valueTolerance }: Settings,
  from: State,
): State => {
  const s = difference(point.x, from.x)
  const y = difference(point.gradient, from.gradient)
  const [sy, yy] = [dotOn(free, s, y), dotOn(free, y, y)]
  return {
    x: point.x,
    value: point.value,
    gradient: point.gradient,
    projectedGradient: Box.projectedGradient(box, point.x, point.gradient),
    iterations: from.iterations + 1,
    evaluations: from.evaluations,
    pairs: memory > 0 ? [...from.pairs, pairOf(s, y)].slice(-memory) : [],
    initialValue: from.initialValue,
    best: from.best,
    stalled: from.stalled,
    smallDecreases: from.value - point.value <= valueTolerance ? from.smallDecreases + 1 : 0,
    curvature: sy > 0 && Number.isFinite(yy / sy) ? yy / sy : from.curvature,
    steepestStep: sy > 0 && yy > 0 && Number.isFinite(sy / yy) ? sy / yy : from.steepestStep,
    ending: null,
  }
}

/** One step: ends the descent, or moves along a line, or drops the pairs whose direction failed. */
const advance = (settings: Settings, state: State): State => {
  if (state.ending !== null) return state
  const { value, projectedGradient, best } = state
  const improved = value < best.value || projectedGradient < best.projectedGradient
  const stalled = improved ? 0 : state.stalled + 1
  const drowned = isDrowned(state)
  const ending = endingAt(settings, state, stalled, drowned)
  if (ending !== null) return { ...state, ending }

  const line = lineFrom(settings.box, { ...state, scaling: settings.scaling })
  const budget = {
    line: drowned ? patienceWithin.lineEvaluations : settings.maxLineEvaluations,
    total: settings.maxEvaluations - state.evaluations,
  }
  const { found, evaluations } = searchAlong(settings.objective, settings.box, state, line, budget)
  const searched: State = {
    ...state,
    evaluations: state.evaluations + evaluations,
    best: {
      value: Math.min(value, best.value),
      projectedGradient: Math.min(projectedGradient, best.projectedGradient),
    },
    stalled,
  }
  if (O.isSome(found) && found.value.x.some((xi, i) => xi !== state.x[i]))
    return moveTo(found.value, line.free, settings, searched)
  if (!line.isSteepest) return { ...searched, pairs: [] }
  const spent = searched.evaluations >= settings.maxEvaluations
  return { ...searched, ending: { _tag: spent ? 'EvaluationsSpent' : 'NoDecrease' } }
}

/**
 * The state at the start of a descent. Evaluates the objective once.
 *
 * @example
 * ```ts
 * import { Lbfgs } from 'bilevel-hpo'
 *
 * const objective = ([x = 0]: ReadonlyArray<number>) => ({ value: x ** 2, gradient: [2 * x] })
 * const state: Lbfgs.State = Lbfgs.init({ objective, start: [3], scaling: 'flattest' })
 * const pairs: ReadonlyArray<Lbfgs.Pair> = state.pairs
 * const known = [state.value, state.projectedGradient, pairs.length] // => [9, 6, 0]
 * ```
 */
export const init = (problem: Problem): State => begin(settingsOf(problem))

/**
 * The next state of a descent: after a step along the line; at the same x without the pairs where their direction failed;
 * or with an `ending`. A state that has one is returned as it is.
 *
 * @example
 * ```ts
 * import { Lbfgs } from 'bilevel-hpo'
 *
 * // f(x) = (x − 3)², looked at after each step.
 * const problem = {
 *   objective: ([x]: ReadonlyArray<number>) => ({ value: (x! - 3) ** 2, gradient: [2 * (x! - 3)] }),
 *   start: [0],
 * }
 * const next = Lbfgs.step(problem)
 * let state = Lbfgs.init(problem)
 * while (state.ending === null) state = next(state)
 * state.ending // => { _tag: 'GradientTolerance' }
 * ```
 */
export const step = (problem: Problem): ((state: State) => State) => {
  const settings = settingsOf(problem)
  return state => advance(settings, state)
}

/**
 * Minimises f over the box l ≤ x ≤ u from a start. The result is a stationary point, P(x − g) = x, or the point where
 * the descent ended before that; its `ending` says why. f never rises beyond rounding. Nothing is thrown but what the
 * objective throws: a start without a finite f and bounds without a point are endings, too.
 *
 * @example
 * ```ts
 * import { Lbfgs } from 'bilevel-hpo'
 *
 * // (x − 3)² + (y + 1)² over y ≥ 0 is least at (3, 0).
 * const minimum: Lbfgs.Minimum = Lbfgs.minimize({
 *   objective: ([x = 0, y = 0]) => ({ value: (x - 3) ** 2 + (y + 1) ** 2, gradient: [2 * (x - 3), 2 * (y + 1)] }),
 *   start: [0, 1],
 *   lower: [-Infinity, 0],
 * })
 * const found = [minimum.x, minimum.status] // => [[3, 0], 'converged']
 * ```
 */
export const minimize = (problem: Problem): Minimum => {
  const settings = settingsOf(problem)
  let state = begin(settings)
  while (state.ending === null) state = advance(settings, state)
  const { ending, x, value, gradient, projectedGradient, iterations, evaluations, pairs } = state
  const status = statusOf(ending)
  return { x, value, gradient, projectedGradient, iterations, evaluations, ending, status, pairs }
}
