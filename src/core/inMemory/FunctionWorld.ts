/**
 * Answers a method's questions for a problem given as functions. What a shell does with networks, this does with
 * vectors: y takes the place of the weights, and an evaluation of F or f that of an example.
 */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import type { DescendWeights, Question, SolveLowerLevel, WeightsRef } from '../protocol/Command.js'
import { initialWeights, weightsOf } from '../protocol/Command.js'
import type { CommandFailed, Observation } from '../protocol/Observation.js'
import type { Pair } from '../numeric/Lbfgs.js'
import {
  beyond,
  insideY,
  minimize,
  type Minimized,
  outsetOf,
  ownMinimizer,
  randomStarts,
  steepnessOf,
  type Terms,
  valueOf,
} from './minimizers.js'
import { type CompleteProblem, evaluate, type Evaluated } from './BilevelProblem.js'

type Vec = ReadonlyArray<number>

export interface FunctionWorldOptions {
  /** Starts of every lower-level solve: the given one, and random ones around it. */
  readonly starts: number
  readonly seed: number
  readonly maxIterations: number
  /** Where the units of F and f may be measured, besides the start: see {@link outsetOf}. */
  readonly outsets: ReadonlyArray<Vec>
  /** Whether minimizers found at one x are tried at another; then answers depend on the questions before. */
  readonly remembers: boolean
  /** Minimizers of f at some x that are known beforehand. */
  readonly known: ReadonlyArray<Vec>
}

/** A vector with what was learnt on the way to it. */
export interface Stored {
  readonly y: Vec
  readonly pairs: ReadonlyArray<Pair>
  /** The values of both levels at y and this x; `null` where they were not evaluated. */
  readonly at: { readonly x: Vec; readonly upper: Evaluated; readonly lower: Evaluated } | null
}

/** What is remembered between questions; a value, never changed. */
export interface FunctionWorld {
  readonly problem: CompleteProblem
  readonly options: FunctionWorldOptions
  /** Vectors by their names; the first is the one the name stands for, the others minimise f as well. */
  readonly store: ReadonlyMap<WeightsRef, ReadonlyArray<Stored>>
  /** ‖∇_y f‖ at or near the start, by which gradients are judged. */
  readonly steepness: number
  /** Minimizers of f at any x, the latest last; no two of them close. */
  readonly known: ReadonlyArray<Vec>
  /**
   * Where the lower level was solved last: descents on F + κ·f at this λ must not end above its minimizers. `null` in a world
   * that does not remember.
   */
  readonly solved: { readonly lambda: Vec; readonly minimizers: ReadonlyArray<Stored> } | null
  /** Where the losses of the initial weights are measured. */
  readonly outset: Vec
  readonly evaluations: number
}

const unlearnt = (y: Vec): Stored => ({ y, pairs: [], at: null })

/** The world before the first question. */
export const make = (problem: CompleteProblem, options: FunctionWorldOptions): FunctionWorld => ({
  problem,
  options,
  store: new Map([[initialWeights, [unlearnt(problem.y.start)]]]),
  steepness: steepnessOf(problem),
  known: options.known,
  solved: null,
  outset: outsetOf(problem, options.outsets),
  // Those of `validate`, of the steepness and of the outset.
  evaluations: 9 + 2 * options.outsets.length,
})

/** Values of f this close, relatively, are the same minimum value. */
const sameValue = 1e-7

const failed = (id: number, reason: string, effort: number): CommandFailed => ({
  _tag: 'CommandFailed',
  id,
  reason,
  effort,
})

/** So many minimizers are remembered. */
const mostKnown = 8

const startsOf = ({ options, problem }: FunctionWorld, given: Vec, id: number): ReadonlyArray<Vec> => [
  given,
  ...randomStarts(problem, options.starts - 1, options.seed, id),
]

const close = (a: Vec, b: Vec): boolean => a.every((v, k) => Math.abs(v - b[k]!) <= 1e-6 * (1 + Math.abs(v)))

/** Whether two points are one minimizer followed from one x to the next, or as good as. */
const near = (a: Vec, b: Vec): boolean => a.every((v, k) => Math.abs(v - b[k]!) <= 0.01 * (1 + Math.abs(v)))

type Answered = readonly [Observation, FunctionWorld]

/** A vector to be reported, with what its levels are known to say. */
interface Reached {
  readonly y: Vec
  readonly pairs: ReadonlyArray<Pair>
  readonly upper: Evaluated | null
  readonly lower: Evaluated | null
}

/** The values of both levels, and the number of evaluations that this took. */
const lossesAt = (
  { problem: { upperLevel, lowerLevel } }: FunctionWorld,
  x: Vec,
  { y, ...known }: Reached,
): E.Either<string, { readonly upper: Evaluated; readonly lower: Evaluated }> => {
  const upper = known.upper === null ? evaluate(upperLevel, x, y) : E.right(known.upper)
  const lower = known.lower === null ? evaluate(lowerLevel, x, y) : E.right(known.lower)
  if (E.isLeft(upper)) return E.left(`the upper level cannot be evaluated: ${upper.left}`)
  if (E.isLeft(lower)) return E.left(`the lower level cannot be evaluated: ${lower.left}`)
  return E.right({ upper: upper.right, lower: lower.right })
}

/** The answer that reports vectors at λ, the first of which is meant. */
const reported = (
  world: FunctionWorld,
  question: SolveLowerLevel | DescendWeights,
  vectors: ReadonlyArray<Reached>,
  spent: number,
  extra: { readonly gradientNorm: number; readonly converged: boolean },
): Answered => {
  const [meant, ...others] = vectors
  const at = lossesAt(world, question.lambda, meant!)
  const effort = spent + (meant!.upper === null ? 1 : 0) + (meant!.lower === null ? 1 : 0)
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
    {
      ...after,
      store: new Map([
        ...world.store,
        [
          weights,
          [
            { y: meant!.y, pairs: meant!.pairs, at: { x: question.lambda, upper, lower } },
            ...others.map(({ y, pairs }) => ({ y, pairs, at: null })),
          ],
        ],
      ]),
    },
  ]
}

/** What is known with more minimizers; a new one takes the place of those close to it. */
const remembered = (known: ReadonlyArray<Vec>, minimizers: ReadonlyArray<Vec>): ReadonlyArray<Vec> =>
  [...known.filter(y => !minimizers.some(other => near(other, y))), ...minimizers].slice(-mostKnown)

/** Where a descent ended, and where it would go on from if that is no minimizer. */
interface Judged {
  readonly minimum: Minimized
  readonly beyond: O.Option<Vec>
}

const solve = (world: FunctionWorld, question: SolveLowerLevel, { y: given, pairs }: Stored): Answered => {
  const { lowerLevel, upperLevel } = world.problem
  const { lambda } = question
  const from = (start: Vec): Minimized =>
    minimize(
      {
        steepness: world.steepness,
        bounds: world.problem.y,
        maxIterations: world.options.maxIterations,
      },
      [[1, lowerLevel]],
      lambda,
      { y: start, pairs: start === given ? pairs : [] },
    )
  const judged = (minimum: Minimized): Judged => ({
    minimum,
    beyond: minimum.converged ? beyond(world.problem, lambda, minimum) : O.none,
  })
  const first = startsOf(world, given, question.id).map(start =>
    judged(from(ownMinimizer(world.problem, lambda, start))),
  )
  // A start may be a saddle or a maximum by chance, or by symmetry: from a step away, once more.
  const settled = first.flatMap(one => (O.isSome(one.beyond) ? [one, judged(from(one.beyond.value))] : [one]))
  // A minimizer of another x may be better here even before it is minimised from.
  const least = settled.reduce(
    (low, { minimum }) => (minimum.converged ? Math.min(low, minimum.value) : low),
    Infinity,
  )
  const others = world.options.remembers ? world.known.filter(y => !close(y, given)) : []
  const promising = others.filter(y => {
    const at = evaluate(lowerLevel, lambda, y)
    return E.isRight(at) && at.right.value < least - sameValue * (1 + Math.abs(least))
  })
  const found = [...settled, ...promising.map(y => judged(from(y)))]
  const stationary = found.filter(({ minimum }) => minimum.converged)
  const spent = found.reduce(
    (sum, { minimum }) => sum + minimum.evaluations,
    stationary.length + others.length,
  )
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
  const minimizers = ordered.map(({ y }) => y)
  const [observation, after] = reported(
    { ...world, known: world.options.remembers ? remembered(world.known, minimizers) : world.known },
    question,
    ordered.map(({ y, levels, ...rest }) => ({
      y,
      pairs: rest.pairs,
      upper: null,
      lower: levels[0] ?? null,
    })),
    spent + (same.length === 1 ? 0 : same.length),
    {
      gradientNorm: meant.gradientNorm,
      converged: meant.converged,
    },
  )
  const stored = after.store.get(weightsOf(question.id))
  return [
    observation,
    {
      ...after,
      solved: world.options.remembers && stored !== undefined ? { lambda, minimizers: stored } : null,
    },
  ]
}

/** Shares of y's size by which a descent that ended on a slope is moved along it, to begin again. */
const nudgeSizes = [1e-6, 1e-3, 1e-1] as const

/** The point downhill from where a descent gave up, if the objective is lower there. */
const nudges = (
  { problem }: FunctionWorld,
  terms: Terms,
  x: Vec,
  { y, value, gradient, gradientNorm }: Minimized,
): ReadonlyArray<Vec> => {
  if (!(gradientNorm > 0) || !Number.isFinite(gradientNorm)) return []
  const size = Math.max(1, ...y.map(Math.abs))
  const tried = nudgeSizes.map(share => {
    const point = insideY(problem)(y.map((v, k) => v - (share * size * gradient[k]!) / gradientNorm))
    return { point, value: valueOf(terms, x, point) }
  })
  const best = tried.reduce((least, one) => (one.value < least.value ? one : least))
  return best.value < value ? [best.point] : []
}

const sameVector = (a: Vec, b: Vec): boolean => a.every((v, k) => v === b[k])

const descend = (
  world: FunctionWorld,
  question: DescendWeights,
  vectors: ReadonlyArray<Stored>,
): Answered => {
  const { upperLevel, lowerLevel } = world.problem
  if (question.steps === 0)
    return reported(
      world,
      question,
      [
        question.from === initialWeights
          ? { y: world.outset, pairs: [], upper: null, lower: null }
          : { y: vectors[0]!.y, pairs: vectors[0]!.pairs, upper: null, lower: null },
      ],
      0,
      { gradientNorm: 0, converged: true },
    )
  const terms = [
    [question.lowerCoefficient, lowerLevel],
    [question.upperCoefficient, upperLevel],
  ] as const
  const levelsOf = ({ at }: Stored): ReadonlyArray<Evaluated> | undefined =>
    at !== null && sameVector(at.x, question.lambda) ? [at.lower, at.upper] : undefined
  const from = (start: Stored): Minimized =>
    minimize(
      {
        steepness: world.steepness,
        bounds: world.problem.y,
        maxIterations: Math.min(question.steps, world.options.maxIterations),
      },
      terms,
      question.lambda,
      { y: start.y, pairs: start.pairs, levels: levelsOf(start) },
    )
  const valueAt = (start: Stored): number => {
    const levels = levelsOf(start)
    return levels === undefined
      ? valueOf(terms, question.lambda, start.y)
      : terms.reduce((sum, [coefficient], k) => sum + coefficient * levels[k]!.value, 0)
  }
  const straight = vectors.map(from)
  const lowest = straight.reduce((least, one) => (one.value < least.value ? one : least))
  const nudged = lowest.converged
    ? []
    : nudges(world, terms, question.lambda, lowest).map(y => from(unlearnt(y)))
  // Minimizers of f alone at this λ are feasible. A descent that ends above one of them is stuck, on a saddle perhaps.
  const here =
    world.solved !== null && sameVector(world.solved.lambda, question.lambda) ? world.solved.minimizers : []
  const reached = nudged.reduce((least, one) => (one.value < least ? one.value : least), lowest.value)
  const lower = here.filter(start => valueAt(start) < reached - sameValue * Math.abs(reached))
  // Each value takes an evaluation of both levels.
  const asked = here.filter(start => levelsOf(start) === undefined).length
  const checks = terms.length * (asked + (lowest.converged ? 0 : nudgeSizes.length))
  const found = [...straight, ...nudged, ...lower.map(from)]
  const spent = found.reduce((sum, { evaluations }) => sum + evaluations, checks)
  const best = found.reduce((least, one) => (one.value < least.value ? one : least))
  if (!Number.isFinite(best.value))
    return [
      failed(question.id, 'the augmented Lagrangian could not be evaluated where its descent started', spent),
      { ...world, evaluations: world.evaluations + spent },
    ]
  const [lowerAt = null, upperAt = null] = best.levels
  return reported(
    world,
    question,
    [{ y: best.y, pairs: best.pairs, upper: upperAt, lower: lowerAt }],
    spent,
    best,
  )
}

/** The answer to a question, and the world after it. */
export const answer =
  (question: Question) =>
  (world: FunctionWorld): Answered => {
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
  (world: FunctionWorld): FunctionWorld => ({
    ...world,
    store: new Map([...world.store].filter(([ref]) => !refs.includes(ref))),
  })

/** The vector of this name. */
export const vector =
  (ref: WeightsRef) =>
  ({ store }: FunctionWorld): Vec | undefined =>
    store.get(ref)?.[0]?.y
