/**
 * The interface of a method: two pure functions over plain data. A driver carries out the commands of a transition and
 * passes each answer to `step`, together with the state of the last transition.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { Command } from './Command.js'
import type { Info } from './Info.js'
import type { MethodError } from './MethodError.js'
import type { Observation } from './Observation.js'

/** The result of a step: the next state, the commands to carry out now, and the info for people. */
export interface Transition<S> {
  readonly state: S
  readonly commands: ReadonlyArray<Command>
  readonly info: Info
}

/**
 * A hyperparameter optimisation method as a deterministic state machine.
 *
 * Laws: equal config and observations give equal transitions, byte for byte. No argument is changed. A state survives a
 * JSON round trip. Commands that were issued together may be answered in any order; the state is the same once all are
 * answered. An id that is unknown, or already answered, gives a `Left`. The method has halted once `info.outcome` is
 * not null, and it halts within its budget.
 */
export interface Method<C, S> {
  readonly name: string
  /** Decodes a configuration; missing fields get their defaults. */
  readonly config: t.Type<C, unknown>
  readonly state: t.Type<S, unknown>
  readonly init: (config: C) => Either<MethodError, Transition<S>>
  readonly step: (observation: Observation) => (state: S) => Either<MethodError, Transition<S>>
}
