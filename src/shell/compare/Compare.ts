/**
 * Compares methods on one task: each run in a process of its own, spread over the cores. What a run records is on the disk
 * before it counts, and `comparison.json` is written after each run that ends; so whatever ends a comparison, started again
 * it goes on.
 */
import { availableParallelism, cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import pLimit from 'p-limit'
import { makeFolders } from '../Folders.js'
import { clear, writeWhole } from '../run/RunFolder.js'
import type { Signals } from '../run/Stop.js'
import { environment, interrupted, type ShellError } from '../ShellError.js'
import { analyse, type Analysis } from './Analysis.js'
import * as Comparison from './Comparison.js'
import { lock } from './Lock.js'
import { markdown } from './Markdown.js'
import { jobs as jobsOf, type Job } from './Plan.js'
import { prepare, type Prepared, type Wanted } from './Prepare.js'
import { processes as start, worker, type Processes, type WorkerModule } from './Processes.js'
import { overviewLine, type AtWork } from './Progress.js'
import { resultOf, standing } from './RunResult.js'

/** What is to be compared, and how. */
export interface CompareOptions extends Wanted {
  /** Runs at work at once. */
  readonly jobs: number
  readonly signals: Signals
  readonly worker?: WorkerModule
  /** Makes a report of the folders of finished runs, where there is something that does. */
  readonly report?: (folders: ReadonlyArray<string>, folder: string) => TE.TaskEither<ShellError, unknown>
}

/** A comparison all of whose runs have ended. */
export interface Compared {
  readonly folder: string
  readonly comparison: Comparison.Comparison
  readonly analysis: Analysis
}

const entryOf =
  (earlier: Comparison.Comparison | null) =>
  (job: Job): Comparison.RunEntry =>
    earlier?.runs.find(({ folder }) => folder === job.folder) ?? { _tag: 'Pending', ...job }

/** What is known so far, kept in the folder. */
const ledger = (folder: string, { plan, earlier }: Prepared, jobs: number) => {
  const processor = cpus()[0]?.model.trim() ?? 'unknown'
  const memoryGiB = Math.round((10 * totalmem()) / 2 ** 30) / 10
  let comparison: Comparison.Comparison = {
    format: Comparison.format,
    version: Comparison.version,
    plan,
    machine: { processor, processors: availableParallelism(), memoryGiB, jobs },
    runs: jobsOf(plan).map(entryOf(earlier)),
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

type Ledger = ReturnType<typeof ledger>

/** Runs of one seed must have been trained on the same data, or their differences mean nothing. */
const onOtherData = ({ runs }: Comparison.Comparison, entry: Comparison.RunEntry): Comparison.RunEntry => {
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
          `It was trained on other data than ${other.folder}: the data was changed between the two. Restore it, move the ` +
          'runs on the wrong data away, and compare again.',
      }
}

/** What makes the runs, and shows how they are going. */
const crew = (options: CompareOptions, prepared: Prepared, book: Ledger, working: Processes) => {
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

/** Looks at every job's folder: what has ended is read, the rest is to be done. */
const sorted = (
  { folder }: CompareOptions,
  prepared: Prepared,
  book: Ledger,
  { read, enter }: ReturnType<typeof crew>,
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

const stoppedAt = (folder: string, { runs }: Comparison.Comparison): ShellError =>
  interrupted(
    `Stopped as asked. ${runs.filter(({ _tag }) => _tag === 'Finished').length} of ${runs.length} runs are finished, and ` +
      `all that was recorded is in ${folder}; the same command with --out ${folder} goes on from there.`,
  )

/** Passes Ctrl-C on to the processes at work. */
const heed = ({ signals, status }: CompareOptions, working: Processes) => {
  let count = 0
  const onSignal = (): void => {
    count++
    if (count === 1) status.note('Stopping after the commands at work. Press Ctrl-C again to stop at once.')
    if (count <= 2) working.stop()
    else {
      working.kill()
      signals.exit(130)
    }
  }
  signals.on('SIGINT', onSignal)
  signals.on('SIGTERM', onSignal)
  return {
    requested: () => count > 0,
    release: () => {
      signals.off('SIGINT', onSignal)
      signals.off('SIGTERM', onSignal)
    },
  }
}

const work = async (
  options: CompareOptions,
  prepared: Prepared,
): Promise<E.Either<ShellError, Comparison.Comparison>> => {
  const { folder, jobs, status } = options
  const working = start(options.worker ?? worker)
  const book = ledger(folder, prepared, jobs)
  const hands = crew(options, prepared, book, working)
  const todo = sorted(options, prepared, book, hands)
  if (E.isLeft(todo)) return todo
  hands.begin()
  const stop = heed(options, working)
  const limit = pLimit(jobs)
  const faults: Array<ShellError> = []
  const done = await limit.map(todo.right, async ({ job, resume }) => {
    if (stop.requested() || faults.length > 0) return
    const result = await hands.carryOut(job, resume)()
    // What keeps one result from being written keeps all: the disk is full, say.
    if (E.isLeft(result) && result.left._tag !== 'Interrupted') {
      faults.push(result.left)
      working.stop()
    }
  })
  stop.release()
  status.clear()
  const saved = book.save()
  if (E.isLeft(saved)) return saved
  const [fault] = faults
  if (fault !== undefined) return E.left(fault)
  return stop.requested() && done.length > 0 && book.get().runs.some(({ _tag }) => _tag === 'Pending')
    ? E.left(stoppedAt(folder, book.get()))
    : E.right(book.get())
}

const made = (folder: string): E.Either<ShellError, void> =>
  E.tryCatch(
    () => makeFolders(folder),
    error =>
      environment(
        `The folder ${folder} cannot be made (${error instanceof Error ? error.message : String(error)}). Choose another ` +
          'one with --out.',
      ),
  )

/**
 * Makes a comparison, or goes on with the one in its folder. Runs that fail are entries of the result.
 *
 * Errors: `BadInput` where the configuration cannot be used or the folder holds something else, `Environment` where it
 * cannot be written, `Interrupted` where it was stopped before all runs had ended.
 */
export const compare = (options: CompareOptions): TE.TaskEither<ShellError, Compared> => {
  const { folder } = options
  return pipe(
    prepare(options),
    TE.chainFirstEitherK(() => made(folder)),
    TE.chain(prepared =>
      TE.bracket(
        TE.fromIOEither(() => lock(folder)),
        () => () => work(options, prepared),
        release => TE.fromIO(release),
      ),
    ),
    TE.chainFirst(({ runs }) =>
      options.report === undefined
        ? TE.right(undefined)
        : options.report(
            runs.flatMap(run => (run._tag === 'Finished' ? [join(folder, run.folder)] : [])),
            folder,
          ),
    ),
    TE.map(comparison => ({ folder, comparison, analysis: analyse(comparison) })),
  )
}
