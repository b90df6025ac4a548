/** Carries out the runs of a comparison, each in a child process, and shows their progress. */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { clear } from '../record/RunFolder.js'
import type { ShellError } from '../base/ShellError.js'
import type * as Comparison from './result/Comparison.js'
import { failedOnOtherData, type Ledger } from './Ledger.js'
import { jobs as jobsOf, type Job } from './result/Plan.js'
import type { Prepared, Wanted } from './prepare.js'
import type { Processes } from './Processes.js'
import { overviewLine, type AtWork } from './progress.js'
import { resultOf, runState } from './result/runResult.js'

/** Carries out runs, reads their results, and enters these in the ledger. */
export const crew = (options: Wanted, prepared: Prepared, results: Ledger, children: Processes) => {
  const { folder, config, status } = options
  const { named } = config
  const began = performance.now()
  const atWork = new Map<string, AtWork>()
  const ended = (tag: Comparison.RunEntry['_tag']): number =>
    results.get().runs.filter(({ _tag }) => _tag === tag).length
  let before = 0
  const show = (): void =>
    status.show(() =>
      overviewLine({
        total: results.get().runs.length,
        before,
        finished: ended('Finished'),
        failed: ended('Failed'),
        atWork: [...atWork.values()],
        seconds: (performance.now() - began) / 1000,
      }),
    )

  const failed = (job: Job, { message }: ShellError): Comparison.RunEntry => ({
    _tag: 'Failed',
    ...job,
    reason: message,
  })

  const read = (job: Job): Comparison.RunEntry =>
    pipe(
      resultOf(
        job,
        { completeEpochs: named.config.solver.epochs },
        prepared.identityOf(job),
      )(join(folder, job.folder)),
      E.match(
        error => failed(job, error),
        entry => failedOnOtherData(results.get(), entry),
      ),
    )

  const enter = (entry: Comparison.RunEntry): E.Either<ShellError, void> => {
    if (entry._tag === 'Failed') status.note(`${entry.label} seed ${entry.seed} failed: ${entry.reason}`)
    return results.enter(entry)
  }

  /** Carries out one run. A failed run is entered in the ledger; only errors that end the comparison are returned. */
  const carryOut =
    (job: Job, resume: boolean): TE.TaskEither<ShellError, void> =>
    async () => {
      const runFolder = join(folder, job.folder)
      const cleared = resume ? E.right(undefined) : clear(runFolder)
      if (E.isLeft(cleared)) return enter(failed(job, cleared.left))
      atWork.set(job.folder, { job, progress: 0, phase: 'starting' })
      show()
      const result = await children.run(
        {
          _tag: 'Order',
          resume,
          folder: runFolder,
          backend: prepared.plan.backend,
          source: named.source,
          name: named.name,
          baseFolder: named.baseFolder,
          config: prepared.configOf(job),
        },
        ({ progress, phase }) => {
          atWork.set(job.folder, { job, progress, phase })
          show()
        },
      )()
      atWork.delete(job.folder)
      const written = pipe(
        result,
        E.match(
          error => (error._tag === 'Interrupted' ? E.left(error) : enter(failed(job, error))),
          () => enter(read(job)),
        ),
      )
      show()
      return written
    }

  return {
    read,
    enter,
    carryOut,
    /** Excludes runs that are already finished from the estimate of the time left. */
    begin: () => {
      before = ended('Finished')
    },
  }
}

export type Crew = ReturnType<typeof crew>

/** Checks every job's folder: enters the results of finished runs, and returns the other jobs. */
export const unfinished = (
  { folder }: Wanted,
  prepared: Prepared,
  results: Ledger,
  { read, enter }: Crew,
): E.Either<ShellError, ReadonlyArray<{ readonly job: Job; readonly resume: boolean }>> =>
  pipe(
    jobsOf(prepared.plan),
    E.traverseArray(job =>
      pipe(
        runState(join(folder, job.folder), prepared.identityOf(job)),
        E.chain(found => {
          if (found === 'Ended')
            return pipe(
              enter(read(job)),
              E.map(() => []),
            )
          return pipe(
            // Also discards an earlier result whose run folder is gone.
            results.enter({ _tag: 'Pending', ...job }),
            E.map(() => [{ job, resume: found === 'Begun' }]),
          )
        }),
      ),
    ),
    E.map(found => found.flat()),
  )
