/**
 * Solves a bilevel problem given as functions, by the very method that tunes networks.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { bilevel } from '../bilevel/Bilevel.js'
import type { BilevelConfig } from '../bilevel/BilevelConfig.js'
import type { BilevelState } from '../bilevel/BilevelState.js'
import type { Method, Transition } from '../protocol/Method.js'
import { invalidConfig, type MethodError, numerical } from '../protocol/MethodError.js'
import { drive, type Driven } from './drive.js'
import { exactConfig } from './exactConfig.js'
import { type BilevelProblem, evaluate, validate } from './BilevelProblem.js'
import { boxAround, freeOf, onGuessedBound, restricted, tooWide } from './range.js'
import * as World from './World.js'

type Vec = ReadonlyArray<number>

/** How closely, how long and from where to search; every option has a default. */
export interface SolveOptions {
  /** The tolerance of f − φ ≤ ε, in the unit of f. Default: 1e-13·√m of what solving the lower level gains at
   * the start, m being the components of y. */
  readonly epsilon?: number
  /** Default: 50, and 5 for each component of x. */
  readonly maxLowerLevelSolves?: number
  /**
   * Starts of every lower-level solve: 1 (the default) follows one minimizer; more look for the global one, and among
   * equally good ones take what serves the upper level.
   */
  readonly starts?: number
  /** Seeds the random starts. Default 0. */
  readonly seed?: number
}

/** Where a search ended: the point, the losses there, what it took and why it stopped. */
/** `S` is the state of the method that found it. */
export interface BilevelSolution<S = BilevelState> {
  readonly x: Vec
  readonly y: Vec
  /** F(x, y). */
  readonly upperValue: number
  /** f(x, y). */
  readonly lowerValue: number
  /** f(x, y) − φ(x), as far as the solver found φ(x). */
  readonly violation: number
  readonly epsilon: number
  readonly multiplier: number
  /** Largest component of the projected gradient by x, scaled by the range of x, in units of F. */
  readonly stationarity: number
  readonly lowerLevelSolves: number
  /** Evaluations of F and of f with their gradients, together. */
  readonly evaluations: number
  /** `converged`, `budgetSpent`, `noProgress`, `penaltyCap` or `failures`. */
  readonly stopReason: string
  /** Every state the method went through. */
  readonly transitions: ReadonlyArray<Transition<S>>
}

const optionsError = ({ epsilon, maxLowerLevelSolves, starts, seed }: SolveOptions): MethodError | null => {
  if (epsilon !== undefined && !(epsilon > 0 && Number.isFinite(epsilon)))
    return invalidConfig('epsilon', `\`epsilon\` is ${epsilon}; it must be a finite number > 0.`)
  const counts = { maxLowerLevelSolves, starts }
  for (const [name, value] of Object.entries(counts))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 1))
      return invalidConfig(name, `\`${name}\` is ${value}; it must be an integer ≥ 1.`)
  if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0))
    return invalidConfig('seed', `\`seed\` is ${seed}; it must be an integer ≥ 0.`)
  return null
}

const solutionOf = <S>(
  problem: BilevelProblem,
  { outcome, transitions, world }: Driven<S>,
  spent: { readonly solves: number; readonly evaluations: number },
): E.Either<MethodError, BilevelSolution<S>> => {
  const info = transitions[transitions.length - 1]!.info
  const row = outcome.rows[0]
  const ref = row?.weights.bilevel ?? null
  const y = ref === null ? undefined : World.vector(ref)(world)
  if (row === undefined || y === undefined) return E.left(numerical(outcome.message))
  const upper = evaluate(problem.upperLevel, row.lambda, y)
  const lower = evaluate(problem.lowerLevel, row.lambda, y)
  if (E.isLeft(upper) || E.isLeft(lower))
    return E.left(
      numerical('The solution could not be evaluated a second time: the functions are not deterministic.'),
    )
  const certificates = [row.violation, row.epsilon, info.multiplier, info.stationarity]
  if (!certificates.every(value => value === null || Number.isFinite(value)))
    return E.left(
      numerical('The certificates overflow: F and f are of scales too far apart. Bring both near 1.'),
    )
  return E.right({
    x: row.lambda,
    y,
    upperValue: upper.right.value,
    lowerValue: lower.right.value,
    violation: row.violation ?? 0,
    epsilon: row.epsilon ?? 0,
    multiplier: info.multiplier ?? 0,
    stationarity: info.stationarity ?? 0,
    lowerLevelSolves: spent.solves + info.lowerLevelSolves,
    evaluations: spent.evaluations + world.evaluations,
    stopReason: outcome.stopReason,
    transitions,
  })
}

/** How often a guessed range is guessed anew, around the best point so far. */
const rounds = 4

const solveFree = <S>(
  method: Method<BilevelConfig, S>,
  problem: BilevelProblem,
  options: SolveOptions,
): E.Either<MethodError, BilevelSolution<S>> => {
  const budget = options.maxLowerLevelSolves ?? 50 + 5 * problem.x.start.length
  const attempt = (
    from: BilevelProblem,
    round: number,
    widening: number,
    spent: { readonly solves: number; readonly evaluations: number },
  ): E.Either<MethodError, BilevelSolution<S>> => {
    const box = boxAround(from, from.x.start, widening)
    return pipe(
      World.make(from, {
        starts: options.starts ?? 1,
        seed: options.seed ?? 0,
        maxIterations: 2000,
        outsets: round === 0 ? [] : [problem.y.start],
      }),
      drive(method, exactConfig(from, box, widening, budget - spent.solves, options)),
      E.flatMap(driven => solutionOf(from, driven, spent)),
      E.flatMap(solution => {
        const left = budget - solution.lowerLevelSolves
        const beyond = onGuessedBound(from, box, solution.x)
        if (round >= rounds || left < 1 || !(beyond || tooWide(from, box, solution.x)))
          // Converged to the edge of a guess is not converged: F may have no minimum.
          return E.right(beyond ? { ...solution, stopReason: 'budgetSpent' } : solution)
        const again = { ...from, x: { ...from.x, start: solution.x }, y: { start: solution.y } }
        return attempt(again, round + 1, beyond ? 100 * widening : 1, {
          solves: solution.lowerLevelSolves,
          evaluations: solution.evaluations,
        })
      }),
    )
  }
  return attempt(problem, 0, 1, { solves: 0, evaluations: 0 })
}

/**
 * {@link solveBilevel} by another method: one of `Bilevel.make` with some of its parts replaced, for instance.
 *
 * Errors: as `solveBilevel`.
 */
export const solveBilevelWith =
  <S>(method: Method<BilevelConfig, S>) =>
  (problem: BilevelProblem, options: SolveOptions = {}): E.Either<MethodError, BilevelSolution<S>> => {
    const wrong = optionsError(options)
    if (wrong !== null) return E.left(wrong)
    return pipe(
      validate(problem),
      E.flatMap(valid => {
        const free = freeOf(valid)
        if (free.length === valid.x.start.length) return solveFree(method, valid, options)
        if (free.length === 0)
          return E.left(
            invalidConfig('x', 'Every component of x has bounds that touch: there is nothing to choose.'),
          )
        return pipe(
          solveFree(method, restricted(valid, free), options),
          E.map(solution => {
            const x = [...valid.x.start]
            free.forEach((k, i) => (x[k] = solution.x[i]!))
            return { ...solution, x }
          }),
        )
      }),
    )
  }

/**
 * Solves min F(x, y) subject to y minimising f(x, ·) and x within its bounds, from the given start. F and f need
 * first derivatives; the lower level needs no unique minimizer (the optimistic one is meant).
 *
 * Errors: `InvalidConfig` for shapes, bounds and options that do not fit, or functions that cannot be evaluated at the
 * start; `Numerical` where the lower level cannot be minimised. Running out of budget or of progress is no error but
 * a `stopReason`.
 */
export const solveBilevel: (
  problem: BilevelProblem,
  options?: SolveOptions,
) => E.Either<MethodError, BilevelSolution> = solveBilevelWith(bilevel)
