/** What `tune` and `resume` print when a run has ended, and the exit code. */
import type { Outcome } from '../../core/protocol/Info.js'
import type { Tuned } from '../run/conduct.js'
import { withoutResult, type Finding } from './exit.js'

/** Whether a run measured any weights. If every training diverged, it has nothing to report. */
export const hasResult = (
  rows: ReadonlyArray<Pick<Outcome['rows'][number], 'trained' | 'refit' | 'bilevelWeights'>>,
): boolean =>
  rows.some(({ trained, refit, bilevelWeights }) =>
    [trained, refit, bilevelWeights].some(measured => measured !== null),
  )

/** The text of a run that has ended, with the exit code of a run with or without a result. */
export const endingWith = (out: string, result: boolean): Finding =>
  result
    ? { out, notice: null, code: 0 }
    : { out, notice: 'The run has ended without a result, so the exit code is 1.', code: withoutResult }

/** The table of results, if there is one, and the cost of the run. */
export const ending = async ({ folder, summary, timings }: Tuned): Promise<Finding> => {
  const [{ resultTable }, { wrapped }] = await Promise.all([
    import('../run/resultTable.js'),
    import('../run/wrapped.js'),
  ])
  const text = [
    ...(summary.rows.length === 0 ? [] : [resultTable(summary, timings.rows), '']),
    wrapped(summary.message),
    `${summary.total.steps} steps, ${summary.total.lowerLevelSolves} lower-level solves and ` +
      `${summary.total.effortEpochs.toFixed(0)} epochs in all; ${timings.totalSeconds.toFixed(1)} s.`,
    `Run folder: ${folder}`,
  ].join('\n')
  return endingWith(text, hasResult(summary.rows))
}
