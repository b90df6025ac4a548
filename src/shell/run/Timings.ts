/**
 * Where the wall time of a run went. Kept apart from the log and the summary, which two equal runs share byte for
 * byte.
 */
import type { Info, Outcome } from '../../core/protocol/Info.js'

export const format = 'bilevel-hpo/timings'
export const version = 1

/** When a run had spent how much effort, in seconds since its start. */
interface Mark {
  readonly seconds: number
  readonly effort: number
  readonly lowerLevelSolves: number
  readonly phase: string
}

export type Timeline = ReadonlyArray<Mark>

/** A transition's place in the timeline. */
export const mark = (info: Info, seconds: number): Mark => ({
  seconds,
  effort: info.effort,
  lowerLevelSolves: info.lowerLevelSolves,
  phase: info.phase,
})

/** The content of `timings.json`. */
export interface Timings {
  readonly format: typeof format
  readonly version: typeof version
  readonly totalSeconds: number
  /** Seconds from the start until what the row cost had been spent. */
  readonly rows: Readonly<Record<string, number>>
  /** Seconds in each phase; a command's time is its issuer's. */
  readonly phases: Readonly<Record<string, number>>
}

/** Seconds until a row's λ was found: until the run had spent the solves and the effort that the row states. */
const until =
  (timeline: Timeline, total: number) =>
  ({ effort, lowerLevelSolves }: { readonly effort: number; readonly lowerLevelSolves: number }): number =>
    timeline.find(at => at.effort >= effort && at.lowerLevelSolves >= lowerLevelSolves)?.seconds ?? total

const phases = (timeline: Timeline): Readonly<Record<string, number>> => {
  const spent = new Map<string, number>()
  timeline.forEach(({ seconds, phase }, i) => {
    const next = timeline[i + 1]?.seconds ?? seconds
    spent.set(phase, (spent.get(phase) ?? 0) + next - seconds)
  })
  return Object.fromEntries(spent)
}

export const timings = (timeline: Timeline, totalSeconds: number, outcome: Outcome): Timings => ({
  format,
  version,
  totalSeconds,
  rows: Object.fromEntries(outcome.rows.map(row => [row.name, until(timeline, totalSeconds)(row)])),
  phases: phases(timeline),
})

export const encode = (value: Timings): string => `${JSON.stringify(value, null, 2)}\n`
