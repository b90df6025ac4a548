/** Makes the runs of a comparison, each in a process of its own, and shows how they are going. */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import { clear } from '../record/RunFolder.js'
import type { ShellError } from '../base/ShellError.js'
import type * as Comparison from './result/Comparison.js'
import { onOtherData, type Ledger } from './Ledger.js'
import { jobs as jobsOf, type Job } from './result/Plan.js'
import type { Prepared, Wanted } from './prepare.js'
import type { Processes } from './Processes.js'
import { overviewLine, type AtWork } from './progress.js'
import { resultOf, standing } from './result/runResult.js'

/** What carries out a run, reads what came of it, and enters that in the ledger. */
export const crew = (options: Wanted, prepared: Prepared, book: Ledger, working: Processes) => {
  const { folder, config, status } = options
  const { named } = config
  const began = performance.now()
  const atWork = new Map<string, AtWork>()
  const ended = (tag: Comparison.RunEntry['_tag']): number =>
    book.get().runs.filter(({ _tag }) => _tag === tag).length
  let before = 0
  const show = (): void =>
    status.show(() =>
      overviewLine({
        total: book.get().runs.length,
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
        entry => onOtherData(book.get(), entry),
      ),
    )

  const enter = (entry: Comparison.RunEntry): E.Either<ShellError, void> => {
    if (entry._tag === 'Failed') status.note(`${entry.label} seed ${entry.seed} failed: ${entry.reason}`)
    return book.enter(entry)
  }

  /** Carries out one run. Errors: those that end the comparison; a run that fails is entered as such. */
  const carryOut =
    (job: Job, resume: boolean): TE.TaskEither<ShellError, void> =>
    async () => {
      const runFolder = join(folder, job.folder)
      const cleared = resume ? E.right(undefined) : clear(runFolder)
      if (E.isLeft(cleared)) return enter(failed(job, cleared.left))
      atWork.set(job.folder, { job, progress: 0, phase: 'starting' })
      show()
      const result = await working.run(
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
    /** Runs that had ended before are no measure of how long the others take. */
    begin: () => {
      before = ended('Finished')
    },
  }
}

export type Crew = ReturnType<typeof crew>

/** Looks at every job's folder: what has ended is read, the rest is to be done. */
export const sorted = (
  { folder }: Wanted,
  prepared: Prepared,
  book: Ledger,
  { read, enter }: Crew,
): E.Either<ShellError, ReadonlyArray<{ readonly job: Job; readonly resume: boolean }>> =>
  pipe(
    jobsOf(prepared.plan),
    E.traverseArray(job =>
      pipe(
        standing(join(folder, job.folder), prepared.identityOf(job)),
        E.chain(found => {
          if (found === 'Ended')
            return pipe(
              enter(read(job)),
              E.map(() => []),
            )
          return pipe(
            // A result whose run is gone is a result of nothing.
            book.enter({ _tag: 'Pending', ...job }),
            E.map(() => [{ job, resume: found === 'Begun' }]),
          )
        }),
      ),
    ),
    E.map(found => found.flat()),
  )
