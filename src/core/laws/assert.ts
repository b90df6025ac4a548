/** The one place that throws, for test runners: they all take an exception for a failure. */
import { formatFaults, passed, type Report } from './Report.js'

/**
 * Throws an `Error` with the faults of the report, if there are any; returns the report otherwise.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * const report = Laws.penaltySchedule(Parts.defaults.penalty)({ runs: 20 })
 * Laws.assert(report) // => report
 * ```
 */
export const assert = (report: Report): Report => {
  if (!passed(report)) throw new Error(formatFaults(report))
  return report
}
