/**
 * How far to go along a line: a strong Wolfe search while the line stays in the box, otherwise backtracking along the
 * bent path P(x + α·p).
 */
import * as O from 'fp-ts/lib/Option.js'
import { type Box, clamp } from './Box.js'
import { dotOn, type Line } from './direction.js'
import { search, type Searched, sufficientDecrease, type Trial } from './LineSearch.js'

type Vec = ReadonlyArray<number>

/** f and ∇f (n) at a point. */
export interface Evaluation {
  readonly value: number
  readonly gradient: Vec
}

/** f and ∇f at x. */
export type Objective = (x: Vec) => Evaluation

/** The start of a search, with f at the start of the whole descent. */
interface Start extends Evaluation {
  readonly x: Vec
  readonly initialValue: number
}

/** Relative rounding error of a value of f. */
const valueNoise = 1e-13
/**
 * If f is a small difference of large terms, its rounding exceeds `valueNoise`. If the promised decrease is below this
 * share of f, now or at the start, the slopes alone decide.
 */
const drowning = 1e-10

/** Whether f and ∇f are finite, and ∇f has one component per variable. */
export const finite = (at: Evaluation, n: number): boolean => {
  if (!Number.isFinite(at.value) || at.gradient.length !== n) return false
  for (let i = 0; i < n; i++) if (!Number.isFinite(at.gradient[i]!)) return false
  return true
}

/** P(x + α·p), with f and its slope along p. */
export interface Point extends Trial {
  readonly x: Vec
  readonly gradient: Vec
}

const pointOn =
  (objective: Objective, box: Box, from: Vec, { free, p }: Line) =>
  (step: number): Point => {
    const x = from.map((xi, i) => clamp(box, xi + step * p[i]!, i))
    const at = objective(x)
    const usable = finite(at, x.length)
    const gradient = usable ? at.gradient : []
    return { step, x, value: usable ? at.value : Infinity, gradient, slope: dotOn(free, gradient, p) }
  }

/** The evaluations left for one search, and in total. */
export interface Budget {
  readonly line: number
  readonly total: number
}

/** Searches within the box: a strong Wolfe search, repeated with a larger noise if f was large at the start. */
const searchLine = (
  evaluate: (step: number) => Point,
  { value, initialValue }: Start,
  { slope, initialStep, longestStep }: Line,
  budget: Budget,
): Searched<Point> => {
  const within = (noise: number, spent: number): Searched<Point> =>
    search({
      evaluate,
      value,
      slope,
      initialStep,
      maxStep: longestStep,
      maxEvaluations: Math.min(budget.line, budget.total - spent),
      noise,
    })
  const promised = Math.abs(slope) * initialStep
  const drownsIn = (size: number): boolean => promised <= drowning * Math.abs(size)
  const first = within((drownsIn(value) ? drowning : valueNoise) * Math.abs(value), 0)
  if (O.isSome(first.found) || !drownsIn(initialValue)) return first
  const second = within(drowning * Math.abs(initialValue), first.evaluations)
  return { found: second.found, evaluations: first.evaluations + second.evaluations }
}

/** Backtracks along the bent path P(x + α·p), from the first step until the decrease is sufficient. */
const searchPath = (
  evaluate: (step: number) => Point,
  { x, value, gradient }: Start,
  { free, initialStep }: Line,
  budget: Budget,
): Searched<Point> => {
  const allowed = Math.min(budget.line, budget.total)
  let step = initialStep
  for (let evaluations = 1; evaluations <= allowed; evaluations++) {
    const point = evaluate(step)
    const promised = dotOn(
      free,
      gradient,
      point.x.map((xi, i) => xi - x[i]!),
    )
    if (promised < 0 && point.value <= value + sufficientDecrease * promised)
      return { found: O.some(point), evaluations }
    step *= Number.isFinite(point.value) ? 0.5 : 0.1
  }
  return { found: O.none, evaluations: Math.max(0, allowed) }
}

/** The next point on the line, if there is one. */
export const searchAlong = (
  objective: Objective,
  box: Box,
  start: Start,
  line: Line,
  budget: Budget,
): Searched<Point> => {
  const evaluate = pointOn(objective, box, start.x, line)
  return (line.initialStep <= line.longestStep ? searchLine : searchPath)(evaluate, start, line, budget)
}
