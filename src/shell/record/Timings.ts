/**
 * `timings.json`: the wall time and processor time of a run, by row and phase. They are kept out of the log and the summary,
 * because those must be the same bytes for two equal runs.
 */
import * as t from 'io-ts'
import { NonNegative } from '../../core/codec/Codec.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Times } from './Clock.js'

export const format = 'bilevel-hpo/timings'
export const version = 1

/** A point of the timeline: the time since the start, and the effort spent by then. */
interface Mark extends Times {
  readonly effort: number
  readonly lowerLevelSolves: number
  readonly phase: string
}

export type Timeline = ReadonlyArray<Mark>

/** The point of a transition in the timeline. */
export const mark = (info: Info, { seconds, processorSeconds }: Times): Mark => ({
  seconds,
  processorSeconds,
  effort: info.effort,
  lowerLevelSolves: info.lowerLevelSolves,
  phase: info.phase,
})

const Rows = t.record(t.string, NonNegative)

export const Timings = t.readonly(
  t.intersection([
    t.type({
      format: t.literal(format),
      version: t.literal(version),
      totalSeconds: NonNegative,
      /** Seconds from the start until the run had spent the row's cost. */
      rows: Rows,
      /** Seconds in each phase. The time of a command counts for the phase that issued it. */
      phases: Rows,
    }),
    t.partial({
      /** The same in processor seconds of all threads, which other work on the machine disturbs less. */
      processor: t.readonly(t.type({ totalSeconds: NonNegative, rows: Rows })),
    }),
  ]),
  'Timings',
)
/**
 * The content of `timings.json`.
 *
 * @example
 * ```ts
 * import { type Timings } from 'bilevel-hpo/shell'
 *
 * const timings: Timings = { format: 'bilevel-hpo/timings', version: 1, totalSeconds: 9, rows: { bilevel: 6 }, phases: { sampling: 2 } }
 * timings.rows['bilevel'] // => 6
 * ```
 */
export type Timings = t.TypeOf<typeof Timings>

/** The time when a row's λ was found: the first time at which the run had spent the row's solves and effort. */
const until =
  (timeline: Timeline, total: Times) =>
  ({ effort, lowerLevelSolves }: { readonly effort: number; readonly lowerLevelSolves: number }): Times =>
    timeline.find(at => at.effort >= effort && at.lowerLevelSolves >= lowerLevelSolves) ?? total

const phases = (timeline: Timeline): Readonly<Record<string, number>> => {
  const spent = new Map<string, number>()
  timeline.forEach(({ seconds, phase }, i) => {
    const next = timeline[i + 1]?.seconds ?? seconds
    spent.set(phase, (spent.get(phase) ?? 0) + next - seconds)
  })
  return Object.fromEntries(spent)
}

export const timings = (timeline: Timeline, total: Times, { rows }: Outcome): Timings => {
  const found = rows.map(row => [row.name, until(timeline, total)(row)] as const)
  return {
    format,
    version,
    totalSeconds: total.seconds,
    rows: Object.fromEntries(found.map(([name, { seconds }]) => [name, seconds])),
    phases: phases(timeline),
    processor: {
      totalSeconds: total.processorSeconds,
      rows: Object.fromEntries(found.map(([name, { processorSeconds }]) => [name, processorSeconds])),
    },
  }
}

export const encode = (value: Timings): string => `${JSON.stringify(value, null, 2)}\n`
