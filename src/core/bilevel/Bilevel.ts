/**
 * The bilevel method: a state machine with four phases, as `init` and `step` of a `Method`.
 *
 *     sampling → minimising ⇄ refining
 *                    ↓
 *                finishing → halted
 *
 * Every normal stop leaves minimising. Refining leads to finishing only after failed solves (`recover` in enter.ts).
 * Without `retrain` the search halts directly, without finishing. If every initial solve fails, sampling halts.
 *
 * It solves min F(λ, w) subject to f(λ, w) ≤ φ(λ) + ε by an augmented Lagrangian, where φ(λ) = min_w f(λ, w) is the lower
 * level's optimal value function (arXiv 2208.12118). A Gaussian process φ̂ models φ.
 *
 * - In: a configuration, then one observation after another.
 * - Out: a transition each time: the next state, the commands to carry out, an `Info` for people.
 *
 * `step` adds an observation to the open batch. Once the batch is complete, it calls the function of the phase:
 * `finishSampling`, `finishMinimising`, `finishRefining`, `finishRetraining` or `finishReporting`. These read the
 * answers in the order of their questions, so answers may arrive in any order.
 *
 * {@link make} replaces parts of the method (Parts.ts). docs/walkthrough.md follows one outer iteration with its numbers.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { answered } from '../protocol/answered.js'
import type { Method, Transition } from '../protocol/Method.js'
import { halted, type MethodError, numerical } from '../protocol/MethodError.js'
import type { Observation } from '../protocol/Observation.js'
import { recordable } from '../protocol/recordable.js'
import { wait } from './transitions.js'
import { BilevelConfig, validate } from './BilevelConfig.js'
import type { Rule } from './descent/Rule.js'
import { finishReporting, finishRetraining } from './finishing.js'
import { finishMinimising } from './minimising.js'
import { defaults, type Parts } from './Parts.js'
import type { GaussianProcessState } from './parts/Surrogate.js'
import { finishRefining } from './refining.js'
import { finishSampling, sample } from './sampling.js'
import { type BilevelState, computedCodec, stateCodec } from './BilevelState.js'

type Step<V, R> = E.Either<MethodError, Transition<BilevelState<V, R>>>

const incomplete = E.left(numerical('This state lacks its samples: it was not made by this method.'))

/** Calls the function of the phase for its answered batch. */
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
  (observation: Observation): ((state: BilevelState<V, R>) => Step<V, R>) =>
    answered<BilevelState<V, R>>({ wait, conclude: conclude(parts) })(observation)

/** `bilevel`, or `bilevel with` and the replaced parts: a log must not name a method that did not write it. */
const nameOf = (replaced: object): string => {
  const names = Object.keys(defaults).filter(part => Object.hasOwn(replaced, part))
  return names.length === 0 ? 'bilevel' : `bilevel with another ${names.join(', ')}`
}

/** Parts that replace the default ones, and a name for logs and configurations. */
export type Variant<V = GaussianProcessState, R = Rule> = Partial<Parts<V, R>> & { readonly name?: string }

/**
 * The bilevel method with the given parts. `Parts.defaults` supplies each part that is left out.
 *
 * The method is as deterministic and total as its parts: they must keep the laws of a `Method`.
 *
 * @example
 * ```ts
 * import { Bilevel, Parts } from 'bilevel-hpo'
 *
 * // The method with a penalty that never grows.
 * const penalty: Parts.PenaltySchedule = { ...Parts.defaults.penalty, next: () => () => () => before => before.penalty }
 * const variant: Bilevel.Variant = { penalty }
 * Bilevel.make(variant).name // => 'bilevel with another penalty'
 * Bilevel.make({ ...variant, name: 'constant-penalty' }).name // => 'constant-penalty'
 * ```
 */
export const make = <V = GaussianProcessState, R = Rule>({
  name,
  ...replaced
}: Variant<V, R>): Method<BilevelConfig, BilevelState<V, R>> => {
  // For a part that is left out, V and R are inferred as those of the default part.
  const parts = { ...defaults, ...replaced } as Parts<V, R>
  const checked = recordable(computedCodec(parts))
  const next = step(parts)
  return {
    name: name ?? nameOf(replaced),
    config: BilevelConfig,
    state: stateCodec(parts),
    init: config => pipe(validate(config), E.flatMap(sample(parts)), E.flatMap(checked)),
    step: observation => state => pipe(state, next(observation), E.flatMap(checked)),
  }
}

/**
 * The bilevel method: min F(λ, w) subject to f(λ, w) ≤ φ(λ) + ε, with a Gaussian process for φ(λ) = min_w f(λ, w) and an augmented
 * Lagrangian for the constraint.
 *
 * Errors of `init`: `InvalidConfig` with the field. Errors of `step`: `UnknownCommand`, `UnexpectedObservation`,
 * `InvalidObservation`, `Halted`, and `Numerical` if no jitter makes the covariance positive definite, or if numbers overflow. Source: Sinha,
 * Gunwal & Kumar, arXiv 2208.12118; docs/method.md lists the differences.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, type BilevelConfig, decode } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * // Ridge regression with one weight: training data fit 3, validation data fit 2, so the optimum is λ = ln ½.
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config: E.Either<string, BilevelConfig> = decode(bilevel.config)({ space })
 * const run = E.isRight(config) ? Simulate.drive(bilevel)(config.right, world) : null
 * const [found = NaN] = run?.transitions.at(-1)?.info.outcome?.rows.at(-1)?.lambda ?? []
 * Math.abs(found - Math.log(0.5)) < 0.1 // => true
 * ```
 */
export const bilevel: Method<BilevelConfig, BilevelState> = make({})
