/** A run as a report sees it: what its log says, and, where the method can be replayed, what its last state holds. */
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
/** Wall times: of the whole run, and until each row's λ was found, by the row's name. */
export type Seconds = t.TypeOf<typeof Seconds>

/** A recorded run, read. */
export interface Run {
  /** What the report calls it; no other run of the report has this name. */
  readonly name: string
  readonly method: string
  readonly header: Header
  readonly space: SearchSpace
  readonly seed: number
  /** Whether every decision was derived again, or only the records were found to be whole (other numerics, or a method that is not known here). */
  readonly checked: 'decisions' | 'records'
  readonly steps: ReadonlyArray<Step>
  readonly solves: ReadonlyArray<Solve>
  /** `null` while the run is unfinished. */
  readonly outcome: Outcome | null
  /** `null` where there is no `timings.json`. */
  readonly seconds: Seconds | null
  /** φ̂ as the bilevel method last knew it; `null` for other methods and where nothing was derived again. */
  readonly phi: ValueFunction | null
}

/** The row of the λ that the run returns: that of the method's own name, or else the last. */
export const resultOf = ({ outcome, method }: Pick<Run, 'outcome' | 'method'>): ResultRow | null =>
  outcome === null
    ? null
    : (outcome.rows.find(({ name }) => name === method) ?? outcome.rows[outcome.rows.length - 1] ?? null)

/** Effort in epochs: 1 is a gradient of every training example. */
export const epochsOf =
  ({ header }: Pick<Run, 'header'>) =>
  (effort: number): number =>
    effort / header.data.train

/** The methods of some runs, the bilevel one first, the others in the order of their names. */
export const methodsOf = (runs: ReadonlyArray<Pick<Run, 'method'>>): ReadonlyArray<string> =>
  [...new Set(runs.map(({ method }) => method))].sort((a, b) =>
    a === b ? 0 : a === 'bilevel' ? -1 : b === 'bilevel' ? 1 : a < b ? -1 : 1,
  )
