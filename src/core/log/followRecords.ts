/**
 * Reads a log that another version of the numerics recorded, so its decisions cannot be replayed. Every record is
 * decoded and checked for consistency, but no method confirms it.
 *
 * It checks that the text is complete and unchanged, step by step; that each observation answers an open command with
 * the right kind; and that no record follows the end of the run. It does not check that the method decided so.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as t from 'io-ts'
import { fieldOf } from '../codec/Codec.js'
import { type Command, Commands, isQuestion } from '../protocol/Command.js'
import { show, type Difference } from '../codec/Difference.js'
import { Info } from '../protocol/Info.js'
import { at, damage, misplaced, observationOf, unless, unlike, without, type Divergence } from './Replay.js'
import type { LogLine } from './RunLog.js'

/** A place in a log that is read without its method; it has no state. */
export interface Followed {
  /** Records so far. */
  readonly records: number
  /** Info of the last record; `null` before the first. */
  readonly info: Info | null
  /** Commands not yet carried out, in the order in which they were issued. */
  readonly todo: ReadonlyArray<Command>
}

const nothingYet: Followed = { records: 0, info: null, todo: [] }

const decodedAs =
  <A, O>(codec: t.Type<A, O>, path: string) =>
  (value: unknown): E.Either<Difference, A> =>
    pipe(
      codec.decode(value),
      E.mapLeft(errors => {
        const error = errors[0]
        const field = error === undefined ? '' : fieldOf(error.context)
        return {
          field: field === '' || field.startsWith('[') ? `${path}${field}` : `${path}.${field}`,
          expected: error?.context[error.context.length - 1]?.type.name ?? codec.name,
          found: show(error?.value),
        }
      }),
    )

/** The commands of a record. A question must not reuse the id of an open question. */
const commandsOf = (
  value: unknown,
  open: ReadonlyArray<Command>,
): E.Either<Difference, ReadonlyArray<Command>> =>
  pipe(
    value,
    decodedAs(Commands, 'commands'),
    E.chain(commands => {
      const ids = new Set(open.filter(isQuestion).map(({ id }) => id))
      for (const [i, command] of commands.entries()) {
        if (!isQuestion(command)) continue
        const { id } = command
        if (ids.has(id))
          return E.left({
            field: `commands[${i}].id`,
            expected: 'an id that no open question has',
            found: String(id),
          })
        ids.add(id)
      }
      return E.right(commands)
    }),
  )

const next =
  (line: LogLine) =>
  ({ records, todo }: Followed): E.Either<Difference, Followed> => {
    const { value } = line
    return pipe(
      E.Do,
      E.bind('observation', () =>
        records > 0
          ? observationOf(todo, value['observation'])
          : value['observation'] === null
            ? E.right(null)
            : E.left({
                field: 'observation',
                expected: 'null, for the start',
                found: show(value['observation']),
              }),
      ),
      E.let('open', ({ observation }) => (observation === null ? [] : without(todo, observation.id))),
      E.bind('commands', ({ open }) => commandsOf(value['commands'], open)),
      E.bind('info', () => decodedAs(Info, 'info')(value['info'])),
      // Codecs drop unknown fields, so a record with such a field differs in its text.
      E.chain(({ open, observation, commands, info }) =>
        unless<Followed>({ records: records + 1, info, todo: [...open, ...commands] })(
          unlike(line, { step: records, observation, commands, info }, () => O.none),
        ),
      ),
    )
  }

/**
 * Follows a log record by record, after its header is read. Records are read lazily. Ends with the first error: a
 * `Divergence`, or an error of the lines themselves.
 */
export const followRecords = (header: LogLine) =>
  function* <F>(lines: Iterable<E.Either<F, LogLine>>): Generator<E.Either<F | Divergence, Followed>> {
    const begun = pipe(damage(header), O.map(at(header.line)), unless(nothingYet))
    yield begun
    if (E.isLeft(begun)) return
    let followed = begun.right
    for (const line of lines) {
      const reached: E.Either<F | Divergence, Followed> = pipe(
        line,
        E.chainW(read =>
          pipe(
            misplaced(read, followed.records, followed.info?.outcome ?? null),
            O.match(() => next(read)(followed), E.left),
            E.mapLeft(at(read.line)),
          ),
        ),
      )
      yield reached
      if (E.isLeft(reached)) return
      followed = reached.right
    }
  }
