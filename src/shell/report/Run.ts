/** A run in the form that reports use: the contents of its log and, if it was replayed, the model of its last state. */
import * as t from 'io-ts'
import { Natural, NonNegative } from '../../core/codec/Codec.js'
import type { Outcome, ResultRow } from '../../core/protocol/Info.js'
import type { Header } from '../../core/log/RunLog.js'
import { SearchSpace } from '../../core/protocol/SearchSpace.js'
import type { Solve, Step } from '../../core/log/Story.js'
import type { ValueFunction } from '../../core/surrogate/ValueFunction.js'

/** The part of a configuration that all methods share. */
export const Common = t.readonly(t.type({ space: SearchSpace, seed: Natural }))

export const Seconds = t.readonly(
  t.type({ totalSeconds: NonNegative, rows: t.readonly(t.record(t.string, NonNegative)) }),
  'timings',
)
/** Wall times of the whole run, and until each row's λ was found, by the row's name. */
export type Seconds = t.TypeOf<typeof Seconds>

/** A recorded run. */
export interface Run {
  /** Its name in the report, which is unique. */
  readonly name: string
  readonly method: string
  readonly header: Header
  readonly space: SearchSpace
  readonly seed: number
  /** `decisions` if the run was replayed; `records` if it was only read (other numerics, or an unknown method). */
  readonly checked: 'decisions' | 'records'
  readonly steps: ReadonlyArray<Step>
  readonly solves: ReadonlyArray<Solve>
  /** `null` while the run is unfinished. */
  readonly outcome: Outcome | null
  /** `null` if there is no `timings.json`. */
  readonly seconds: Seconds | null
  /** The last φ̂ of the bilevel method; `null` for other methods, and if the run was not replayed. */
  readonly phi: ValueFunction | null
}

/** The row of the λ that the run returns: the one with the method's name, or the last. */
export const resultOf = ({ outcome, method }: Pick<Run, 'outcome' | 'method'>): ResultRow | null =>
  outcome === null
    ? null
    : (outcome.rows.find(({ name }) => name === method) ?? outcome.rows[outcome.rows.length - 1] ?? null)

/** Converts effort to epochs; one epoch is one gradient of every training example. */
export const epochsOf =
  ({ header }: Pick<Run, 'header'>) =>
  (effort: number): number =>
    effort / header.data.train

/** The methods of some runs: `bilevel` first, the others in alphabetical order. */
export const methodsOf = (runs: ReadonlyArray<Pick<Run, 'method'>>): ReadonlyArray<string> =>
  [...new Set(runs.map(({ method }) => method))].sort((a, b) =>
    a === b ? 0 : a === 'bilevel' ? -1 : b === 'bilevel' ? 1 : a < b ? -1 : 1,
  )
