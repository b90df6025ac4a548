/**
 * Compares methods on one task. Each run is a child process, and several run in parallel. Every step of a run is on the
 * disk before it counts, and `comparison.json` is written after each run. So an interrupted comparison can be resumed.
 */
import { messageOf } from '../base/messageOf.js'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import pLimit from 'p-limit'
import { makeFolders } from '../base/folders.js'
import type { Signals } from '../run/Stop.js'
import { badInput, environment, interrupted, type ShellError } from '../base/ShellError.js'
import { analyse, type Analysis } from './result/Analysis.js'
import * as Comparison from './result/Comparison.js'
import { crew, unfinished } from './Crew.js'
import { ledger } from './Ledger.js'
import { lock } from './lock.js'
import { prepare, type Prepared, type Wanted } from './prepare.js'
import { processes as start, worker, type Processes, type WorkerModule } from './Processes.js'

/** What to compare, and how. */
export interface CompareOptions extends Wanted {
  /** The number of parallel runs. */
  readonly jobs: number
  readonly signals: Signals
  readonly worker?: WorkerModule
  /** Writes a report of the finished runs' folders; optional. */
  readonly report?: (folders: ReadonlyArray<string>, folder: string) => TE.TaskEither<ShellError, unknown>
}

/** A comparison whose runs have all ended. */
export interface Compared {
  readonly folder: string
  readonly comparison: Comparison.Comparison
  readonly analysis: Analysis
}

const stoppedAt = (folder: string, { runs }: Comparison.Comparison): ShellError =>
  interrupted(
    `Stopped as asked. ${runs.filter(({ _tag }) => _tag === 'Finished').length} of ${runs.length} runs are finished. ` +
      `All recorded steps are in ${folder}; the same command with --out ${folder} resumes the comparison.`,
  )

/** Passes Ctrl-C on to the child processes. */
const forwardSignals = ({ signals, status }: CompareOptions, children: Processes) => {
  let count = 0
  const onSignal = (): void => {
    count++
    if (count === 1)
      status.note('Stopping after the commands in progress. Press Ctrl-C again to stop at once.')
    if (count <= 2) children.stop()
    else {
      children.kill()
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

const runAll = async (
  options: CompareOptions,
  prepared: Prepared,
): Promise<E.Either<ShellError, Comparison.Comparison>> => {
  const { folder, jobs, status } = options
  const children = start(options.worker ?? worker)
  const results = ledger(folder, prepared, jobs)
  const runner = crew(options, prepared, results, children)
  const todo = unfinished(options, prepared, results, runner)
  if (E.isLeft(todo)) return todo
  runner.begin()
  const stop = forwardSignals(options, children)
  const limit = pLimit(jobs)
  const faults: Array<ShellError> = []
  const done = await limit.map(todo.right, async ({ job, resume }) => {
    if (stop.requested() || faults.length > 0) return
    const result = await runner.carryOut(job, resume)()
    // If one result cannot be written (the disk is full, say), none can.
    if (E.isLeft(result) && result.left._tag !== 'Interrupted') {
      faults.push(result.left)
      children.stop()
    }
  })
  stop.release()
  status.clear()
  const saved = results.save()
  if (E.isLeft(saved)) return saved
  const [fault] = faults
  if (fault !== undefined) return E.left(fault)
  return stop.requested() && done.length > 0 && results.get().runs.some(({ _tag }) => _tag === 'Pending')
    ? E.left(stoppedAt(folder, results.get()))
    : E.right(results.get())
}

const makeFolder = (folder: string): E.Either<ShellError, void> =>
  E.tryCatch(
    () => makeFolders(folder),
    error =>
      environment(
        `The folder ${folder} cannot be created (${messageOf(error)}). Choose another ` + 'one with --out.',
      ),
  )

/** Before the folder was ours, another process may have worked on what this one has read there. */
const unchanged = (folder: string, { earlier }: Prepared): E.Either<ShellError, void> =>
  pipe(
    Comparison.read(folder),
    E.chain(now =>
      (now === null ? null : Comparison.encode(now)) ===
      (earlier === null ? null : Comparison.encode(earlier))
        ? E.right(undefined)
        : E.left(
            badInput(
              `The comparison in ${folder} was changed by another process while this one read its data. Start it again.`,
            ),
          ),
    ),
  )

/**
 * Starts a comparison, or resumes the one in its folder. A failed run becomes an entry of the result, not an error.
 *
 * Errors: `BadInput` if the configuration cannot be used or the folder holds something else, `Environment` if the folder
 * cannot be written, `Interrupted` if the comparison was stopped before all runs had ended.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { allot, compare, compareFromFile, type CompareOptions, methods, status } from 'bilevel-hpo/shell'
 *
 * const config = compareFromFile('config.json')
 * const rest = { methods, seeds: { count: 1 }, solves: 3, folder: 'mine', backend: 'wasm', allot, jobs: 1, signals: process } as const
 * const options = (labels: ReadonlyArray<string>): CompareOptions | null =>
 *   E.isRight(config) ? { ...rest, config: config.right, labels, status: status({ write: () => true }, () => 0) } : null
 * // A name that no method has is refused before anything is run.
 * const wrong = options(['randon'])
 * const compared = wrong === null ? null : await compare(wrong)()
 * const error = compared !== null && E.isLeft(compared) ? compared.left._tag : null // => 'BadInput'
 * ```
 */
export const compare = (options: CompareOptions): TE.TaskEither<ShellError, Compared> => {
  const { folder } = options
  return pipe(
    prepare(options),
    TE.chainFirstEitherK(() => makeFolder(folder)),
    TE.chain(prepared =>
      TE.bracket(
        lock(folder),
        () =>
          pipe(
            TE.fromEither(unchanged(folder, prepared)),
            TE.chain(() => () => runAll(options, prepared)),
          ),
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
