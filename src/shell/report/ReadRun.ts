/** Reads a recorded run for a report; what can be derived again is, and must be as logged. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { bilevel } from '../../core/bilevel/Bilevel.js'
import { parseObject } from '../../core/codec/boundedJson.js'
import { decode } from '../../core/codec/Codec.js'
import { Commands } from '../../core/protocol/Command.js'
import { Info } from '../../core/protocol/Info.js'
import { sameNumerics } from '../../core/log/numerics.js'
import { Observation } from '../../core/protocol/Observation.js'
import { limits, type LogLine } from '../../core/log/RunLog.js'
import * as SearchSpace from '../../core/protocol/SearchSpace.js'
import * as Story from '../../core/log/Story.js'
import type { ValueFunction } from '../../core/surrogate/ValueFunction.js'
import type { Methods } from '../record/Methods.js'
import {
  otherNumerics,
  readThrough,
  tornNotice,
  traverse,
  withRecordedRun,
  type RecordedRun,
} from '../record/RecordedRun.js'
import { readIfThere, timingsIn } from '../record/RunFolder.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import type { Named } from './findRuns.js'
import { Common, type Run, Seconds } from './Run.js'

/** A run, and what a person should know about how far it could be believed. */
export interface ReadRun {
  readonly run: Run
  readonly notices: ReadonlyArray<string>
}

const Record = t.type({
  observation: t.union([Observation, t.null]),
  commands: Commands,
  info: Info,
})

interface Checked {
  readonly checked: Run['checked']
  readonly torn: number | null
  readonly phi: ValueFunction | null
}

const nothing = (): void => undefined

/** Follows a run to its end: replays it where its method is known and computes as it did. */
const check =
  (known: Methods) =>
  (run: RecordedRun): E.Either<ShellError, Checked> => {
    const { header } = run
    const method = known.get(header.method)
    if (!sameNumerics(header) || method === undefined)
      return pipe(
        run,
        readThrough(null),
        E.map(({ torn }) => ({ checked: 'records', torn, phi: null })),
      )
    return header.method === bilevel.name
      ? pipe(
          run,
          traverse(bilevel)(null, nothing),
          E.map(({ cursor, torn }) => ({
            checked: 'decisions',
            torn,
            phi: cursor.transition.state.surrogate?.valueFunction ?? null,
          })),
        )
      : method(typed =>
          pipe(
            run,
            traverse(typed)(null, nothing),
            E.map(({ torn }): Checked => ({ checked: 'decisions', torn, phi: null })),
          ),
        )
  }

/** The run with a look at every line that is read without an error. */
const watched = (run: RecordedRun, see: (line: LogLine) => void): RecordedRun => ({
  ...run,
  rest: (function* () {
    for (const line of run.rest) {
      if (E.isRight(line)) see(line.right)
      yield line
    }
  })(),
})

const foreign =
  (path: string) =>
  (reason: string): ShellError =>
    badInput(
      `The run ${path} cannot be reported: ${reason}. A report needs the search space and the seed in its header, and ` +
        'records that can be read; restore the file from a copy.',
    )

/** Whether every λ of a log has a component for each hyperparameter: a log that was only read may say anything. */
const fits =
  (space: SearchSpace.SearchSpace) =>
  ({ steps, solves, outcome }: Pick<Run, 'steps' | 'solves' | 'outcome'>): boolean =>
    [
      ...steps.flatMap(({ info }) => (info.lambda === null ? [] : [info.lambda])),
      ...solves.flatMap(({ lambda, lowerGradient }) => [lambda, lowerGradient]),
      ...(outcome?.rows ?? []).flatMap(({ lambda, bilevelLambda }) =>
        bilevelLambda === null ? [lambda] : [lambda, bilevelLambda],
      ),
    ].every(lambda => lambda.length === space.length)

const secondsIn = (folder: string): E.Either<ShellError, Seconds | null> =>
  pipe(
    readIfThere(timingsIn(folder), limits.length),
    // Wall times are a courtesy: a report without them is whole.
    E.map(text =>
      text === null
        ? null
        : pipe(
            parseObject(limits)(text),
            E.chain(decode(Seconds)),
            E.getOrElseW(() => null),
          ),
    ),
  )

/**
 * Reads a run. Errors: `Mismatch` where the log is not what its method makes of the observations; `BadInput` and
 * `Environment` where it cannot be read.
 */
export const readRun =
  (known: Methods) =>
  ({ target, name }: Named): E.Either<ShellError, ReadRun> =>
    withRecordedRun(target)(recorded => {
      const { path, folder, header } = recorded
      const lines: Array<LogLine> = []
      return pipe(
        E.Do,
        E.bind('common', () => pipe(decode(Common)(header.config), E.mapLeft(foreign(path)))),
        E.chainFirst(({ common }) =>
          pipe(
            SearchSpace.make(common.space),
            E.mapLeft(({ message }) => foreign(path)(message)),
          ),
        ),
        E.bind('found', () =>
          check(known)(
            watched(recorded, line => {
              lines.push(line)
            }),
          ),
        ),
        E.bind('records', () =>
          pipe(
            lines,
            E.traverseArray(({ value }) => decode(Record)(value)),
            E.mapLeft(foreign(path)),
          ),
        ),
        E.bind('seconds', () => secondsIn(folder)),
        E.map(({ common: { space, seed }, found: { checked, torn, phi }, records, seconds }): ReadRun => {
          const steps = Story.steps(records)
          return {
            run: {
              name,
              method: header.method,
              header,
              space,
              seed,
              checked,
              steps,
              solves: Story.solves(steps),
              outcome: steps[steps.length - 1]?.info.outcome ?? null,
              seconds,
              phi,
            },
            notices: [
              ...(sameNumerics(header) ? [] : [otherNumerics(path, header)]),
              ...(torn === null ? [] : [tornNotice(path, torn)]),
            ],
          }
        }),
        E.filterOrElse(
          ({ run }) => fits(run.space)(run),
          () => foreign(path)('a λ in it has not one component for each hyperparameter of the search space'),
        ),
      )
    })
