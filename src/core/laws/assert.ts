/** Throws for test runners, which treat an exception as a failure. It is the only function of the kit that throws. */
import { formatFaults, passed, type Report } from './Report.js'

/**
 * Throws an `Error` with the faults of the report, if it has any; otherwise returns the report.
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
