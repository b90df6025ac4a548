import * as E from 'fp-ts/lib/Either.js'
import { isQuestion, type Question } from '../../src/core/protocol/Command.js'
import type { Method, Transition } from '../../src/core/protocol/Method.js'
import type { MethodError } from '../../src/core/protocol/MethodError.js'
import type { Observation } from '../../src/core/protocol/Observation.js'

interface World {
  readonly answer: (question: Question) => Observation
  readonly release: (weights: ReadonlyArray<string>) => void
}

/** Every transition of a whole run, or the error that ended it. `order` may permute the answers to a batch. */
export const driveInMemory = <C, S>(
  method: Method<C, S>,
  config: C,
  world: World,
  order: (open: ReadonlyArray<Question>) => number = () => 0,
): E.Either<MethodError, ReadonlyArray<Transition<S>>> => {
  const started = method.init(config)
  if (E.isLeft(started)) return started
  const transitions = [started.right]
  let open: ReadonlyArray<Question> = []
  for (;;) {
    const last = transitions[transitions.length - 1]!
    for (const command of last.commands) if (!isQuestion(command)) world.release(command.weights)
    open = [...open, ...last.commands.filter(isQuestion)]
    if (last.info.outcome !== null) return E.right(transitions)
    const question = open[order(open)]
    if (question === undefined) throw new Error('the method neither halted nor asked')
    open = open.filter(other => other !== question)
    const next = method.step(world.answer(question))(last.state)
    if (E.isLeft(next)) return next
    transitions.push(next.right)
  }
}
