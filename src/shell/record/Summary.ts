/**
 * `summary.json`: what a log comes to. Derived from the log alone, so that anyone can check it by replay.
 *
 * Wall times are not in the log (two runs with one seed would differ), so `seconds` is null here; `timings.json`
 * has it, by the name of the row.
 */
import * as t from 'io-ts'
import { Natural } from '../../core/codec/Codec.js'
import type { Info, Outcome, ResultRow } from '../../core/protocol/Info.js'
import type { Header } from '../../core/log/RunLog.js'
import { SearchSpace } from '../../core/protocol/SearchSpace.js'
import { laidOut } from '../base/laidOut.js'

export const format = 'bilevel-hpo/summary'
export const version = 1

/** The part of a configuration that all methods share. */
const Common = t.readonly(t.type({ space: SearchSpace, seed: Natural }))

/** One λ of the table that a run ends with. */
export interface SummaryRow extends Omit<ResultRow, 'effort'> {
  readonly effortEpochs: number
  readonly seconds: null
  readonly stopReason: string | null
}

/** The content of `summary.json`. */
export interface Summary {
  readonly format: typeof format
  readonly version: typeof version
  readonly method: string
  readonly seed: number | null
  readonly backend: string
  readonly data: Header['data']
  /** Names of the components of every `lambda`, in their order. */
  readonly hyperparameters: ReadonlyArray<string>
  readonly stopReason: string
  readonly message: string
  /** What the whole run took, finishing included. */
  readonly total: {
    readonly steps: number
    readonly lowerLevelSolves: number
    readonly effortEpochs: number
  }
  readonly rows: ReadonlyArray<SummaryRow>
}

const rowOf =
  (train: number, outcome: Outcome) =>
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
    // Only the row that the method itself ended with has a reason to stop.
    stopReason: row.bilevelWeights === null ? null : outcome.stopReason,
  })

/** The summary of a run that halted with this outcome. `info` is the last one, `steps` the number of records. */
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
    rows: outcome.rows.map(rowOf(train, outcome)),
  }
}

/** The file's text. */
export const encode = (summary: Summary): string => `${laidOut(summary, 2)}\n`

/** The texts that the file may have: earlier releases wrote every number of a list on a line of its own. */
export const texts = (summary: Summary): ReadonlyArray<string> => [
  encode(summary),
  `${JSON.stringify(summary, null, 2)}\n`,
]
