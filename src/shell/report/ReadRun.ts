/** Reads a recorded run for a report. It replays the run if possible, and refuses it if the replay differs from the log. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { bilevel } from '../../core/bilevel/Bilevel.js'
import { parseObject } from '../../core/codec/boundedJson.js'
import { decode } from '../../core/codec/Codec.js'
import { sameNumerics } from '../../core/log/numerics.js'
import { LogRecord } from '../../core/log/LogRecord.js'
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
import { checkSummary } from '../record/WrittenSummary.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import type { Named } from './findRuns.js'
import { Common, type Run, Seconds } from './Run.js'

/** A run, with notices for a person about what could not be checked. */
export interface ReadRun {
  readonly run: Run
  readonly notices: ReadonlyArray<string>
}

interface Checked {
  readonly checked: Run['checked']
  readonly torn: number | null
  readonly phi: ValueFunction | null
}

const nothing = (): void => undefined

/** Reads a run to its end. Replays it if its method is known and its numerics are the same. */
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

/** The run, with a callback for every line that is read without an error. */
const watched = (run: RecordedRun, onLine: (line: LogLine) => void): RecordedRun => ({
  ...run,
  rest: (function* () {
    for (const line of run.rest) {
      if (E.isRight(line)) onLine(line.right)
      yield line
    }
  })(),
})

const unusable =
  (path: string) =>
  (reason: string): ShellError =>
    badInput(
      `The run ${path} cannot be reported: ${reason}. A report needs a search space and a seed in the header, and ` +
        'readable records; restore the file from a copy.',
    )

/** Whether every λ has a component for each hyperparameter. A log that was not replayed may contain anything. */
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
    // Wall times are optional; a report is complete without them.
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
 * Reads a run. Errors: `Mismatch` if the replay differs from the log; `BadInput` and `Environment` if the log cannot be
 * read.
 */
export const readRun =
  (known: Methods) =>
  ({ target, name }: Named): E.Either<ShellError, ReadRun> =>
    withRecordedRun(target)(recorded => {
      const { path, folder, header } = recorded
      const lines: Array<LogLine> = []
      return pipe(
        E.Do,
        E.bind('common', () => pipe(decode(Common)(header.config), E.mapLeft(unusable(path)))),
        E.chainFirst(({ common }) =>
          pipe(
            SearchSpace.make(common.space),
            E.mapLeft(({ message }) => unusable(path)(message)),
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
            E.traverseArray(({ value }) => decode(LogRecord)(value)),
            E.mapLeft(unusable(path)),
          ),
        ),
        E.bind('seconds', () => secondsIn(folder)),
        E.map(({ common: { space, seed }, found: { checked, torn, phi }, records, seconds }): ReadRun => {
          const info = records[records.length - 1]?.info ?? null
          // The report itself has its numbers from the log only.
          const summary =
            torn === null
              ? checkSummary(folder, header, { records: records.length, info })
              : E.right(undefined)
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
              ...(E.isRight(summary) ? [] : [summary.left.message]),
            ],
          }
        }),
        E.filterOrElse(
          ({ run }) => fits(run.space)(run),
          () => unusable(path)('a λ does not have one component for each hyperparameter of the search space'),
        ),
      )
    })
