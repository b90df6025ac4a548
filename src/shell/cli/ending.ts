/** The text that `tune` and `resume` print when a run has ended. */
import type { Tuned } from '../run/conduct.js'

/** The table of results, if there is one, and the cost of the run. */
export const ending = async ({ folder, summary, timings }: Tuned): Promise<string> => {
  const [{ resultTable }, { wrapped }] = await Promise.all([
    import('../run/resultTable.js'),
    import('../run/wrapped.js'),
  ])
  return [
    ...(summary.rows.length === 0 ? [] : [resultTable(summary, timings.rows), '']),
    wrapped(summary.message),
    `${summary.total.steps} steps, ${summary.total.lowerLevelSolves} lower-level solves and ` +
      `${summary.total.effortEpochs.toFixed(0)} epochs in all; ${timings.totalSeconds.toFixed(1)} s.`,
    `Run folder: ${folder}`,
  ].join('\n')
}
