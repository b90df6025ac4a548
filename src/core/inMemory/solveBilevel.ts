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
import { type Better, type Certificate, type Checked, certify } from './Certificate.js'
import { drive, type Driven, type Watch } from './drive.js'
import { exactConfig } from './exactConfig.js'
import { type CompleteProblem, evaluate, type BilevelProblem, validate } from './BilevelProblem.js'
import { boxAround, freeOf, onGuessedBound, restricted, tooWide } from './range.js'
import * as FunctionWorld from './FunctionWorld.js'
import { checkedOptions, type SolveOptions, tell } from './SolveOptions.js'

type Vec = ReadonlyArray<number>

/**
 * Where a search ended: the point (x, y), the losses there, the certificates of the constraint, what it took and why it stopped. `S` is
 * the type of the states of the method that found it.
 */
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
  /**
   * Largest component of the projected gradient by x, scaled by the range of x, in units of F, where the search measured it last;
   * `null` if it never did.
   */
  readonly stationarity: number | null
  /** What a check found that does not rely on the search. */
  readonly certificate: Certificate
  readonly lowerLevelSolves: number
  /** Evaluations of F and of f with their gradients, together. */
  readonly evaluations: number
  /** `converged`, `kink`, `budgetSpent`, `noProgress`, `penaltyCap` or `failures`. */
  readonly stopReason: string
  /** Every state the method went through. */
  readonly transitions: ReadonlyArray<Transition<S>>
}

/** What a whole call has spent so far. */
interface Spent {
  readonly solves: number
  readonly evaluations: number
}

const nothingSpent: Spent = { solves: 0, evaluations: 0 }

/** A solution before it was checked, with the world that it was found in. */
interface Found<S> {
  readonly solution: Omit<BilevelSolution<S>, 'certificate'>
  readonly world: FunctionWorld.FunctionWorld
}

const foundBy = <S>(
  problem: CompleteProblem,
  { outcome, transitions, world }: Driven<S>,
  spent: Spent,
): E.Either<MethodError, Found<S>> => {
  const info = transitions[transitions.length - 1]!.info
  const row = outcome.rows[0]
  const ref = row?.weights.bilevel ?? null
  const y = ref === null ? undefined : FunctionWorld.vector(ref)(world)
  if (row === undefined || y === undefined) return E.left(numerical(outcome.message))
  const upper = evaluate(problem.upperLevel, row.lambda, y)
  const lower = evaluate(problem.lowerLevel, row.lambda, y)
  if (E.isLeft(upper) || E.isLeft(lower))
    return E.left(
      numerical('The solution could not be evaluated a second time: the functions are not deterministic.'),
    )
  const figures = [row.violation, row.epsilon, info.multiplier]
  if (!figures.every(value => value === null || Number.isFinite(value)))
    return E.left(
      numerical('The certificates overflow: F and f are of scales too far apart. Bring both near 1.'),
    )
  return E.right({
    world,
    solution: {
      x: row.lambda,
      y,
      upperValue: upper.right.value,
      lowerValue: lower.right.value,
      violation: row.violation ?? 0,
      epsilon: row.epsilon ?? 0,
      multiplier: info.multiplier ?? 0,
      stationarity: transitions.reduce<number | null>((last, each) => each.info.stationarity ?? last, null),
      lowerLevelSolves: spent.solves + info.lowerLevelSolves,
      evaluations: spent.evaluations + world.evaluations,
      stopReason: outcome.stopReason,
      transitions,
    },
  })
}

/** How often a search begins again: around the best point of a guessed range, or at a better point that a check found. */
const rounds = 6

/** Fresh starts of the lower level in a check. */
const freshStarts = 4

/** What F and f gain from where they are measured first to the solution: the units of both. */
const scalesOf = (
  problem: CompleteProblem,
  world: FunctionWorld.FunctionWorld,
  { x, y }: { readonly x: Vec; readonly y: Vec },
) => {
  const gain = (level: CompleteProblem['upperLevel']): number => {
    const [before, after] = [evaluate(level, problem.x.start, world.outset), evaluate(level, x, y)]
    if (E.isLeft(before) || E.isLeft(after)) return 1
    const size = Math.max(Math.abs(before.right.value), Math.abs(after.right.value))
    const gained = Math.max(Math.abs(before.right.value - after.right.value), 1e-6 * size)
    return gained > 0 ? gained : 1
  }
  return { upper: gain(problem.upperLevel), lower: gain(problem.lowerLevel) }
}

/** The stop reason of a search, after the check of what it found. */
const stopReasonOf = (said: string, { verdict, gradient, radius, tolerance }: Certificate): string => {
  if (said !== 'converged' && said !== 'noProgress') return said
  switch (verdict) {
    case 'solution':
      // The check alone says so only where V is flat: a search that stalls on wrong gradients may stop at a minimum of V.
      return said === 'converged' || gradient * radius <= tolerance.upper ? 'converged' : 'kink'
    case 'kink':
      return 'kink'
    case 'betterLower':
    case 'tie':
    case 'betterUpper':
    case 'unchecked':
      return 'noProgress'
  }
}

/** A solution at a point that a check found better, with its own check; `null` if that finds something better still. */
const standingAt = <S>(
  { upperLevel, lowerLevel }: CompleteProblem,
  solution: BilevelSolution<S>,
  { x, y }: Better,
  { certificate, better }: Checked,
): BilevelSolution<S> | null => {
  const [upper, lower] = [evaluate(upperLevel, x, y), evaluate(lowerLevel, x, y)]
  if (E.isLeft(upper) || E.isLeft(lower) || better !== null || certificate.verdict === 'unchecked')
    return null
  return {
    ...solution,
    x,
    y,
    upperValue: upper.right.value,
    lowerValue: lower.right.value,
    violation: certificate.violation,
    certificate,
    // Beyond this x another minimizer of f takes over.
    stopReason: 'kink',
  }
}

const solveFree = <S>(
  method: Method<BilevelConfig, S>,
  problem: CompleteProblem,
  options: SolveOptions,
  /** All of x, from the components that are free. */
  whole: (free: Vec) => Vec,
): E.Either<MethodError, BilevelSolution<S>> => {
  const budget = options.maxLowerLevelSolves ?? 50 + 5 * problem.x.start.length
  const attempt = (
    from: CompleteProblem,
    round: number,
    widening: number,
    spent: Spent,
    known: ReadonlyArray<Vec>,
  ): E.Either<MethodError, BilevelSolution<S>> => {
    const box = boxAround(from, from.x.start, widening)
    const watch: Watch = ({ lambda, upperLoss, violation, lowerLevelSolves }, { evaluations }) =>
      tell(options)({
        x: whole(lambda ?? from.x.start),
        upperValue: upperLoss,
        violation,
        lowerLevelSolves: spent.solves + lowerLevelSolves,
        evaluations: spent.evaluations + evaluations,
        maxLowerLevelSolves: budget,
      })
    const found = pipe(
      FunctionWorld.make(from, {
        starts: options.starts ?? 1,
        seed: options.seed ?? 0,
        maxIterations: 2000,
        outsets: round === 0 ? [] : [problem.y.start],
        remembers: true,
        known,
      }),
      drive(method, exactConfig(from, box, widening, budget - spent.solves, options), watch),
      E.flatMap(driven => foundBy(from, driven, spent)),
    )
    if (E.isLeft(found)) return found
    const { solution, world } = found.right
    const left = budget - solution.lowerLevelSolves
    const restarted = (
      x: Vec,
      y: Vec,
      wider: number,
      more: Spent,
    ): E.Either<MethodError, BilevelSolution<S>> =>
      attempt(
        { ...from, x: { ...from.x, start: x }, y: { ...from.y, start: y } },
        round + 1,
        wider,
        more,
        world.known,
      )
    const soFar = { solves: solution.lowerLevelSolves, evaluations: solution.evaluations }
    const beyond = onGuessedBound(from, box, solution.x)
    if (round < rounds && left >= 1 && (beyond || tooWide(from, box, solution.x)))
      return restarted(solution.x, solution.y, beyond ? 100 * widening : 1, soFar)
    const check = ({ x, y }: { readonly x: Vec; readonly y: Vec }): Checked =>
      certify({
        problem: from,
        x,
        y,
        known: world.known,
        steepness: world.steepness,
        scales: scalesOf(from, world, solution),
        relaxation: { epsilon: solution.epsilon, multiplier: solution.multiplier },
        upperTolerance: options.upperTolerance ?? 0,
        seed: options.seed ?? 0,
        freshStarts: Math.max(freshStarts, options.starts ?? 1),
      })
    const { certificate, better } = check(solution)
    const evaluations = solution.evaluations + certificate.evaluations
    const checked: BilevelSolution<S> = {
      ...solution,
      evaluations,
      violation: Math.max(solution.violation, certificate.violation),
      certificate,
      // Converged to the edge of a guess is not converged: F may have no minimum.
      stopReason: beyond ? 'budgetSpent' : stopReasonOf(solution.stopReason, certificate),
    }
    if (better === null || round >= rounds || left < 1) return E.right(checked)
    const own = better.isolated ? check(better) : null
    const after = { ...soFar, evaluations: evaluations + (own?.certificate.evaluations ?? 0) }
    const standing = own === null ? null : standingAt(from, { ...checked, ...after }, better, own)
    const again = restarted(better.x, better.y, widening, after)
    // A better point that leads to an error was none, unless it stands by itself.
    if (E.isLeft(again)) return E.right(standing ?? { ...checked, ...after })
    const { stopReason, upperValue, lowerLevelSolves, evaluations: all } = again.right
    const stands = standing !== null && (stopReason === 'noProgress' || standing.upperValue < upperValue)
    return E.right(stands ? { ...standing, lowerLevelSolves, evaluations: all } : again.right)
  }
  return attempt(problem, 0, 1, nothingSpent, [])
}

/**
 * {@link solveBilevel} by another method: one of `Bilevel.make` with some of its parts replaced, for instance.
 *
 * Errors: as `solveBilevel`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { Bilevel, type Level, Parts, solveBilevelWith, type SolveOptions } from 'bilevel-hpo'
 *
 * const upperLevel: Level = (_, [y = 0]) => ({ value: (y - 2) ** 2, gradX: [0], gradY: [2 * (y - 2)] })
 * const lowerLevel: Level = ([x = 0], [y = 0]) =>
 *   ({ value: (y - x) ** 2, gradX: [2 * (x - y)], gradY: [2 * (y - x)] })
 * const constant = Bilevel.make({ penalty: { ...Parts.defaults.penalty, next: () => () => () => ({ penalty }) => penalty } })
 * const options: SolveOptions = { maxLowerLevelSolves: 40 }
 * const x = { start: [1], lower: [0], upper: [10] }
 * const solved = solveBilevelWith(constant)({ x, y: { start: [0] }, upperLevel, lowerLevel }, options)
 * E.isRight(solved) ? solved.right.x : [] // ≈ [2]
 * ```
 */
export const solveBilevelWith =
  <S>(method: Method<BilevelConfig, S>) =>
  (problem: BilevelProblem, options: SolveOptions = {}): E.Either<MethodError, BilevelSolution<S>> => {
    return pipe(
      checkedOptions(options),
      E.flatMap(() => validate(problem)),
      E.flatMap(valid => {
        const free = freeOf(valid)
        const whole = (part: Vec): Vec => {
          const x = [...valid.x.start]
          free.forEach((k, i) => (x[k] = part[i]!))
          return x
        }
        if (free.length === valid.x.start.length) return solveFree(method, valid, options, whole)
        if (free.length === 0)
          return E.left(
            invalidConfig('x', 'Every component of x has bounds that touch: there is nothing to choose.'),
          )
        return pipe(
          solveFree(method, restricted(valid, free), options, whole),
          E.map(solution => ({ ...solution, x: whole(solution.x) })),
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
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type BilevelProblem, type BilevelSolution, type Evaluated, solveBilevel } from 'bilevel-hpo'
 *
 * // min (y − 2)² over x in [0, 10] where y minimises (y − 3)² + x·y²: y = 3/(1 + x), so x = ½.
 * const upperLevel = (_: unknown, [y = 0]: ReadonlyArray<number>): Evaluated =>
 *   ({ value: (y - 2) ** 2, gradX: [0], gradY: [2 * (y - 2)] })
 * const lowerLevel = ([x = 0]: ReadonlyArray<number>, [y = 0]: ReadonlyArray<number>): Evaluated =>
 *   ({ value: (y - 3) ** 2 + x * y * y, gradX: [y * y], gradY: [2 * (y - 3) + 2 * x * y] })
 * const problem: BilevelProblem = { x: { start: [1], lower: [0], upper: [10] }, y: { start: [0] }, upperLevel, lowerLevel }
 * const solved: E.Either<unknown, BilevelSolution> = solveBilevel(problem)
 * E.isRight(solved) ? [...solved.right.x, ...solved.right.y] : [] // ≈ [0.5, 2]
 * ```
 */
export const solveBilevel: (
  problem: BilevelProblem,
  options?: SolveOptions,
) => E.Either<MethodError, BilevelSolution> = solveBilevelWith(bilevel)
