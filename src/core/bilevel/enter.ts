/**
 * Entry into the phases: the state that a phase starts with, and its first questions.
 *
 * - `minimise` starts a minimisation at the search's λ: by default two descents of the weights from the same start, on
 *   the same minibatches. The reference path descends on f, the relaxed path on f + F/κ, which is F + κ·f divided by κ
 *   (by s_F/s_f if κ is smaller). With `pair.reference` `"surrogate"` or `"solved"` there is only the relaxed path.
 * - `refine` starts a refinement: a lower-level solve at λ that continues from the best known weights. If f is linear
 *   in the coefficients, these are the weights with the lowest bound on φ(λ) (surrogate/Envelope.ts); otherwise those
 *   solved nearest to λ.
 * - `recover` handles a failed command: λ moves half-way back to where a pair last succeeded, and the phase asks again.
 *
 * In: state and search. Out: the transition with the questions.
 */
import * as O from 'fp-ts/lib/Option.js'
import * as A from 'fp-ts/lib/ReadonlyArray.js'
import { pipe } from 'fp-ts/lib/function.js'
import { norm } from '../numeric/norm.js'
import type { Unnumbered } from '../protocol/Asking.js'
import type { Info } from '../protocol/Info.js'
import type { Transition } from '../protocol/Method.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import * as Envelope from '../surrogate/Envelope.js'
import { proceed } from './transitions.js'
import type { BilevelConfig } from './BilevelConfig.js'
import { finish } from './finishing.js'
import { type Relaxed, sampleOf, type Solved } from './iterates.js'
import type { Parts } from './Parts.js'
import type { BilevelState, Search } from './BilevelState.js'

type Step<V, R> = Transition<BilevelState<V, R>>

/** The end of the last relaxed path, if it was at this λ; then the next one continues from it. */
const continued = <R>({ relaxed, lambda }: Search<R>): Relaxed | null =>
  relaxed?.lambda.every((value, k) => value === lambda[k]) === true ? relaxed : null

/**
 * The questions of one minimisation over the weights at the search's λ, with the κ of the constraint form.
 *
 * The relaxed path's objective is F + κ·f, scaled so that the coefficient of f is exactly 1, as on the reference path.
 * If κ < s_F/s_f, it is scaled by s_f/s_F instead.
 */
const descents = <V, R>(
  { constraint }: Parts<V, R>,
  { config, nextId }: BilevelState<V, R>,
  search: Search<R>,
): ReadonlyArray<Unnumbered> => {
  const { pair } = config
  const kappa = constraint.coefficient(search.multipliers)
  const ratio = search.scales.upper / search.scales.lower
  const common = {
    _tag: 'DescendWeights',
    lambda: search.lambda,
    from: search.base.weights,
    steps: pair.steps,
    batchSize: pair.batchSize,
    stepScale: search.stepScale,
    stream: nextId,
  } as const
  const objective =
    kappa >= ratio
      ? { upperCoefficient: 1 / kappa, lowerCoefficient: 1 }
      : { upperCoefficient: 1 / ratio, lowerCoefficient: kappa / ratio }
  switch (pair.reference) {
    case 'paired':
      return [
        { ...common, upperCoefficient: 0, lowerCoefficient: 1 },
        { ...common, ...objective },
      ]
    case 'surrogate':
      // λ and w descend together, so continue from the last end even if it was at another λ.
      return [{ ...common, ...objective, from: (search.relaxed ?? search.base).weights }]
    case 'solved':
      return [{ ...common, ...objective, from: (continued(search) ?? search.base).weights }]
  }
}

const distance = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  norm(a.map((value, k) => value - b[k]!))

/**
 * The known weights to start from at λ: those with the lowest bound on φ(λ), or else those solved nearest to λ.
 */
const bestStart = <V, R>(
  { config: { space, linearInCoefficients }, known }: BilevelState<V, R>,
  search: Search<R>,
): Solved => {
  if (linearInCoefficients)
    return pipe(
      Envelope.lowest(space, known.map(sampleOf))(search.lambda),
      O.chain(({ index }) => A.lookup(index)(known)),
      O.getOrElse(() => search.base),
    )
  const unit = SearchSpace.toUnit(space)
  const target = unit(search.lambda)
  const away = ({ lambda }: Solved): number => distance(unit(lambda), target)
  return known.reduce((best, solved) => (away(solved) < away(best) ? solved : best), search.base)
}

/** Starts the descents at the search's λ. */
export const minimise =
  <V, R>(parts: Parts<V, R>) =>
  (state: BilevelState<V, R>, search: Search<R>, details?: Partial<Info>): Step<V, R> => {
    const next: BilevelState<V, R> = { ...state, phase: { _tag: 'Minimising', search } }
    return proceed(next, descents(parts, next, search), details)
  }

/** Starts a lower-level solve at the search's λ, from the best weights known for it. */
export const refine = <V, R>(
  state: BilevelState<V, R>,
  search: Search<R>,
  details?: Partial<Info>,
): Step<V, R> => {
  const { solve } = state.config
  const next: BilevelState<V, R> = {
    ...state,
    phase: { _tag: 'Refining', search },
    lowerLevelSolves: state.lowerLevelSolves + 1,
  }
  const question: Unnumbered = {
    _tag: 'SolveLowerLevel',
    lambda: search.lambda,
    from: bestStart(state, search).weights,
    tolerance: solve.tolerance,
    maxEpochs: solve.warmEpochs,
  }
  return proceed(next, [question], details)
}

/** λ half-way back to where a pair last succeeded, with shorter steps from there. */
const retreat = <V, R>({ descent }: Parts<V, R>, config: BilevelConfig, search: Search<R>): Search<R> => ({
  ...search,
  failures: search.failures + 1,
  lambda: search.lambda.map((value, k) => (value + search.anchor[k]!) / 2),
  descent: descent.retreat(config)(search.descent),
  earlier: null,
})

/**
 * After a failed command: retreats and asks again in the same phase. Ends the search after too many failures in a row,
 * or if `affordable` is false: then the budget does not cover asking again.
 */
export const recover =
  <V, R>(parts: Parts<V, R>) =>
  (
    state: BilevelState<V, R>,
    search: Search<R>,
    again: (state: BilevelState<V, R>, search: Search<R>, details?: Partial<Info>) => Step<V, R>,
    affordable: boolean,
    reason: string,
  ): Step<V, R> => {
    const back = retreat(parts, state.config, search)
    if (back.failures >= state.config.stop.failures || !affordable)
      return finish(parts)(state, search, {
        stopReason: 'failures',
        message: `The search ended after ${back.failures} failed commands in a row, the last: ${reason}.`,
      })
    return again(state, back, { message: `A command failed (${reason}); trying again half-way back.` })
  }
