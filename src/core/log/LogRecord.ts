/** The content of a line of a run log after the header: one transition, and the observation that led to it. */
import * as t from 'io-ts'
import { Natural, nullable } from '../codec/Codec.js'
import { Commands } from '../protocol/Command.js'
import { Info } from '../protocol/Info.js'
import { Observation } from '../protocol/Observation.js'

export const LogRecord = t.readonly(
  t.strict({
    /** Counted from 0, the start of the run. */
    step: Natural,
    /** `null` for the transition of `init`. */
    observation: nullable(Observation),
    commands: Commands,
    info: Info,
  }),
  'LogRecord',
)
/**
 * A record of a run log.
 *
 * @example
 * ```ts
 * import { isLeft } from 'fp-ts/lib/Either.js'
 * import { decode, RunLog } from 'bilevel-hpo'
 *
 * // A line that is no record is refused, with the field.
 * const read = decode(RunLog.LogRecord)({ step: -1, observation: null, commands: [] })
 * isLeft(read) // => true
 * ```
 */
export type LogRecord = t.TypeOf<typeof LogRecord>
