/**
 * Refining: one lower-level solve at the new λ. It ends an outer iteration.
 *
 * A phase; it begins with `refine` (enter.ts). In: the answer of the solve. `finishRefining` does, in this order:
 *
 * 1. It gives the solution to φ̂ as one more sample (value f, gradient ∂f/∂λ), and has φ̂ fitted again if the samples
 *    have grown by enough.
 * 2. It takes the dual step (dual.ts): the next μ, ρ and ε. The noise of the violation is two deviations of φ̂ at λ.
 *    With `pair.reference: "solved"` it skips this: minimising has taken the dual steps.
 * 3. It starts the next pair of descents from the solution.
 *
 * Out: the transition that asks for these descents.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { inOrder } from '../protocol/Batch.js'
import type { Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import { dualStep } from './dual.js'
import { minimise, recover, refine } from './enter.js'
import { sampleOf, solvedFrom } from './iterates.js'
import type { Parts } from './Parts.js'
import { solvesLeft } from './spending.js'
import { type BilevelState, remember, type Search } from './BilevelState.js'

/** Handles the answer of the lower-level solve at the new λ. */
export const finishRefining =
  <V, R>(parts: Parts<V, R>) =>
  (
    state: BilevelState<V, R>,
    search: Search<R>,
    surrogate: V,
  ): E.Either<MethodError, Transition<BilevelState<V, R>>> => {
    const { config } = state
    const [solved] = inOrder(state.batch)
    if (solved?._tag !== 'LowerLevelSolved') {
      const reason = solved?._tag === 'CommandFailed' ? solved.reason : 'a solve was not answered'
      return E.right(recover(parts)(state, search, refine, solvesLeft(state), reason))
    }
    const base = solvedFrom(search.lambda, solved)
    return pipe(
      surrogate,
      parts.surrogate.observe(sampleOf(base)),
      E.flatMap(parts.surrogate.consolidate),
      E.map(learnt => {
        const predicted = parts.surrogate.estimate(search.lambda)(learnt)
        const deviation = Math.sqrt(predicted.variance)
        const solved = { ...search, failures: 0, innerIteration: 0, base }
        // With `solved`, every descent has already taken its dual step.
        const next =
          config.pair.reference === 'solved' ? solved : dualStep(parts)(config, 2 * deviation)(solved)
        return minimise(parts)({ ...state, surrogate: learnt, known: remember(state.known, base) }, next, {
          upperLoss: base.upper,
          lowerLoss: base.lower,
          phiHat: predicted.mean,
          phiDeviation: deviation,
          violation: null,
        })
      }),
    )
  }
