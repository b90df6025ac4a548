/**
 * The bilevel method: the lower level's optimal value function φ as a Gaussian process, and
 * min F(λ, w) subject to f(λ, w) ≤ φ(λ) + ε by the augmented Lagrangian (arXiv 2208.12118).
 *
 *     sampling → minimising ⇄ refining → finishing → halted
 *
 * It is put together from parts (Parts.ts), any of which may be replaced: {@link make}.
 *
 * Nothing is decided before every answer of a batch is in, and answers are looked at in the order of their
 * questions: commands that are issued together may be answered in any order.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { effortOf, inOrder, isComplete, receive } from '../protocol/Batch.js'
import type { Method, Transition } from '../protocol/Method.js'
import { halted, type MethodError, numerical } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import { wait } from './transitions.js'
import { BilevelConfig, validate } from './BilevelConfig.js'
import type { Rule } from './descent/Rule.js'
import { finishReporting, finishRetraining } from './finishing.js'
import { finishMinimising } from './minimising.js'
import { defaults, type Parts } from './Parts.js'
import type { GaussianProcessState } from './parts/Surrogate.js'
import { finishRefining } from './refining.js'
import { finishSampling, sample } from './sampling.js'
import { type BilevelState, stateCodec } from './BilevelState.js'

type Step<V, R> = E.Either<MethodError, Transition<BilevelState<V, R>>>

const incomplete = E.left(numerical('This state lacks its samples: it was not made by this method.'))

/** What a phase makes of its answered batch. */
const conclude =
  <V, R>(parts: Parts<V, R>) =>
  (state: BilevelState<V, R>): Step<V, R> => {
    const { phase, surrogate, bestSample } = state
    if (phase._tag === 'Sampling') return finishSampling(parts)(state)
    if (surrogate === null || bestSample === null) return incomplete
    switch (phase._tag) {
      case 'Minimising':
        return finishMinimising(parts)(state, phase.search, surrogate)
      case 'Refining':
        return finishRefining(parts)(state, phase.search, surrogate)
      case 'Retraining':
        return E.right(finishRetraining(parts, state, phase, bestSample))
      case 'Reporting':
        return E.right(finishReporting(parts, state, phase, bestSample))
      case 'Halted':
        return E.left(halted)
    }
  }

const step =
  <V, R>(parts: Parts<V, R>) =>
  (observation: Observation) =>
  (state: BilevelState<V, R>): Step<V, R> =>
    state.phase._tag === 'Halted'
      ? E.left(halted)
      : pipe(
          state.batch,
          receive(observation),
          E.flatMap(batch =>
            isComplete(batch)
              ? conclude(parts)({ ...state, batch, effort: effortOf(inOrder(batch), state.effort) })
              : E.right(wait({ ...state, batch })),
          ),
        )

/** `bilevel`, or `bilevel with` and what was replaced: a log must not name a method that it is not of. */
const nameOf = (replaced: object): string => {
  const names = Object.keys(defaults).filter(part => Object.hasOwn(replaced, part))
  return names.length === 0 ? 'bilevel' : `bilevel with another ${names.join(', ')}`
}

/** Parts in place of the default ones, and a name for logs and configurations. */
export type Variant<V = GaussianProcessState, R = Rule> = Partial<Parts<V, R>> & { readonly name?: string }

/**
 * The method with the given parts in place of the default ones; a part that is left out is `Parts.defaults`'.
 *
 * The method is as deterministic and total as its parts: what the laws of a `Method` ask of it, they ask of them.
 */
export const make = <V = GaussianProcessState, R = Rule>({
  name,
  ...replaced
}: Variant<V, R>): Method<BilevelConfig, BilevelState<V, R>> => {
  // Where a part is left out, V and R are inferred to be those of the default one.
  const parts = { ...defaults, ...replaced } as Parts<V, R>
  return {
    name: name ?? nameOf(replaced),
    config: BilevelConfig,
    state: stateCodec(parts),
    init: config => pipe(validate(config), E.flatMap(sample(parts))),
    step: step(parts),
  }
}

/** The value-function method with the augmented Lagrangian. */
export const bilevel: Method<BilevelConfig, BilevelState> = make({})
