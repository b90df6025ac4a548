/**
 * Whether a log can hold what a method decides. JSON writes a number that is not finite as `null`, so a run with such a
 * number could be neither replayed nor resumed. Losses of very different scales can make one.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { decodeField } from '../codec/Codec.js'
import { Commands } from './Command.js'
import { Info } from './Info.js'
import type { Transition } from './Method.js'
import { type MethodError, numerical } from './MethodError.js'

/**
 * The transition, if its commands, its info and its state can be recorded. `part` is the codec of what may overflow in
 * the state; the default looks at nothing there.
 *
 * Errors: `Numerical` with the field.
 */
export const recordable =
  (part: t.Mixed = t.unknown) =>
  <S>(transition: Transition<S>): E.Either<MethodError, Transition<S>> => {
    const { commands, info, state } = transition
    if (Commands.is(commands) && Info.is(info) && part.is(state)) return E.right(transition)
    return pipe(
      decodeField('commands')(Commands)(commands),
      E.flatMap(() => decodeField('info')(Info)(info)),
      E.flatMap(() => decodeField('state')(part)(state)),
      E.match(
        reason => reason,
        () => 'its parts do not decode',
      ),
      reason =>
        E.left(
          numerical(
            `The method's decision cannot be recorded: ${reason}. Numbers have become too large or too small: bring the ` +
              'losses, and the bounds of the search space, nearer to 1.',
          ),
        ),
    )
  }
