/** Whether two runs of a method are the same run. */
import * as E from 'fp-ts/lib/Either.js'
import * as O from 'fp-ts/lib/Option.js'
import { isQuestion } from '../../protocol/Command.js'
import { firstDifference } from '../../codec/Difference.js'
import type { Transition } from '../../protocol/Method.js'
import { each, every, type Tested, tested, unless } from '../Law.js'
import type { Ending, Run } from '../simulate/drive.js'

/** Equal as JSON; otherwise a violation that names the first field that differs. */
export const sameJson = (where: string, expected: unknown, found: unknown): E.Either<string, Tested> => {
  if (JSON.stringify(expected) === JSON.stringify(found)) return tested
  const difference = firstDifference(where)(expected, found)
  return O.isNone(difference)
    ? tested
    : E.left(
        `${difference.value.field} is ${difference.value.expected} at first, then ${difference.value.found}`,
      )
}

export const endingText = (ending: Ending): string => {
  switch (ending._tag) {
    case 'Halted':
      return 'it halted'
    case 'Refused':
      return `it refused an answer to its own question: ${ending.error.message}`
    case 'Silent':
      return 'it neither halted nor asked'
    case 'Endless':
      return 'it did not halt'
    case 'Threw':
      return `it threw ${ending.message}`
  }
}

/** The same transitions and the same ending. */
export const sameRun = (expected: Run<unknown>, found: Run<unknown>): E.Either<string, Tested> =>
  every([
    each(expected.transitions.slice(0, found.transitions.length), (transition, i) =>
      sameJson(`step ${i}: `, transition, found.transitions[i]),
    ),
    unless(
      expected.transitions.length === found.transitions.length && expected.ending._tag === found.ending._tag,
      () =>
        `after ${expected.transitions.length} transitions ${endingText(expected.ending)}; the other time, after ` +
        `${found.transitions.length}, ${endingText(found.ending)}`,
    ),
  ])

/** The transitions at which every question asked before had been answered. */
export const quiet = ({ transitions }: Run<unknown>): ReadonlyArray<Transition<unknown>> => {
  let asked = 0
  return transitions.filter((transition, answered) => {
    const all = asked === answered
    asked += transition.commands.filter(isQuestion).length
    return all
  })
}
