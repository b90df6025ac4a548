/**
 * Minimising over y at a fixed x, and what counts as a minimizer of the lower level.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as Lbfgs from '../numeric/Lbfgs.js'
import * as Rng from '../numeric/Rng.js'
import { type BilevelProblem, evaluate, type Level } from './Problem.js'

type Vec = ReadonlyArray<number>

/** ‖v‖, of any length, and without overflow on the way. */
const norm = (v: Vec): number => {
  const largest = v.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  if (largest === 0 || !Number.isFinite(largest)) return largest
  return largest * Math.sqrt(v.reduce((sum, value) => sum + (value / largest) ** 2, 0))
}

/** The slope a unit away from the start, of which nobody knows whether that is far, counts for this share. */
const share = 1e-6

/** ‖∇_y f‖ at or near the start, by which gradients are judged. Takes two evaluations. */
export const steepnessOf = (problem: BilevelProblem): number => {
  // The start may happen to be a minimizer; a step away from it tells more.
  const away = problem.y.start.map(y => y + (y === 0 ? 1 : Math.abs(y)))
  const slopes = [problem.y.start, away].map(y => {
    const result = evaluate(problem.lowerLevel, problem.x.start, y)
    return E.isRight(result) ? norm(result.right.gradY) : 0
  })
  return Math.max(slopes[0]!, share * slopes[1]!)
}

/**
 * Gradients this much smaller than at the start count as zero: near the limit of float64, for what is left of them is
 * multiplied by κ in the gradient by x.
 */
const relativeTolerance = 1e-14
/** A "minimum" whose gradient is a larger share of the gradient at the start is none. */
const hopeless = 1e-3
/** A minimizer has f rising again within this share of y's size, or of the way from its start. */
const vicinity = 1e-3
/** Slopes below this share of the gradient may be rounding, where f is flat along a direction. */
const flat = 1e-6

/**
 * Whether f goes on falling beyond the vicinity of a point where its gradient is next to nothing: then it only
 * approaches its infimum there (like exp(−y)), or has a saddle or a maximum there. Takes an evaluation or two.
 */
export const goesOn = (
  problem: BilevelProblem,
  x: Vec,
  { y, gradient }: Pick<Minimized, 'y' | 'gradient'>,
): boolean => {
  const steep = norm(gradient)
  const direction = steep > 0 ? gradient.map(g => -g) : Rng.normals(y.length)(Rng.make(y.length))[0]
  const size = norm(direction)
  const downhill = direction.map(v => v / size)
  const falls = (distance: number): boolean => {
    const beyond = y.map((v, k) => v + distance * downhill[k]!)
    const there = evaluate(problem.lowerLevel, x, beyond)
    if (E.isLeft(there)) return false
    const slope = there.right.gradY.reduce((sum, g, k) => sum + g * downhill[k]!, 0)
    return slope < -flat * norm(there.right.gradY)
  }
  const extent = Math.max(norm(y), norm(y.map((v, k) => v - problem.y.start[k]!)))
  // A y that is zero but for rounding says nothing of how large y is elsewhere.
  return falls(vicinity * (extent > 0 ? extent : 1)) && (extent >= 1 || falls(vicinity))
}

/** Where a minimisation ended. */
export interface Minimized {
  readonly y: Vec
  readonly value: number
  readonly gradient: Vec
  readonly gradientNorm: number
  readonly converged: boolean
  readonly evaluations: number
}

const bad = { value: Infinity, gradient: [] } as const

/** Minimises Σ coefficient·level over y at x. `steepness`: see {@link steepnessOf}. */
export const minimize = (
  steepness: number,
  terms: ReadonlyArray<readonly [coefficient: number, level: Level]>,
  x: Vec,
  start: Vec,
  maxIterations: number,
): Minimized => {
  let evaluations = 0
  const objective = (y: Vec): Lbfgs.Evaluation => {
    let value = 0
    const gradient = new Array<number>(y.length).fill(0)
    for (const [coefficient, level] of terms) {
      if (coefficient === 0) continue
      evaluations++
      const result = evaluate(level, x, y)
      if (E.isLeft(result)) return bad
      value += coefficient * result.right.value
      for (let i = 0; i < gradient.length; i++) gradient[i]! += coefficient * result.right.gradY[i]!
    }
    return { value, gradient }
  }
  const first = norm(objective(start).gradient)
  const scale = Math.max(steepness, Number.isFinite(first) ? first : 0)
  const minimum = Lbfgs.minimize({
    objective,
    start,
    gradientTolerance: relativeTolerance * scale,
    maxIterations,
  })
  const gradientNorm = norm(minimum.gradient)
  return {
    y: minimum.x,
    value: minimum.value,
    gradientNorm,
    gradient: minimum.gradient,
    converged: minimum.status !== 'nonFinite' && gradientNorm <= hopeless * scale,
    evaluations,
  }
}
