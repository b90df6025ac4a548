/**
 * Runs a method again on the observations of a log, and compares all that it wanted and said with what was logged.
 *
 * A {@link Cursor} is a place in a run. It is what a driver goes on from, whether it got there live or by replay.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as t from 'io-ts'
import { decode, fieldOf } from '../codec/Codec.js'
import { isQuestion, type Command, type Question } from '../protocol/Command.js'
import { firstDifference, show, type Difference } from '../codec/Difference.js'
import type { Outcome } from '../protocol/Info.js'
import type { Method, Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import { answerTag, Observation } from '../protocol/Observation.js'
import { type LogLine, packRecord } from './RunLog.js'

/** The first place where a log is not what the method says it must be. */
export interface Divergence extends Difference {
  readonly _tag: 'Divergence'
  readonly line: number
}

/** A place in a run: how many records there are, the last transition, and what is left to do. */
export interface Cursor<S> {
  /** Records so far, and so the number of the next step. At 0 the transition is `init`'s, not yet recorded. */
  readonly records: number
  readonly transition: Transition<S>
  /** Commands not yet carried out, in the order they were issued in. */
  readonly todo: ReadonlyArray<Command>
}

/** @internal */
export const at =
  (line: number) =>
  (difference: Difference): Divergence => ({ _tag: 'Divergence', line, ...difference })

/** Where a run starts. */
export const start =
  <C, S>(method: Method<C, S>) =>
  (config: C): E.Either<MethodError, Cursor<S>> =>
    pipe(
      method.init(config),
      E.map(transition => ({ records: 0, transition, todo: transition.commands })),
    )

const asks =
  (id: number) =>
  (command: Command): command is Question =>
    isQuestion(command) && command.id === id

/** @internal What is left once a command is answered. Releases that were issued before it were carried out before it. */
export const without = (todo: ReadonlyArray<Command>, id: number): ReadonlyArray<Command> => {
  const answered = todo.findIndex(asks(id))
  return todo.filter((command, i) => i > answered || (i < answered && isQuestion(command)))
}

/** Where one more observation leads. */
export const follow =
  <C, S>(method: Method<C, S>) =>
  (observation: Observation) =>
  (cursor: Cursor<S>): E.Either<MethodError, Cursor<S>> =>
    pipe(
      method.step(observation)(cursor.transition.state),
      E.map(transition => ({
        records: cursor.records + 1,
        transition,
        todo: [...without(cursor.todo, observation.id), ...transition.commands],
      })),
    )

/** The cursor once its transition, `init`'s, is recorded. */
export const recorded = <S>(cursor: Cursor<S>): Cursor<S> => ({ ...cursor, records: 1 })

const deepest = (errors: t.Errors): Difference =>
  errors
    .map(({ context, value }) => ({ depth: context.length, context, value }))
    .sort((a, b) => b.depth - a.depth)
    .map(({ context, value }) => {
      const field = fieldOf(context)
      return {
        field: field === '' ? 'observation' : `observation.${field}`,
        expected: context[context.length - 1]?.type.name ?? 'an observation',
        found: show(value),
      }
    })[0] ?? { field: 'observation', expected: 'an observation', found: 'something else' }

/** @internal The observation of a record, if it is one and answers an open command. */
export const observationOf = (
  todo: ReadonlyArray<Command>,
  value: unknown,
): E.Either<Difference, Observation> =>
  pipe(
    Observation.decode(value),
    E.mapLeft(deepest),
    E.chain(observation => {
      const question = todo.find(asks(observation.id))
      if (question === undefined)
        return E.left({
          field: 'observation.id',
          expected: `the id of an open command (${todo
            .filter(isQuestion)
            .map(({ id }) => id)
            .join(', ')})`,
          found: String(observation.id),
        })
      const tag = answerTag[question._tag]
      if (observation._tag !== tag && observation._tag !== 'CommandFailed')
        return E.left({
          field: 'observation._tag',
          expected: `${tag} or CommandFailed`,
          found: observation._tag,
        })
      return E.right(observation)
    }),
  )

/** Where the logged observation leads from here. */
const next =
  <C, S>(method: Method<C, S>) =>
  (cursor: Cursor<S>, value: unknown): E.Either<Difference, Cursor<S>> => {
    if (cursor.records === 0)
      return value === null
        ? E.right(recorded(cursor))
        : E.left({ field: 'observation', expected: 'null, for the start', found: show(value) })
    return pipe(
      observationOf(cursor.todo, value),
      E.chain(observation =>
        pipe(
          cursor,
          follow(method)(observation),
          E.mapLeft(({ message }) => ({
            field: 'observation',
            expected: 'an observation that the method takes',
            found: `one that it refuses: ${message}`,
          })),
        ),
      ),
    )
  }

/** @internal What is wrong with the digest of a line whose content is as it must be. */
export const damage = ({ digest }: LogLine): O.Option<Difference> =>
  digest.expected === digest.found ? O.none : O.some({ field: 'digest', ...digest })

/**
 * @internal What is wrong with a line that is to hold a record: where its content differs, or its digest, or its text. A text of the same content may still not be what a run writes: a field may be there twice, or a space.
 */
export const unlike = (
  line: LogLine,
  record: Parameters<ReturnType<typeof packRecord>>[0],
  difference: () => O.Option<Difference>,
): O.Option<Difference> => {
  const { step, observation, commands, info } = record
  // Equal text is the common case, and found without taking anything apart.
  if (packRecord(line.packing?.before ?? null)({ step, observation, commands, info }).body === line.body)
    return damage(line)
  return pipe(
    difference(),
    O.alt(() => damage(line)),
    O.alt(() =>
      O.some({
        field: '',
        expected: 'the text that a run writes',
        found: 'other text of equal content',
      }),
    ),
  )
}

/** @internal Whether the record is not the one that comes here, after so many and with this outcome. */
export const misplaced = (
  { value }: LogLine,
  records: number,
  outcome: Outcome | null,
): O.Option<Difference> => {
  const step = value['step']
  if (step !== records) return O.some({ field: 'step', expected: String(records), found: show(step) })
  return records > 0 && outcome !== null
    ? O.some({
        field: 'step',
        expected: `no record after the run halted (${outcome.stopReason})`,
        found: show(step),
      })
    : O.none
}

/** @internal */
export const unless =
  <A>(value: A) =>
  <F>(fault: O.Option<F>): E.Either<F, A> =>
    O.isSome(fault) ? E.left(fault.value) : E.right(value)

/** One line further, if the line says what the method says. */
export const advance =
  <C, S>(method: Method<C, S>) =>
  (line: LogLine) =>
  (cursor: Cursor<S>): E.Either<Divergence, Cursor<S>> => {
    const after = pipe(
      misplaced(line, cursor.records, cursor.transition.info.outcome),
      O.match(() => next(method)(cursor, line.value['observation']), E.left),
    )
    return pipe(
      after,
      E.chain(reached => {
        const { observation } = line.value
        const { commands, info } = reached.transition
        const record = { step: reached.records - 1, observation, commands, info }
        return unless(reached)(unlike(line, record, () => firstDifference('')(record, line.value)))
      }),
      E.mapLeft(at(line.line)),
    )
  }

/** A line of a log, and where the run is once it is read. */
export interface Place<S> {
  readonly line: LogLine
  readonly cursor: Cursor<S>
}

/**
 * Replays a log line by line: its header, then whatever lines follow, each only when it is asked for. Whoever wants
 * the state at some step stops there.
 *
 * Ends with the first error: a `Divergence`, that of the digest only where the content of a line and of all before
 * it is as the method says; or whatever error the lines themselves have.
 */
export const places =
  <C, S>(method: Method<C, S>) =>
  (header: LogLine) =>
    function* <F>(lines: Iterable<E.Either<F, LogLine>>): Generator<E.Either<F | Divergence, Place<S>>> {
      const begun: E.Either<Divergence, Cursor<S>> = pipe(
        decode(method.config)(header.value['config']),
        E.chain(config =>
          pipe(
            start(method)(config),
            E.mapLeft(({ message }) => message),
          ),
        ),
        E.mapLeft(found =>
          at(header.line)({ field: 'config', expected: 'one that the method takes', found }),
        ),
        E.chain(cursor => pipe(damage(header), O.map(at(header.line)), unless(cursor))),
      )
      if (E.isLeft(begun)) {
        yield begun
        return
      }
      let cursor = begun.right
      yield E.right({ line: header, cursor })
      for (const line of lines) {
        const place: E.Either<F | Divergence, Place<S>> = pipe(
          line,
          E.chainW(read =>
            pipe(
              cursor,
              advance(method)(read),
              E.map(after => ({ line: read, cursor: after })),
            ),
          ),
        )
        yield place
        if (E.isLeft(place)) return
        cursor = place.right.cursor
      }
    }

/** Replays a whole log. Errors: as those of {@link places}. */
export const replay =
  <C, S>(method: Method<C, S>) =>
  (header: LogLine) =>
  <F>(lines: Iterable<E.Either<F, LogLine>>): E.Either<F | Divergence, Cursor<S>> => {
    // Before the first place there is nothing; there always is a first place.
    let last: E.Either<F | Divergence, Place<S>> | null = null
    for (const place of places(method)(header)(lines)) last = place
    return last === null
      ? E.left(at(header.line)({ field: '', expected: 'a header', found: 'nothing' }))
      : pipe(
          last,
          E.map(({ cursor }) => cursor),
        )
  }
