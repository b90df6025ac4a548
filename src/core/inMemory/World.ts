/**
 * Answers a method's questions for a problem given as functions. What a shell does with networks, this does with
 * vectors: y takes the place of the weights, and an evaluation of F or f that of an example.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import * as Rng from '../numeric/Rng.js'
import type { DescendWeights, Question, SolveLowerLevel, WeightsRef } from '../protocol/Command.js'
import { initialWeights, weightsOf } from '../protocol/Command.js'
import type { CommandFailed, Observation } from '../protocol/Observation.js'
import { beyond, minimize, type Minimized, outsetOf, steepnessOf } from './minimizers.js'
import { type BilevelProblem, evaluate, type Evaluated } from './BilevelProblem.js'

type Vec = ReadonlyArray<number>

export interface WorldOptions {
  /** Starts of every lower-level solve: the given one, and random ones around it. */
  readonly starts: number
  readonly seed: number
  readonly maxIterations: number
  /** Where the units of F and f may be measured, besides the start: see {@link outsetOf}. */
  readonly outsets: ReadonlyArray<Vec>
}

/** What is remembered between questions; a value, never changed. */
export interface World {
  readonly problem: BilevelProblem
  readonly options: WorldOptions
  /** Vectors by their names; the first is the one the name stands for, the others minimise f as well. */
  readonly store: ReadonlyMap<WeightsRef, ReadonlyArray<Vec>>
  /** ‖∇_y f‖ at or near the start, by which gradients are judged. */
  readonly steepness: number
  /** Where the losses of the initial weights are measured. */
  readonly outset: Vec
  readonly evaluations: number
}

/** The world before the first question. */
export const make = (problem: BilevelProblem, options: WorldOptions): World => ({
  problem,
  options,
  store: new Map([[initialWeights, [problem.y.start]]]),
  steepness: steepnessOf(problem),
  outset: outsetOf(problem, options.outsets),
  // Those of `validate`, of the steepness and of the outset.
  evaluations: 8 + 2 * options.outsets.length,
})

/** Values of f this close, relatively, are the same minimum value. */
const sameValue = 1e-7

const failed = (id: number, reason: string, effort: number): CommandFailed => ({
  _tag: 'CommandFailed',
  id,
  reason,
  effort,
})

const startsOf = ({ options, problem }: World, given: Vec, id: number): ReadonlyArray<Vec> => {
  const around = Array.from({ length: options.starts - 1 }, (_, i) => {
    const [normals] = Rng.normals(given.length)(Rng.make(options.seed, id, i))
    return problem.y.start.map((y, k) => y + 3 * Math.max(1, Math.abs(y)) * normals[k]!)
  })
  return [given, ...around]
}

const close = (a: Vec, b: Vec): boolean => a.every((v, k) => Math.abs(v - b[k]!) <= 1e-6 * (1 + Math.abs(v)))

type Answered = readonly [Observation, World]

const lossesAt = (
  { problem: { upperLevel, lowerLevel } }: World,
  x: Vec,
  y: Vec,
): E.Either<string, { readonly upper: Evaluated; readonly lower: Evaluated }> => {
  const upper = evaluate(upperLevel, x, y)
  const lower = evaluate(lowerLevel, x, y)
  if (E.isLeft(upper)) return E.left(`the upper level cannot be evaluated: ${upper.left}`)
  if (E.isLeft(lower)) return E.left(`the lower level cannot be evaluated: ${lower.left}`)
  return E.right({ upper: upper.right, lower: lower.right })
}

/** The answer that reports vectors at λ, the first of which is meant. */
const reported = (
  world: World,
  question: SolveLowerLevel | DescendWeights,
  vectors: ReadonlyArray<Vec>,
  spent: number,
  extra: { readonly gradientNorm: number; readonly converged: boolean },
): Answered => {
  const y = vectors[0]!
  const at = lossesAt(world, question.lambda, y)
  const effort = spent + 2
  const after = { ...world, evaluations: world.evaluations + effort }
  if (E.isLeft(at)) return [failed(question.id, at.left, effort), after]
  const { upper, lower } = at.right
  const weights = weightsOf(question.id)
  const common = {
    id: question.id,
    upper: upper.value + 0,
    lower: lower.value + 0,
    upperGradient: upper.gradX.map(g => g + 0),
    lowerGradient: lower.gradX.map(g => g + 0),
    gradientNorm: extra.gradientNorm,
    weights,
    effort,
  }
  return [
    question._tag === 'SolveLowerLevel'
      ? { _tag: 'LowerLevelSolved', ...common, converged: extra.converged }
      : { _tag: 'WeightsDescended', ...common },
    { ...after, store: new Map([...world.store, [weights, vectors]]) },
  ]
}

/** Where the problem's own lower-level solver ends, or the start where it has none or it fails. */
const ownMinimizer = ({ solveLowerLevel }: BilevelProblem, x: Vec, start: Vec): Vec => {
  if (solveLowerLevel === undefined) return start
  try {
    const y = solveLowerLevel(x, start)
    return y.length === start.length && y.every(Number.isFinite) ? y : start
  } catch {
    return start
  }
}

/** Where a descent ended, and where it would go on from if that is no minimizer. */
interface Judged {
  readonly minimum: Minimized
  readonly beyond: O.Option<Vec>
}

const solve = (world: World, question: SolveLowerLevel, given: Vec): Answered => {
  const { lowerLevel, upperLevel } = world.problem
  const { lambda } = question
  const from = (start: Vec): Minimized =>
    minimize(world.steepness, [[1, lowerLevel]], lambda, start, world.options.maxIterations)
  const judged = (minimum: Minimized): Judged => ({
    minimum,
    beyond: minimum.converged ? beyond(world.problem, lambda, minimum) : O.none,
  })
  const first = startsOf(world, given, question.id).map(start =>
    judged(from(ownMinimizer(world.problem, lambda, start))),
  )
  // A start may be a saddle or a maximum by chance, or by symmetry: from a step away, once more.
  const found = first.flatMap(one => (O.isSome(one.beyond) ? [one, judged(from(one.beyond.value))] : [one]))
  const stationary = found.filter(({ minimum }) => minimum.converged)
  const spent = found.reduce((sum, { minimum }) => sum + minimum.evaluations, stationary.length)
  const minima = stationary
    .filter(one => O.isNone(one.beyond))
    .map(({ minimum }) => minimum)
    .sort((a, b) => a.value - b.value)
  const best = minima[0]
  if (best === undefined)
    return [
      failed(
        question.id,
        `the lower level could not be minimised at x = [${lambda.join(', ')}]: ` +
          (stationary.length > 0
            ? 'it goes on falling from where its gradient is next to nothing. It may have no minimizer'
            : 'its gradient is still ' +
              `${Math.min(...found.map(({ minimum }) => minimum.gradientNorm))}. It may have no minimizer, or a wrong gradient`),
        spent,
      ),
      { ...world, evaluations: world.evaluations + spent },
    ]
  const same = minima.filter(({ value }) => value - best.value <= sameValue * (1 + Math.abs(best.value)))
  const upperAt = (y: Vec): number => {
    const result = evaluate(upperLevel, lambda, y)
    return E.isRight(result) ? result.right.value : Infinity
  }
  // Optimistic: of equally good lower-level minimizers the one that serves the upper level.
  const ordered = same
    .filter(({ y }, i) => same.findIndex(other => close(other.y, y)) === i)
    .map(minimum => ({ minimum, upper: same.length === 1 ? 0 : upperAt(minimum.y) }))
    .sort((a, b) => a.upper - b.upper)
    .map(({ minimum }) => minimum)
  const [meant = best] = ordered
  return reported(
    world,
    question,
    ordered.map(({ y }) => y),
    spent + (same.length === 1 ? 0 : same.length),
    {
      gradientNorm: meant.gradientNorm,
      converged: meant.converged,
    },
  )
}

const descend = (world: World, question: DescendWeights, vectors: ReadonlyArray<Vec>): Answered => {
  const { upperLevel, lowerLevel } = world.problem
  if (question.steps === 0)
    return reported(
      world,
      question,
      question.from === initialWeights ? [world.outset] : vectors.slice(0, 1),
      0,
      { gradientNorm: 0, converged: true },
    )
  const found = vectors.map(start =>
    minimize(
      world.steepness,
      [
        [question.lowerCoefficient, lowerLevel],
        [question.upperCoefficient, upperLevel],
      ],
      question.lambda,
      start,
      Math.min(question.steps, world.options.maxIterations),
    ),
  )
  const spent = found.reduce((sum, { evaluations }) => sum + evaluations, 0)
  const best = found.reduce((least, one) => (one.value < least.value ? one : least))
  if (!Number.isFinite(best.value))
    return [
      failed(question.id, 'the augmented Lagrangian could not be evaluated where its descent started', spent),
      { ...world, evaluations: world.evaluations + spent },
    ]
  return reported(world, question, [best.y], spent, best)
}

/** The answer to a question, and the world after it. */
export const answer =
  (question: Question) =>
  (world: World): Answered => {
    switch (question._tag) {
      case 'SolveLowerLevel':
      case 'DescendWeights': {
        const vectors = world.store.get(question.from)
        if (vectors?.[0] === undefined)
          return [failed(question.id, `${question.from} is not known`, 0), world]
        return question._tag === 'SolveLowerLevel'
          ? solve(world, question, vectors[0])
          : descend(world, question, vectors)
      }
      case 'EvaluateLosses':
      case 'Refit':
        return [failed(question.id, 'a problem given as functions has no data sets', 0), world]
    }
  }

/** The world without vectors that are not needed again. */
export const release =
  (refs: ReadonlyArray<WeightsRef>) =>
  (world: World): World => ({
    ...world,
    store: new Map([...world.store].filter(([ref]) => !refs.includes(ref))),
  })

/** The vector of this name. */
export const vector =
  (ref: WeightsRef) =>
  ({ store }: World): Vec | undefined =>
    store.get(ref)?.[0]
