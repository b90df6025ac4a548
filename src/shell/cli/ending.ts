/** What a run that ended prints. */
import type { Tuned } from '../run/conduct.js'

/** The table of results, where there is one, and what the run took. */
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
