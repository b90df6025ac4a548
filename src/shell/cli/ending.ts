/** What `tune` and `resume` print when a run has ended, and the exit code. */
import type { Outcome } from '../../core/protocol/Info.js'
import type { Tuned } from '../run/conduct.js'
import { withoutResult, type Finding } from './exit.js'

const mostDecays = 8

/** Whether a run measured any weights. If every training diverged, it has nothing to report. */
export const hasResult = (
  rows: ReadonlyArray<
    Pick<Outcome['rows'][number], 'trained' | 'refit' | 'bilevelWeights' | 'tracked' | 'pathRefit'>
  >,
): boolean =>
  rows.some(({ trained, refit, bilevelWeights, tracked = null, pathRefit = null }) =>
    [trained, refit, bilevelWeights, tracked, pathRefit].some(measured => measured !== null),
  )

/** The text of a run that has ended, with the exit code of a run with or without a result. */
export const endingWith = (out: string, result: boolean): Finding =>
  result
    ? { out, notice: null, code: 0 }
    : { out, notice: 'The run has ended without a result, so the exit code is 1.', code: withoutResult }

/** The last row's λ as weight decay, if the configuration has its bounds so. */
const decayLines = (
  rows: Tuned['summary']['rows'],
  text: (decay: number) => string,
): ReadonlyArray<string> => {
  const decays = Object.entries(rows.at(-1)?.weightDecay ?? {})
  const named = decays.slice(0, mostDecays).map(([name, decay]) => `${name} ${text(decay)}`)
  return decays.length === 0
    ? []
    : [`Weight decay of the result: ${named.join(', ')}${decays.length > mostDecays ? ', …' : ''}.`]
}

/** The table of results, if there is one, and the cost of the run. */
export const ending = async ({ folder, summary, timings }: Tuned): Promise<Finding> => {
  const [{ resultTable }, { wrapped }, { decayText }] = await Promise.all([
    import('../run/resultTable.js'),
    import('../run/wrapped.js'),
    import('../base/WeightDecays.js'),
  ])
  const text = [
    ...(summary.rows.length === 0 ? [] : [resultTable(summary, timings.rows), '']),
    wrapped(summary.message),
    ...decayLines(summary.rows, decayText).map(line => wrapped(line)),
    `${summary.total.steps} steps, ${summary.total.lowerLevelSolves} lower-level solves and ` +
      `${summary.total.effortEpochs.toFixed(0)} epochs in all; ${timings.totalSeconds.toFixed(1)} s.`,
    `Run folder: ${folder}`,
  ].join('\n')
  return endingWith(text, hasResult(summary.rows))
}
