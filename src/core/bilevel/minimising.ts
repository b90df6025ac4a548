/**
 * Minimising: the augmented Lagrangian at fixed μ and ε. The weights descend on F + κ·f with κ = μ (the shell gets f +
 * F/κ, see enter.ts), then λ takes one step.
 *
 * A phase; it begins with `minimise` (enter.ts). In: the answers of both descents of a pair. `finishMinimising` does,
 * in this order:
 *
 * 1. It measures v and ∂L/∂λ (descentEnds.ts). If the reference path climbed, it repeats the pair with shorter steps.
 * 2. With `pair.reference: "paired"`, the default, it gives the reference end to φ̂ as one more sample, and keeps its
 *    weights as a start for later descents and solves. A repeated pair gives no sample.
 *    With `"solved"` it takes the dual step (dual.ts) and descends again at the same λ, until v agrees with the final ε
 *    or `pair.innerIterations` descents are made.
 * 3. It moves λ by the part `descent`.
 * 4. It decides: stop (finishing.ts), or solve at the new λ (refining.ts). With `pair.innerIterations` > 1 other pairs
 *    come first.
 *
 * Out: the transition that asks for the next descents, the solve, or the retraining.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type { Info } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import * as Envelope from '../surrogate/Envelope.js'
import type { BilevelConfig } from './BilevelConfig.js'
import { balanced, capped, dualStep } from './dual.js'
import { minimise, recover, refine } from './enter.js'
import { finish } from './finishing.js'
import { sampleOf, type Solved } from './iterates.js'
import { type Ends, descentEnds, withRelaxed, stationarityOf, unitGradient } from './descentEnds.js'
import type { Parts } from './Parts.js'
import { descentsLeft, solvesLeft } from './spending.js'
import { type BilevelState, remember, type Search, type Stop } from './BilevelState.js'
import { satisfied } from './tolerance.js'

/** Growth of a reduced step size after each stable pair. */
const recovery = 1.2

interface Stepped<R> {
  readonly search: Search<R>
  /** Why λ does not move: it has settled or is stuck. Steps up to `stop.step` count as none. */
  readonly still: 'settled' | 'stuck' | null
  readonly stationarity: number
}

/** Relative rounding error of a loss in float64, including the sums it consists of. */
const rounding = 1e-14

/** The search after a step of λ along ∂L/∂λ. */
const stepped = <V, R>(
  { descent, choice }: Parts<V, R>,
  config: BilevelConfig,
  search: Search<R>,
  { reference, relaxed }: Ends,
  gradient: ReadonlyArray<number>,
  kappa: number,
): Stepped<R> => {
  const { space, stop } = config
  const here = search.relaxed
  const merit = here?.merit ?? relaxed.upper
  // Another κ shifts the merit F + κ·(v − ε) of the point before by Δκ·(v − ε), where v is balanced.
  const shift = Math.abs(kappa - (search.lastCoefficient ?? kappa)) * config.pair.balance * search.epsilon
  const noise =
    rounding * (Math.abs(relaxed.upper) + kappa * Math.max(Math.abs(relaxed.lower), search.scales.lower)) +
    shift
  const moved = descent.step(config)({
    unit: SearchSpace.toUnit(space)(search.lambda),
    gradient,
    merit,
    noise,
  })(search.descent)
  const better = here === null || search.best === null || choice.prefers({ ...here, noise })(search.best)
  return {
    search: {
      ...search,
      stepScale: Math.min(1, recovery * search.stepScale),
      innerIteration: search.innerIteration + 1,
      lambda: SearchSpace.fromUnit(space)(moved.unit),
      anchor: search.lambda,
      base: config.pair.reference === 'paired' ? reference : search.base,
      best: better ? here : search.best,
      descent: moved.after,
      earlier: null,
      lastCoefficient: kappa,
    },
    stationarity: stationarityOf(SearchSpace.toUnit(space)(search.lambda), gradient),
    still: moved.longest > stop.step ? null : moved.backtracking ? 'stuck' : 'settled',
  }
}

/** f at the start of the pair, or an upper bound on it; `Infinity` if neither is known without an evaluation. */
const startOf = <R>({ space, linearInCoefficients }: BilevelConfig, { base, lambda }: Search<R>): number => {
  if (base.lambda.every((value, k) => value === lambda[k])) return base.lower
  return linearInCoefficients
    ? Envelope.boundAt(space)(lambda)({
        lambda: base.lambda,
        value: base.lower,
        gradient: base.lowerGradient,
      })
    : Infinity
}

/** Below this share of the shell's step size a shorter one does not help. */
const leastStepScale = 1e-3

/**
 * The search with a shorter step size if the reference path of a pair climbed, otherwise `None`. Polishing can find
 * minima that are too sharp for stochastic steps of the usual size.
 */
const steadied = <R>(config: BilevelConfig, search: Search<R>, { reference }: Ends): O.Option<Search<R>> => {
  const { instability, stepCut, reference: kind } = config.pair
  const climbed =
    kind === 'paired' && reference.lower - startOf(config, search) > instability * search.scales.lower
  const stepScale = search.stepScale * stepCut
  return climbed && stepScale >= leastStepScale ? O.some({ ...search, stepScale }) : O.none
}

/** Largest relative first-order gain that still counts as converged. */
const noGain = 1e-6

/**
 * Whether a λ that has settled counts as a solution. With exact measurements this requires that the violation agrees
 * with the final ε and that the gradient promises no further gain.
 */
const credible = <V, R>(
  parts: Parts<V, R>,
  config: BilevelConfig,
  search: Search<R>,
  stationarity: number,
): boolean => {
  if (config.pair.reference !== 'solved') return true
  const size = Math.max(search.scales.upper, Math.abs(search.relaxed?.upper ?? 0))
  return balanced(parts)(config)(search) && stationarity * config.stop.step <= noGain * size
}

/** A violation below this share of f may be rounding. */
const mayBeRounding = 1e-10

/**
 * Whether the violation does not answer to the multiplier any more: it was well above ε, μ rose as far as it takes to
 * bring it to ε, and it did not even halve. Then it is the rounding of f.
 */
const unresponsive = <R>(
  { relaxed: before }: Search<R>,
  { relaxed: after, lambda, scales }: Search<R>,
): boolean =>
  before !== null &&
  after !== null &&
  before.lambda.every((value, k) => value === lambda[k]) &&
  before.violation > 4 * before.epsilon &&
  before.violation <= mayBeRounding * Math.max(scales.lower, Math.abs(after.lower)) &&
  after.violation > before.violation / 2

/** Whether ρ is at its cap while the violation is still above ε. */
const hopeless = <V, R>(parts: Parts<V, R>, config: BilevelConfig, search: Search<R>): boolean =>
  search.relaxed !== null &&
  search.relaxed.violation > satisfied * search.relaxed.epsilon &&
  capped(parts)(config)(search)

const budgetSpent = <V, R>(state: BilevelState<V, R>, search: Search<R>): Stop => ({
  stopReason: 'budgetSpent',
  message: `The budget is spent: ${search.outerIteration} outer iterations, ${state.lowerLevelSolves} lower-level solves.`,
})

/** The reason to end the search after a step of λ, or `null`. */
const stopOf = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  { search, still, stationarity }: Stepped<R>,
): Stop | null => {
  const { budget, stop } = state.config
  if (still === 'stuck')
    return {
      stopReason: 'noProgress',
      message:
        'No progress: every step of λ that the gradient promises to be an improvement makes things worse, ' +
        'however short. Rounding may leave no way down, or the gradients are wrong.',
    }
  if (still === 'settled' && hopeless(parts, state.config, search))
    return {
      stopReason: 'penaltyCap',
      message: 'λ has settled, but the penalty is at its cap and the constraint is still violated.',
    }
  if (still === 'settled' && !credible(parts, state.config, search, stationarity))
    return {
      stopReason: 'noProgress',
      message:
        'No progress: λ does not move any more, but its gradient or the violation says that this is no solution. ' +
        'A curvature that overflows or a lower level that is not solved well enough may be why.',
    }
  if (still === 'settled')
    return {
      stopReason: 'converged',
      message: `Converged: every step of λ is at most ${stop.step} of its range.`,
    }
  return search.outerIteration >= budget.outerIterations || !solvesLeft(state)
    ? budgetSpent(state, search)
    : null
}

/** The next transition after a step of λ: another pair, a lower-level solve, or the end of the search. */
const onward = <V, R>(
  parts: Parts<V, R>,
  state: BilevelState<V, R>,
  after: Stepped<R>,
  details: Partial<Info>,
): Transition<BilevelState<V, R>> => {
  const { pair } = state.config
  const { search } = after
  if (pair.reference !== 'solved' && search.innerIteration < pair.innerIterations)
    return descentsLeft(state)
      ? minimise(parts)(state, search, details)
      : finish(parts)(state, search, budgetSpent(state, search), details)
  const next = {
    ...search,
    outerIteration: search.outerIteration + 1,
    path: [...search.path, search.lambda],
  }
  const stop = stopOf(parts, state, { ...after, search: next })
  return stop === null ? refine(state, next, details) : finish(parts)(state, next, stop, details)
}

/** The surrogate and the known weights after the end of a reference path is added. */
const learned = <V, R>(
  { surrogate: { observe } }: Parts<V, R>,
  state: BilevelState<V, R>,
  surrogate: V,
  reference: Solved,
): E.Either<MethodError, { readonly state: BilevelState<V, R>; readonly surrogate: V }> =>
  state.config.pair.reference !== 'paired'
    ? E.right({ state, surrogate })
    : pipe(
        surrogate,
        observe(sampleOf(reference)),
        E.map(appended => ({
          state: { ...state, surrogate: appended, known: remember(state.known, reference) },
          surrogate: appended,
        })),
      )

/** Handles the answers to all descents of a minimisation. */
export const finishMinimising =
  <V, R>(parts: Parts<V, R>) =>
  (
    state: BilevelState<V, R>,
    search: Search<R>,
    surrogate: V,
  ): E.Either<MethodError, Transition<BilevelState<V, R>>> => {
    const { config } = state
    const again = minimise(parts)
    const ends = descentEnds(parts, state, search, surrogate)
    if (E.isLeft(ends)) return E.right(recover(parts)(state, search, again, descentsLeft(state), ends.left))
    const steady = steadied(config, search, ends.right)
    if (O.isSome(steady) && descentsLeft(state))
      return E.right(
        again(state, steady.value, {
          message: `The descents climbed; again with steps ${steady.value.stepScale} times the usual.`,
        }),
      )
    const kappa = parts.constraint.coefficient(search.multipliers)
    const gradient = unitGradient(parts, config, ends.right, kappa)
    const here = withRelaxed(parts, search, ends.right)
    return pipe(
      learned(parts, state, surrogate, ends.right.reference),
      E.map(after => {
        const predicted = parts.surrogate.estimate(search.lambda)(after.surrogate)
        const details = {
          lambda: search.lambda,
          upperLoss: ends.right.relaxed.upper,
          lowerLoss: ends.right.relaxed.lower,
          phiHat: predicted.mean,
          phiDeviation: Math.sqrt(predicted.variance),
          violation: here.relaxed?.violation ?? null,
          stationarity: stationarityOf(SearchSpace.toUnit(config.space)(search.lambda), gradient),
          coefficient: kappa,
        }
        if (
          config.pair.reference === 'solved' &&
          !balanced(parts)(config)(here) &&
          !unresponsive(search, here)
        ) {
          const dual = dualStep(parts)(config, 0)({ ...here, innerIteration: here.innerIteration + 1 })
          if (dual.innerIteration < config.pair.innerIterations && descentsLeft(state))
            return again(after.state, dual, details)
        }
        return onward(parts, after.state, stepped(parts, config, here, ends.right, gradient, kappa), details)
      }),
    )
  }
