/**
 * V(x), by which a check judges a solution: the least F + κ·(f − φ) over y. See Certificate.ts.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import { type CompleteProblem, evaluate } from './BilevelProblem.js'
import {
  beside,
  beyond,
  minimize,
  type Minimized,
  ownMinimizer,
  type Start,
  type Terms,
  valueOf,
} from './minimizers.js'

type Vec = ReadonlyArray<number>

/** The solution to check, and facts of the search that found it. */
export interface Subject {
  readonly problem: CompleteProblem
  readonly x: Vec
  readonly y: Vec
  /** Minimizers that the search has met, at any x. */
  readonly known: ReadonlyArray<Vec>
  /** ‖∇_y f‖ near the start, and what F and f gained from the start: their units. */
  readonly steepness: number
  readonly scales: { readonly upper: number; readonly lower: number }
  /** The tolerance of f − φ ≤ ε that the search had, and its multiplier. */
  readonly relaxation: { readonly epsilon: number; readonly multiplier: number }
  /** The relative change of F that the search ignored. */
  readonly upperTolerance: number
  readonly seed: number
  readonly freshStarts: number
}

/** κ·scale of f / scale of F where ε is as small as rounding allows: V is exact to a hundred-thousandth, and rounding of f does not show. */
const force = 1e5
/** An ε below this share of the scale of f is no relaxation that shows in V. */
const noRelaxation = 1e-8
const maxIterations = 2000
/** A descent ends where the gradient is this share of that at the start. V is then off by about 1e-13 times the condition number of f. */
const accuracy = 1e-9

export interface Value {
  readonly x: Vec
  /** The end of the descent on F + κ·f, and that of the solve of f. */
  readonly z: Start
  readonly y: Start
  readonly value: number
}

/** V and the solves it takes, with their count. */
export const probing = ({ problem, steepness, scales, known, relaxation }: Subject) => {
  let [solves, evaluations] = [0, 0]
  const { epsilon, multiplier } = relaxation
  const counting: CompleteProblem = {
    ...problem,
    lowerLevel: (x, y) => {
      evaluations++
      return problem.lowerLevel(x, y)
    },
  }
  // The relaxed problem has a solution of its own, which is that of V with κ = μ.
  const kappa =
    epsilon > noRelaxation * scales.lower && multiplier > 0
      ? multiplier
      : (force * scales.upper) / scales.lower
  const solve = (x: Vec, start: Start): Minimized => {
    solves++
    const own = ownMinimizer(problem, x, start.y)
    const limits = { steepness, bounds: problem.y, maxIterations, accuracy }
    const found = minimize(limits, [[1, problem.lowerLevel]], x, own === start.y ? start : { y: own })
    evaluations += found.evaluations
    return found
  }
  const lagrangian: Terms = [
    [kappa, problem.lowerLevel],
    [1, problem.upperLevel],
  ]
  const relaxed = (x: Vec, start: Start): Minimized => {
    const limits = { steepness: kappa * steepness, bounds: problem.y, maxIterations, accuracy }
    const found = minimize(limits, lagrangian, x, start)
    evaluations += found.evaluations
    return found
  }
  /** A minimizer of an x near by may be a saddle or a maximum of f here: the descent then goes on from beside it. */
  const settled = (x: Vec, start: Start): Minimized => {
    const end = solve(x, start)
    const past = pipe(
      beyond(counting, x, end),
      O.alt(() => beside(counting, x, end)),
    )
    if (O.isNone(past)) return end
    const further = solve(x, { y: past.value, pairs: end.pairs })
    return further.converged && further.value < end.value ? further : end
  }
  /** The lower level's minimizer at x, from where it was near by and from what has a lower f. */
  const least = (x: Vec, near: Start, others: ReadonlyArray<Vec>): Minimized => {
    const first = settled(x, near)
    const lower = [...known, ...others].filter(y => {
      evaluations++
      const there = evaluate(problem.lowerLevel, x, y)
      return E.isRight(there) && there.right.value < first.value - 1e-7 * (1 + Math.abs(first.value))
    })
    return lower
      .map(y => solve(x, { y }))
      .reduce((best, one) => (one.converged && one.value < best.value ? one : best), first)
  }
  /** The lowest of several starts, all but one of which may be guesses. */
  const lowestOf = (terms: Terms, x: Vec, starts: ReadonlyArray<Start>): Start =>
    starts
      .map(start => {
        evaluations += terms.length
        return { start, value: valueOf(terms, x, start.y) }
      })
      .reduce((low, one) => (one.value < low.value ? one : low)).start
  /** V(x), or `null` where the lower level cannot be solved there. `others`: starts and minimizers that may be better there. */
  const valueAt =
    (others: ReadonlyArray<Vec>) =>
    (x: Vec, ys: ReadonlyArray<Start>, zs: ReadonlyArray<Start>): Value | null => {
      const near = lowestOf([[1, problem.lowerLevel]], x, ys)
      const { y, value: phi, converged, pairs } = least(x, near, others)
      if (!converged) return null
      const own = { y, pairs: zs[0]?.pairs ?? pairs }
      const end = relaxed(x, lowestOf(lagrangian, x, [...zs, own]))
      const value = end.value - kappa * phi
      return Number.isFinite(value) ? { x, y: { y, pairs }, z: { y: end.y, pairs: end.pairs }, value } : null
    }
  return { solve, valueAt, spent: () => ({ lowerLevelSolves: solves, evaluations }) }
}
