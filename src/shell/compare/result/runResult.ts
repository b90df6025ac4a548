/** Reads a run folder: checks that it holds the expected run, and returns the run's result. */
import { existsSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { parseObject } from '../../../core/codec/boundedJson.js'
import { decode } from '../../../core/codec/Codec.js'
import { firstDifference } from '../../../core/codec/Difference.js'
import { LogRecord } from '../../../core/log/LogRecord.js'
import type { Header, LogLine } from '../../../core/log/RunLog.js'
import { readLines, withFile } from '../../record/logFile.js'
import { faultMessage, withRecordedRun, type RecordedRun } from '../../record/RecordedRun.js'
import { logIn, readIfThere, summaryIn, timingsIn } from '../../record/RunFolder.js'
import { summarize } from '../../record/Summary.js'
import { Timings } from '../../record/Timings.js'
import { checkSummary } from '../../record/WrittenSummary.js'
import { badInput, mismatch, type ShellError } from '../../base/ShellError.js'
import type { FailedRun, FinishedRun } from './Comparison.js'
import type { Job } from './Plan.js'
import { trajectory, type Scale } from './Trajectory.js'

/** The fields of a header that identify a job's run; the paths of its files and the versions do not matter. */
export type Identity = Pick<Header, 'method' | 'config' | 'problem' | 'backend'>

const identityOf = ({ method, config, problem, backend }: Identity): unknown => {
  const sections = { ...problem, baseFolder: null }
  return JSON.parse(JSON.stringify({ method, config, problem: sections, backend })) as unknown
}

/** Refuses a run that is not the job's. */
export const sameRun =
  (wanted: Identity) =>
  ({ path, header }: Pick<RecordedRun, 'path' | 'header'>): E.Either<ShellError, void> => {
    const difference = firstDifference('')(identityOf(wanted), identityOf(header))
    return difference._tag === 'None'
      ? E.right(undefined)
      : E.left(
          badInput(
            `${path} holds another run than this comparison's: field \`${difference.value.field}\` of its header is ` +
              `${difference.value.found} instead of ${difference.value.expected}. Choose another folder with --out, or move that run away.`,
          ),
        )
  }

/** The state of a job's folder: `Fresh`: it holds no run; `Begun`: an unfinished run; `Ended`: a complete run. */
export type RunState = 'Fresh' | 'Begun' | 'Ended'

/** Whether a log has a complete first line; a run that was killed while it wrote its header has none. */
const hasHeader = (path: string): E.Either<ShellError, boolean> =>
  withFile(path)(file => {
    const first = readLines(file).next()
    return E.right(first.done !== true && !(E.isLeft(first.value) && first.value.left._tag === 'Torn'))
  })

/** The state of a job's folder. Errors: `BadInput` if it holds something else than the job's run. */
export const runState = (folder: string, wanted: Identity): E.Either<ShellError, RunState> =>
  pipe(
    existsSync(logIn(folder)) ? hasHeader(logIn(folder)) : E.right(false),
    E.chain((begun): E.Either<ShellError, RunState> =>
      begun
        ? pipe(
            withRecordedRun(folder)(sameRun(wanted)),
            E.map(() => (existsSync(summaryIn(folder)) ? 'Ended' : 'Begun')),
          )
        : E.right('Fresh'),
    ),
  )

interface Records {
  readonly records: ReadonlyArray<LogRecord>
  readonly info: LogRecord['info'] | null
}

const changed = (path: string, { line, digest }: LogLine): ShellError =>
  mismatch(
    `Line ${line} of ${path}, field \`digest\`: expected ${digest.expected}, found ${digest.found}. The log was changed after ` +
      'it was written; restore it from a copy, or move the run away and compare again.',
  )

/** All records of a log, and the info of the last one. */
const readRecords = ({ path, rest }: RecordedRun): E.Either<ShellError, Records> => {
  const records: Array<LogRecord> = []
  for (const read of rest) {
    if (E.isLeft(read)) return E.left(faultMessage(path)(read.left))
    const line = read.right
    if (line.digest.expected !== line.digest.found) return E.left(changed(path, line))
    const record = decode(LogRecord)(line.value)
    if (E.isLeft(record))
      return E.left(
        badInput(
          `Line ${line.line} of ${path} is not a record of a run: ${record.left}. Restore it from a copy.`,
        ),
      )
    records.push(record.right)
  }
  return E.right({ records, info: records.at(-1)?.info ?? null })
}

const timingsOf = (folder: string, row: string | undefined): FinishedRun['timings'] => {
  const timings = pipe(
    readIfThere(timingsIn(folder), 1024 * 1024),
    E.mapLeft(({ message }) => message),
    E.chain(text => parseObject({ length: 1024 * 1024, depth: 4, entries: 1024 })(text ?? '')),
    E.chain(decode(Timings)),
    // The file is optional: without it only the seconds are unknown.
    E.getOrElseW(() => null),
  )
  const of = (rows: Readonly<Record<string, number>> | undefined): number | null =>
    (row === undefined ? undefined : rows?.[row]) ?? null
  return {
    seconds: of(timings?.rows),
    processorSeconds: of(timings?.processor?.rows),
    totalSeconds: timings?.totalSeconds ?? null,
    totalProcessorSeconds: timings?.processor?.totalSeconds ?? null,
  }
}

/**
 * The result of a finished run, read from its log. Checks the log's digests and the summary. A method that ended without
 * a result has failed.
 */
export const resultOf =
  (job: Job, scale: Pick<Scale, 'completeEpochs'>, wanted: Identity) =>
  (folder: string): E.Either<ShellError, FinishedRun | FailedRun> =>
    withRecordedRun(folder)(run =>
      pipe(
        sameRun(wanted)(run),
        E.chain(() => readRecords(run)),
        E.chain(({ records, info }) => {
          const outcome = info?.outcome ?? null
          if (info === null || outcome === null)
            return E.left(badInput(`${run.path} has not ended; \`bilevel resume ${folder}\` resumes it.`))
          const { header } = run
          const summary = summarize(header, records.length, info, outcome)
          return pipe(
            checkSummary(folder, header, { records: records.length, info }),
            E.map((): FinishedRun | FailedRun => {
              const row = summary.rows.at(-1)
              if (row === undefined) return { _tag: 'Failed', ...job, reason: outcome.message }
              return {
                _tag: 'Finished',
                ...job,
                data: header.data,
                versions: header.versions,
                hyperparameters: summary.hyperparameters,
                stopReason: outcome.stopReason,
                message: outcome.message,
                result: {
                  lambda: row.lambda,
                  trained: row.trained,
                  refit: row.refit,
                  bilevelWeights: row.bilevelWeights,
                  lowerLevelSolves: row.lowerLevelSolves,
                  effortEpochs: row.effortEpochs,
                  ...(row.tracked === undefined ? {} : { tracked: row.tracked }),
                  ...(row.pathRefit === undefined ? {} : { pathRefit: row.pathRefit }),
                },
                total: summary.total,
                trajectory: trajectory({ ...scale, train: header.data.train })(records),
                timings: timingsOf(folder, row.name),
              }
            }),
          )
        }),
      ),
    )
