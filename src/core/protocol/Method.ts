/**
 * A method is two pure functions over plain data. Whoever drives it carries out the commands of a transition and
 * passes each answer to `step`, with the state of the transition before.
 */
import type { Either } from 'fp-ts/lib/Either.js'
import type * as t from 'io-ts'
import type { Command } from './Command.js'
import type { Info } from './Info.js'
import type { MethodError } from './MethodError.js'
import type { Observation } from './Observation.js'

/** Where a step leads: the next state, what is to be done now, and what a person may want to know. */
export interface Transition<S> {
  readonly state: S
  readonly commands: ReadonlyArray<Command>
  readonly info: Info
}

/**
 * A hyperparameter optimisation method as a deterministic state machine.
 *
 * Laws: equal config and observations give equal transitions, byte for byte; nothing passed in is changed; a state
 * survives a JSON round trip; commands issued together may be answered in any order, with the same state once all
 * are answered; an id that is unknown or was answered before gives a `Left`; the method has halted when
 * `info.outcome` is not null, and it halts within its budget.
 */
export interface Method<C, S> {
  readonly name: string
  /** Decodes a configuration; what is missing gets its default. */
  readonly config: t.Type<C, unknown>
  readonly state: t.Type<S, unknown>
  readonly init: (config: C) => Either<MethodError, Transition<S>>
  readonly step: (observation: Observation) => (state: S) => Either<MethodError, Transition<S>>
}
