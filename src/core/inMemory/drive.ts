/**
 * Drives a method to its end on a problem given as functions.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { decode } from '../codec/Codec.js'
import { isQuestion, type Question } from '../protocol/Command.js'
import type { Info, Outcome } from '../protocol/Info.js'
import type { Method, Transition } from '../protocol/Method.js'
import { invalidConfig, type MethodError, numerical } from '../protocol/MethodError.js'
import * as FunctionWorld from './FunctionWorld.js'

/** A method's way to its end, and what the world then was. */
export interface Driven<S> {
  readonly outcome: Outcome
  readonly transitions: ReadonlyArray<Transition<S>>
  readonly world: FunctionWorld.FunctionWorld
}

/** Called after every transition. A `Left` ends the search. */
export type Watch = (info: Info, world: FunctionWorld.FunctionWorld) => E.Either<MethodError, void>

/**
 * Drives the method to its end, answering its questions one by one in the order they are asked.
 *
 * Errors: the method's own, for a configuration that it refuses or answers that it cannot use; those of `watch`.
 */
export const drive =
  <C, S>(method: Method<C, S>, config: unknown, watch: Watch) =>
  (started: FunctionWorld.FunctionWorld): E.Either<MethodError, Driven<S>> => {
    const first = pipe(
      decode(method.config)(config),
      E.mapLeft(message => invalidConfig('options', message)),
      E.flatMap(method.init),
    )
    if (E.isLeft(first)) return first
    const transitions = [first.right]
    let world = started
    let open: ReadonlyArray<Question> = []
    for (let last = first.right; ;) {
      for (const command of last.commands)
        if (!isQuestion(command)) world = FunctionWorld.release(command.weights)(world)
      if (last.info.outcome !== null) return E.right({ outcome: last.info.outcome, transitions, world })
      open = [...open, ...last.commands.filter(isQuestion)]
      const [question, ...rest] = open
      if (question === undefined) return E.left(numerical('The method asked nothing and did not halt.'))
      open = rest
      const [observation, after] = FunctionWorld.answer(question)(world)
      world = after
      const next = method.step(observation)(last.state)
      if (E.isLeft(next)) return next
      last = next.right
      transitions.push(last)
      const told = watch(last.info, world)
      if (E.isLeft(told)) return told
    }
  }
