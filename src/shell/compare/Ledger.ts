/** Keeps the results of a comparison's runs so far, in memory and in its folder. */
import { availableParallelism, cpus, totalmem } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { writeWhole } from '../record/RunFolder.js'
import type { ShellError } from '../base/ShellError.js'
import * as Comparison from './result/Comparison.js'
import { markdown } from './text/markdown.js'
import { jobs as jobsOf, type Job } from './result/Plan.js'
import type { Prepared } from './prepare.js'

const entryOf =
  (earlier: Comparison.Comparison | null) =>
  (job: Job): Comparison.RunEntry =>
    earlier?.runs.find(({ folder }) => folder === job.folder) ?? { _tag: 'Pending', ...job }

/** The entries of all runs. Each change is written to the disk, with the table, before it counts. */
export const ledger = (folder: string, { plan, earlier }: Prepared, jobs: number) => {
  const processor = cpus()[0]?.model.trim() ?? 'unknown'
  const memoryGiB = Math.round((10 * totalmem()) / 2 ** 30) / 10
  let comparison: Comparison.Comparison = {
    format: Comparison.format,
    version: Comparison.version,
    plan,
    machine: { processor, processors: availableParallelism(), memoryGiB, jobs },
    runs: jobsOf(plan).map(entryOf(earlier)),
    ...(earlier?.renewed === undefined ? {} : { renewed: earlier.renewed }),
  }
  const save = (): E.Either<ShellError, void> =>
    pipe(
      Comparison.write(folder, comparison),
      E.chain(() => writeWhole(Comparison.markdownIn(folder))(markdown(comparison))),
    )
  return {
    get: () => comparison,
    save,
    enter: (entry: Comparison.RunEntry): E.Either<ShellError, void> => {
      comparison = {
        ...comparison,
        runs: comparison.runs.map(run => (run.folder === entry.folder ? entry : run)),
      }
      return save()
    },
  }
}

export type Ledger = ReturnType<typeof ledger>

/**
 * Turns an entry into a failure if another run of its seed was trained on other data: their difference would mean
 * nothing.
 */
export const failedOnOtherData = (
  { runs }: Comparison.Comparison,
  entry: Comparison.RunEntry,
): Comparison.RunEntry => {
  if (entry._tag !== 'Finished') return entry
  const other = runs.find(
    run =>
      run._tag === 'Finished' &&
      run.seed === entry.seed &&
      run.folder !== entry.folder &&
      run.data.fingerprint !== entry.data.fingerprint,
  )
  return other === undefined
    ? entry
    : {
        _tag: 'Failed',
        label: entry.label,
        seed: entry.seed,
        folder: entry.folder,
        reason:
          `It was trained on other data than ${other.folder}: the data changed between the two runs. Restore the data, ` +
          'move the runs on the wrong data away, and compare again.',
      }
}
