/** Runs for tests of reports: the committed logs of the current numerics, and runs of the test method. */
import { join } from 'node:path'
import { numerics } from '../../src/core/log/numerics.js'
import { version } from '../../src/core/log/RunLog.js'
import { readRun } from '../../src/shell/report/ReadRun.js'
import type { Run } from '../../src/shell/report/Run.js'
import { methods } from '../../src/shell/record/Methods.js'
import { closedForm } from './closedForm.js'
import { recordedRuns } from './logText.js'
import { sampleAndDescend } from './sampleAndDescend.js'
import { configOf, recordMethod, right } from './recordedRun.js'

/** The folder of a committed log; `d1` has one hyperparameter, `d2` has two. */
export const committed = (name: 'd1' | 'd2'): string =>
  recordedRuns.find(run => run.version === version && run.numerics === numerics && run.name === name)!.folder

export const readCommitted = (name: 'd1' | 'd2'): Run =>
  right(readRun(methods)({ target: committed(name), name })).run

/** A string that is markup, script, a Vega expression and a formula if any program interprets it. */
export const hostile =
  '</title></script><script>document.title="owned"</script><img src=x onerror=\'document.title="owned"\'>' +
  '"]+alert(1)+[" &amp; ${1} {{1}} =1+1 \u202e'

/** Runs whose every string is hostile, of an unknown method, in their own folders. */
export const recordHostile = async (folder: string, seed: number): Promise<string> => {
  const target = join(folder, `run-${seed}`)
  const { mkdirSync } = await import('node:fs')
  mkdirSync(target)
  const config = configOf({
    seed,
    space: [
      { name: hostile, lower: -2, upper: 2, scale: 'linear' },
      { name: `${hostile} 2`, lower: 0, upper: 1, scale: 'log' },
    ],
  })
  right(await recordMethod({ ...sampleAndDescend, name: `bilevel ${hostile}` })(target, config, closedForm()))
  return target
}

/** The run as if another method, with another name and seed, had made the same solves. */
export const asMethod = (run: Run, method: string, i: number, factor: number): Run => ({
  ...run,
  name: `${method}-${i}`,
  method,
  seed: i,
  phi: null,
  steps: [],
  solves: run.solves.map(solve => ({ ...solve, upper: factor * solve.upper })),
  outcome:
    run.outcome === null
      ? null
      : {
          ...run.outcome,
          rows: run.outcome.rows.map(row => ({
            ...row,
            name: row.name === run.method ? method : row.name,
            bilevelWeights: null,
          })),
        },
})
