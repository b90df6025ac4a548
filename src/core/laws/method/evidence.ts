/**
 * The evidence for the laws of a method: one run in a simulated world, and the same run under other conditions. Each
 * run is made lazily, when the first law needs it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { decode } from '../../codec/Codec.js'
import type { Question } from '../../protocol/Command.js'
import type { Method } from '../../protocol/Method.js'
import type { MethodError } from '../../protocol/MethodError.js'
import { Observation } from '../../protocol/Observation.js'
import * as Replay from '../../log/Replay.js'
import * as RunLog from '../../log/RunLog.js'
import type { SearchSpace } from '../../protocol/SearchSpace.js'
import { deepFreeze } from '../deepFreeze.js'
import { drive, type DriveOptions, type Run } from '../simulate/drive.js'
import type { World } from '../simulate/World.js'

/**
 * The evidence for the laws of a method.
 *
 * @example
 * ```ts
 * import { right } from 'fp-ts/lib/Either.js'
 * import { type Law, type MethodCase, type MethodEvidence } from 'bilevel-hpo/laws'
 *
 * // Your own law: a run asks at most `most` questions.
 * const brief = (most: number): Law<MethodEvidence>['check'] => evidence =>
 *   evidence.live().answered.length <= most ? right('tested') : { _tag: 'Left', left: 'it asks too many questions' }
 * const silent: MethodEvidence['live'] = () => ({ transitions: [], answered: [], world: {} as MethodCase<null>['world'], ending: { _tag: 'Silent' } })
 * brief(50)({ live: silent } as MethodEvidence) // => right('tested')
 * ```
 */
export interface MethodEvidence {
  readonly space: SearchSpace
  /** The most `SolveLowerLevel` commands that this configuration allows; `null`: not stated. */
  readonly solves: number | null
  /** The optimal λ, and how close in λ the returned one must be; `null`: not tested. */
  readonly optimum: { readonly lambda: ReadonlyArray<number>; readonly within: number } | null
  /** The run with answers in the order of the questions. */
  readonly live: () => Run<unknown>
  /** All arguments passed in during `live`, as text before and after: configuration, states, observations. */
  readonly inputs: () => ReadonlyArray<{
    readonly what: string
    readonly before: string
    readonly after: string
  }>
  /** `live` a second time. */
  readonly again: () => Run<unknown>
  /** `live` with frozen arguments. */
  readonly frozen: () => Run<unknown>
  /** `live` with every state and observation sent through JSON and its codec. */
  readonly revived: () => Run<unknown>
  /** `live` with open questions answered in another order. */
  readonly shuffled: () => Run<unknown>
  /** Replay of the log of `live`: the last state, or where the replay differs from the log. */
  readonly replayed: () => E.Either<string, unknown>
  /** A state of `live`, decoded from JSON by its codec. */
  readonly decoded: (text: string) => E.Either<string, unknown>
  /** The result of `step` for an observation, in the state after step `at` of `live`. */
  readonly probe: (at: number, observation: Observation) => E.Either<MethodError, unknown>
}

/** One case of a method. */
export interface MethodCase<C> {
  readonly config: C
  readonly space: SearchSpace
  readonly world: World
  /** Index of the open question to answer next, modulo their number; the list repeats if it is too short. */
  readonly order: ReadonlyArray<number>
  readonly solves: number | null
  readonly maxSteps: number
  readonly optimum: MethodEvidence['optimum']
}

const lazy = <A>(make: () => A): (() => A) => {
  let made: { readonly value: A } | null = null
  return () => (made ??= { value: make() }).value
}

const roundTrip =
  <A>(decoded: (u: unknown) => E.Either<unknown, A>) =>
  (value: A): A => {
    const revived = decoded(JSON.parse(JSON.stringify(value)))
    return E.isRight(revived) ? revived.right : value
  }

/** A line that was written but cannot be read back. */
type Unread = Pick<Replay.Divergence, 'line' | 'field' | 'expected' | 'found'>

/** A digest that always matches: these laws do not test for changed text. */
const digest = { expected: '', found: '' } as const

const recordOf = (text: string): Readonly<Record<string, unknown>> => {
  const parsed = RunLog.parse(text)
  return E.isRight(parsed) ? parsed.right : {}
}

const lineOf = (line: number, body: string): RunLog.LogLine => ({ line, body, value: recordOf(body), digest })

/** The lines of a run after its header, written and read back. */
const linesOf = (
  run: Run<unknown>,
  packing: RunLog.Packing,
): ReadonlyArray<E.Either<Unread, RunLog.LogLine>> => {
  let [written, known] = [packing, packing]
  return run.transitions.map(({ commands, info }, step) => {
    const observation = run.answered[step - 1]?.observation ?? null
    const line = step + 2
    const record = RunLog.packRecord(written)({ step, observation, commands, info })
    written = record.packing
    const before = known
    return E.bimap(
      (found: string): Unread => ({
        line,
        field: '',
        expected: 'a line that can be read',
        found: `one that ${found}`,
      }),
      ({
        value,
        packing: after,
      }: {
        readonly value: RunLog.LogLine['value']
        readonly packing: RunLog.Packing
      }) => {
        known = after
        return { line, body: record.body, value, packing: { before, after }, digest }
      },
    )(RunLog.unpackRecord(before)(record.body))
  })
}

const replayOf = <C, S>(method: Method<C, S>, config: C, run: Run<S>): E.Either<string, S> => {
  const header = RunLog.headerOf(method)(config, {
    problem: {},
    data: { train: 1, validation: 1, test: null, fingerprint: '' },
    backend: '',
    versions: {},
  })
  const lines = linesOf(run, RunLog.packingOf(header.version))
  const replayed = Replay.replay(method)(lineOf(1, RunLog.encodeHeader(header)))(lines)
  return E.isRight(replayed)
    ? E.right(replayed.right.transition.state)
    : E.left(
        `line ${replayed.left.line} of the log, ${replayed.left.field}: the method says ${replayed.left.expected}, ` +
          `the log ${replayed.left.found}`,
      )
}

export const evidenceOf =
  <C, S>(method: Method<C, S>) =>
  ({ config, space, world, order, solves, maxSteps, optimum }: MethodCase<C>): MethodEvidence => {
    const run = (options: DriveOptions<S>, given = config): Run<S> =>
      drive(method, { maxSteps, ...options })(given, world)
    const watched = lazy(() => {
      const texts: Array<{ readonly what: string; readonly value: unknown; readonly before: string }> = []
      const watch =
        (what: string) =>
        <A>(value: A): A => {
          texts.push({ what, value, before: JSON.stringify(value) })
          return value
        }
      const live = run(
        { state: watch('a state'), observation: watch('an observation') },
        watch('the configuration')(config),
      )
      return {
        live,
        inputs: texts.map(({ what, value, before }) => ({ what, before, after: JSON.stringify(value) })),
      }
    })
    const live = (): Run<S> => watched().live
    return {
      space,
      solves,
      optimum,
      live,
      inputs: () => watched().inputs,
      again: lazy(() => run({})),
      frozen: lazy(() => run({ state: deepFreeze, observation: deepFreeze }, deepFreeze(config))),
      revived: lazy(() =>
        run({
          state: roundTrip(u => method.state.decode(u)),
          observation: roundTrip(u => Observation.decode(u)),
        }),
      ),
      shuffled: lazy(() =>
        run({
          pick: (open: ReadonlyArray<Question>, step) =>
            order.length === 0 ? open.length - 1 : order[step % order.length]!,
        }),
      ),
      replayed: lazy(() => replayOf(method, config, live())),
      decoded: text => decode(method.state)(JSON.parse(text)),
      probe: (at, observation) => method.step(observation)(live().transitions[at]!.state),
    }
  }
