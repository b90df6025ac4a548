/**
 * The bilevel method: the lower level's optimal value function φ as a Gaussian process, and
 * min F(λ, w) subject to f(λ, w) ≤ φ(λ) + ε by the augmented Lagrangian (arXiv 2208.12118).
 *
 *     sampling → minimising ⇄ refining → finishing → halted
 *
 * Nothing is decided before every answer of a batch is in, and answers are looked at in the order of their
 * questions: commands that are issued together may be answered in any order.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { effortOf, isComplete, receive } from '../protocol/Batch.js'
import type { Method, Transition } from '../protocol/Method.js'
import { halted, type MethodError, numerical } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import { wait } from './Asking.js'
import { BilevelConfig, validate } from './Config.js'
import { finishReporting, finishRetraining } from './finishing.js'
import { finishMinimising } from './minimising.js'
import { finishRefining } from './refining.js'
import { finishSampling, sample } from './sampling.js'
import { BilevelState } from './State.js'

type Step = E.Either<MethodError, Transition<BilevelState>>

const incomplete: Step = E.left(numerical('This state lacks its samples: it was not made by this method.'))

/** What a phase makes of its answered batch. */
const conclude = (state: BilevelState): Step => {
  const { phase, surrogate, bestSample } = state
  if (phase._tag === 'Sampling') return finishSampling(state)
  if (surrogate === null || bestSample === null) return incomplete
  switch (phase._tag) {
    case 'Minimising':
      return finishMinimising(state, phase.search, surrogate)
    case 'Refining':
      return finishRefining(state, phase.search, surrogate)
    case 'Retraining':
      return E.right(finishRetraining(state, phase, bestSample))
    case 'Reporting':
      return E.right(finishReporting(state, phase, bestSample))
    case 'Halted':
      return E.left(halted)
  }
}

const step =
  (observation: Observation) =>
  (state: BilevelState): Step =>
    state.phase._tag === 'Halted'
      ? E.left(halted)
      : pipe(
          state.batch,
          receive(observation),
          E.map(batch => ({ ...state, batch, effort: state.effort + effortOf([observation]) })),
          E.flatMap(received => (isComplete(received.batch) ? conclude(received) : E.right(wait(received)))),
        )

/** The value-function method with the augmented Lagrangian. */
export const bilevel: Method<BilevelConfig, BilevelState> = {
  name: 'bilevel',
  config: BilevelConfig,
  state: BilevelState,
  init: config => pipe(validate(config), E.flatMap(sample)),
  step,
}
