/**
 * Replays a log: runs the method again on the logged observations, and compares its commands and infos with the logged
 * ones.
 *
 * A {@link Cursor} is a place in a run. A driver continues from it, whether the cursor came from a live run or from a
 * replay.
 *
 * @module
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import type * as t from 'io-ts'
import { decode, fieldOf } from '../codec/Codec.js'
import { lenient } from '../codec/options.js'
import { isQuestion, type Command, type Question } from '../protocol/Command.js'
import { firstDifference, show, type Difference } from '../codec/Difference.js'
import type { Outcome } from '../protocol/Info.js'
import type { Method, Transition } from '../protocol/Method.js'
import type { MethodError } from '../protocol/MethodError.js'
import { answerTag, Observation } from '../protocol/Observation.js'
import { recordable } from '../protocol/recordable.js'
import { type LogLine, packRecord } from './RunLog.js'

/** The first place where a log differs from what the method does. */
export interface Divergence extends Difference {
  readonly _tag: 'Divergence'
  readonly line: number
}

/** A place in a run: the number of records, the last transition, and the open commands. */
export interface Cursor<S> {
  /**
   * Records so far, which is also the number of the next step. At 0 the transition is that of `init`, not yet recorded.
   */
  readonly records: number
  readonly transition: Transition<S>
  /** Commands not yet carried out, in the order in which they were issued. */
  readonly todo: ReadonlyArray<Command>
}

/** @internal */
export const at =
  (line: number) =>
  (difference: Difference): Divergence => ({ _tag: 'Divergence', line, ...difference })

/**
 * The cursor where a run of `method` starts: no records, and the transition of `init`.
 *
 * Errors: those of the method's `init`; `Numerical` if a log cannot hold the transition, as with a λ that is NaN.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, decode, Replay } from 'bilevel-hpo'
 *
 * // The bilevel method starts with one measurement, and a lower-level solve at each point of the design.
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const begun = E.flatMap(Replay.start(bilevel))(decode(bilevel.config)({ space }))
 * const open = E.isRight(begun) ? begun.right.todo.map(({ _tag }) => _tag) : []
 * open // => ['DescendWeights', 'SolveLowerLevel', 'SolveLowerLevel']
 * ```
 */
export const start =
  <C, S>(method: Method<C, S>) =>
  (config: C): E.Either<MethodError, Cursor<S>> =>
    pipe(
      method.init(config),
      E.flatMap(recordable()),
      E.map(transition => ({ records: 0, transition, todo: transition.commands })),
    )

const asks =
  (id: number) =>
  (command: Command): command is Question =>
    isQuestion(command) && command.id === id

/**
 * @internal The open commands after the question `id` is answered. Releases issued before that question were carried
 * out before it.
 */
export const without = (todo: ReadonlyArray<Command>, id: number): ReadonlyArray<Command> => {
  const answered = todo.findIndex(asks(id))
  return todo.filter((command, i) => i > answered || (i < answered && isQuestion(command)))
}

/**
 * The cursor after one more observation. The answered question leaves the open commands; the commands of the new
 * transition join them.
 *
 * Errors: those of the method's `step`; `Numerical` if a log cannot hold the transition.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch, Replay } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const config = decode(gridSearch.config)({ space, budget: { lowerLevelSolves: 5 } })
 * const failed = { _tag: 'CommandFailed', id: 0, reason: 'no memory', effort: 0 } as const
 * const after = E.flatMap(Replay.follow(gridSearch)(failed))(E.flatMap(Replay.start(gridSearch))(config))
 * // One of five solves is answered.
 * const left = E.isRight(after) ? after.right.todo.length : NaN // => 4
 * ```
 */
export const follow =
  <C, S>(method: Method<C, S>) =>
  (observation: Observation) =>
  (cursor: Cursor<S>): E.Either<MethodError, Cursor<S>> =>
    pipe(
      method.step(observation)(cursor.transition.state),
      E.flatMap(recordable()),
      E.map(transition => ({
        records: cursor.records + 1,
        transition,
        todo: [...without(cursor.todo, observation.id), ...transition.commands],
      })),
    )

/**
 * The cursor after the transition of `init` is recorded.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch, Replay } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const begun = E.flatMap(Replay.start(gridSearch))(decode(gridSearch.config)({ space }))
 * // The record of `init` is the first of a log, so the next step has the number 1.
 * const records = E.isRight(begun) ? [begun.right.records, Replay.recorded(begun.right).records] : []
 * records // => [0, 1]
 * ```
 */
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

/** @internal The observation of a record, if it decodes and answers an open command. */
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

/** The cursor after the logged observation. */
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

/** @internal The difference in the digest of a line whose content is correct. */
export const damage = ({ digest }: LogLine): O.Option<Difference> =>
  digest.expected === digest.found ? O.none : O.some({ field: 'digest', ...digest })

/**
 * @internal The first difference of a line from the record it must hold: in content, else in the digest, else in the
 * text. A text with equal content can still differ from what a run writes, for example by a repeated field or a space.
 */
export const unlike = (
  line: LogLine,
  record: Parameters<ReturnType<typeof packRecord>>[0],
  difference: () => O.Option<Difference>,
): O.Option<Difference> => {
  const { step, observation, commands, info } = record
  // Equal text is the common case, and the cheapest to check.
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

/** @internal The difference if a record is out of sequence, or comes after the run has halted. */
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

/**
 * The cursor after one more line of a log, if the line equals what the method does with its observation.
 *
 * Errors: a `Divergence` with the first field that differs, what was expected and what was found.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { decode, gridSearch, Replay, RunLog } from 'bilevel-hpo'
 *
 * const config = decode(gridSearch.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const begun = pipe(config, E.flatMap(Replay.start(gridSearch)))
 * // The first record of a log, with its commands removed.
 * const body = E.isRight(begun) ? RunLog.encodeRecord(0, null, { ...begun.right.transition, commands: [] }) : '{}'
 * const line = { line: 2, body, value: JSON.parse(body), digest: { expected: 'x', found: 'x' } }
 * const next = E.isRight(begun) ? Replay.advance(gridSearch)(line)(begun.right) : E.right(null)
 * const where = E.isLeft(next) ? next.left.field : ''
 * where // => 'commands[0]'
 * ```
 */
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

/** A line of a log, and the cursor after it. */
export interface Place<S> {
  readonly line: LogLine
  readonly cursor: Cursor<S>
}

/**
 * Replays a log line by line: the header, then each further line. Lines are read lazily, so a caller that wants the
 * state at some step stops there.
 *
 * Ends with the first error. A `Divergence` in the digest is reported only if the content of that line, and of all
 * lines before it, is correct. Errors of `lines` are passed on.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { gridSearch, Replay, type RunLog } from 'bilevel-hpo'
 *
 * // The method refuses the configuration in the header: replay ends at line 1.
 * const header: RunLog.LogLine = { line: 1, body: '{}', value: { config: {} }, digest: { expected: 'x', found: 'x' } }
 * const [place, ...further] = Replay.places(gridSearch)(header)<never>([])
 * const where = place !== undefined && E.isLeft(place) ? place.left.field : ''
 * where // => 'config'
 * further // => []
 * ```
 */
export const places =
  <C, S>(method: Method<C, S>) =>
  (header: LogLine) =>
    function* <F>(lines: Iterable<E.Either<F, LogLine>>): Generator<E.Either<F | Divergence, Place<S>>> {
      const begun: E.Either<Divergence, Cursor<S>> = pipe(
        decode(lenient(method.config))(header.value['config']),
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

/**
 * Replays a whole log: its header, then every line. Returns the cursor after the last line. Errors: as those of {@link
 * places}.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch, Replay, RunLog } from 'bilevel-hpo'
 *
 * const config = { space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] }
 * const begun = E.flatMap(Replay.start(gridSearch))(decode(gridSearch.config)(config))
 * const record = E.isRight(begun) ? RunLog.encodeRecord(0, null, begun.right.transition) : '{}'
 * const [header, first] = [JSON.stringify({ config }), record].map((body, i) => ({
 *   line: i + 1, body, value: JSON.parse(body), digest: { expected: 'x', found: 'x' },
 * }))
 * E.isRight(Replay.replay(gridSearch)(header!)([E.right(first!)])) // => true
 * ```
 */
export const replay =
  <C, S>(method: Method<C, S>) =>
  (header: LogLine) =>
  <F>(lines: Iterable<E.Either<F, LogLine>>): E.Either<F | Divergence, Cursor<S>> => {
    // `places` always yields at least once.
    let last: E.Either<F | Divergence, Place<S>> | null = null
    for (const place of places(method)(header)(lines)) last = place
    return last === null
      ? E.left(at(header.line)({ field: '', expected: 'a header', found: 'nothing' }))
      : pipe(
          last,
          E.map(({ cursor }) => cursor),
        )
  }
