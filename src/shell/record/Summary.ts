/**
 * `summary.json`: the results of a run. They are derived from the log alone, so that anyone can check them by replay.
 *
 * The log has no wall times, because two runs with one seed would differ. So `seconds` is null here; `timings.json` has it, by
 * the name of the row.
 */
import * as t from 'io-ts'
import { Natural } from '../../core/codec/Codec.js'
import type { Info, Outcome, ResultRow } from '../../core/protocol/Info.js'
import type { Header } from '../../core/log/RunLog.js'
import { SearchSpace } from '../../core/protocol/SearchSpace.js'
import { laidOut } from '../base/laidOut.js'
import { weightDecaysOf } from '../base/WeightDecays.js'

export const format = 'bilevel-hpo/summary'
export const version = 1

/** The part of a configuration that all methods share. */
const Common = t.readonly(t.type({ space: SearchSpace, seed: Natural }))

/** One row of a run's results: a λ and its losses. */
export interface SummaryRow extends Omit<ResultRow, 'effort'> {
  readonly effortEpochs: number
  readonly seconds: null
  readonly stopReason: string | null
  /** λ as weight decay, by the names of the L2 coefficients; only if the run's configuration has its bounds so. */
  readonly weightDecay?: Readonly<Record<string, number>>
}

/** The content of `summary.json`. */
export interface Summary {
  readonly format: typeof format
  readonly version: typeof version
  readonly method: string
  readonly seed: number | null
  readonly backend: string
  readonly data: Header['data']
  /** The names of the components of every `lambda`, in order. */
  readonly hyperparameters: ReadonlyArray<string>
  readonly stopReason: string
  readonly message: string
  /** The cost of the whole run, including finishing. */
  readonly total: {
    readonly steps: number
    readonly lowerLevelSolves: number
    readonly effortEpochs: number
  }
  readonly rows: ReadonlyArray<SummaryRow>
}

const rowOf =
  (train: number, outcome: Outcome, decays: ReturnType<typeof weightDecaysOf>) =>
  (row: ResultRow): SummaryRow => ({
    name: row.name,
    lambda: row.lambda,
    trained: row.trained,
    refit: row.refit,
    bilevelWeights: row.bilevelWeights,
    bilevelLambda: row.bilevelLambda,
    weights: row.weights,
    lowerLevelSolves: row.lowerLevelSolves,
    effortEpochs: row.effort / train,
    seconds: null,
    violation: row.violation,
    epsilon: row.epsilon,
    // Only the row of the method's own result has a stop reason.
    stopReason: row.bilevelWeights === null && row.tracked === undefined ? null : outcome.stopReason,
    ...(row.tracked === undefined ? {} : { tracked: row.tracked }),
    ...(row.pathRefit === undefined ? {} : { pathRefit: row.pathRefit }),
    ...(row.gains === undefined ? {} : { gains: row.gains }),
    ...(decays === null ? {} : { weightDecay: decays(row.lambda) }),
  })

/**
 * The summary of a run that halted with this outcome. `info`: that of the last record; `steps`: the number of records.
 *
 * @example
 * ```ts
 * import { type Info, type Outcome, type RunLog } from 'bilevel-hpo'
 * import { summarize, type Summary, type SummaryRow } from 'bilevel-hpo/runs'
 *
 * const data = { train: 600, validation: 400, test: null, fingerprint: 'abc' }
 * const header = { method: 'mine', config: {}, data, backend: 'mine' } as RunLog.Header
 * const outcome: Outcome = { stopReason: 'searched', message: 'All was tried.', rows: [] }
 * const summary: Summary = summarize(header, 12, { lowerLevelSolves: 5, effort: 3000 } as Info, outcome)
 * summary.total // => { steps: 12, lowerLevelSolves: 5, effortEpochs: 5 }
 * const rows: ReadonlyArray<SummaryRow> = summary.rows // => []
 * ```
 */
export const summarize = (header: Header, steps: number, info: Info, outcome: Outcome): Summary => {
  const common = Common.is(header.config) ? header.config : null
  const { train } = header.data
  return {
    format,
    version,
    method: header.method,
    seed: common?.seed ?? null,
    backend: header.backend,
    data: header.data,
    hyperparameters: common?.space.map(({ name }) => name) ?? [],
    stopReason: outcome.stopReason,
    message: outcome.message,
    total: { steps, lowerLevelSolves: info.lowerLevelSolves, effortEpochs: info.effort / train },
    rows: outcome.rows.map(rowOf(train, outcome, weightDecaysOf(header))),
  }
}

/** The file's text. */
export const encode = (summary: Summary): string => `${laidOut(summary, 2)}\n`

/** The valid texts of the file. Earlier releases wrote each number of a list on a separate line. */
export const texts = (summary: Summary): ReadonlyArray<string> => [
  encode(summary),
  `${JSON.stringify(summary, null, 2)}\n`,
]
