/**
 * Refining: a lower-level solution at the new λ is one more sample of φ; then the multiplier, the penalty and the
 * tolerance take their outer step.
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

/** The lower-level solve at the new λ is answered. */
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
        // Against solutions the dual step was taken at every descent already.
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
