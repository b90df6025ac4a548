/**
 * Where the time of a run went: on the wall, and of the processors. Kept apart from the log and the summary, which two equal runs share byte for
 * byte.
 */
import * as t from 'io-ts'
import { NonNegative } from '../../core/codec/Codec.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Times } from './Clock.js'

export const format = 'bilevel-hpo/timings'
export const version = 1

/** When a run had spent how much effort, in seconds since its start. */
interface Mark extends Times {
  readonly effort: number
  readonly lowerLevelSolves: number
  readonly phase: string
}

export type Timeline = ReadonlyArray<Mark>

/** A transition's place in the timeline. */
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
      /** Seconds from the start until what the row cost had been spent. */
      rows: Rows,
      /** Seconds in each phase; a command's time is its issuer's. */
      phases: Rows,
    }),
    t.partial({
      /** The same in seconds of all processors together, which other work on the machine disturbs less. */
      processor: t.readonly(t.type({ totalSeconds: NonNegative, rows: Rows })),
    }),
  ]),
  'Timings',
)
/** The content of `timings.json`. */
export type Timings = t.TypeOf<typeof Timings>

/** The moment when a row's λ was found: when the run had spent the solves and the effort that the row states. */
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
