/** Starts worker threads that train, and talks to them from the main thread. */
import { messageOf } from '../base/messageOf.js'
import { Worker } from 'node:worker_threads'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import { decode } from '../../core/codec/Codec.js'
import type { Observation } from '../../core/protocol/Observation.js'
import type { BackendName } from '../backend/Backend.js'
import { builtFile } from '../base/package.js'
import { sharedFloats, type ImageSet } from '../data/set/ImageSet.js'
import type { Problem, Recipe } from '../train/Problem.js'
import { environment, interrupted, type ShellError } from '../base/ShellError.js'
import { Report, type Job, type NamedWeights, type ThreadData } from './threadMessages.js'

/** The answer of a thread, with the new weights. */
export interface Answered {
  readonly observation: Observation
  readonly made: NamedWeights | null
}

/** A worker thread that trains, one job at a time. */
export interface TrainingThread {
  readonly work: (
    job: Job,
    onProgress: (done: number, effort: number) => void,
  ) => Promise<E.Either<ShellError, Answered>>
  /** Ends the thread at once. A running job returns `Interrupted`. */
  readonly end: () => void
}

/** Creates a worker thread that runs `trainingThread.worker`. */
export type StartThread = (data: ThreadData) => Worker

/** Starts the built worker. Code that runs from the TypeScript sources must pass its own {@link StartThread}. */
export const startThread: StartThread = workerData =>
  new Worker(builtFile('trainingThread.worker.js'), { workerData })

const lost = (id: number | null, cause: string): ShellError =>
  environment(
    `The thread that trained${id === null ? '' : ` for command ${id}`} ended (${cause}). If memory is short, use --workers 1, or lower ` +
      '`chunkSize`. The recorded steps can be resumed.',
  )

/** A busy thread keeps the process alive, an idle one does not. */
const threadAt = (worker: Worker): TrainingThread => {
  let current: {
    readonly id: number
    readonly onProgress: (done: number, effort: number) => void
    readonly settle: (result: E.Either<ShellError, Answered>) => void
  } | null = null
  let ended: ShellError | null = null
  const settle = (result: E.Either<ShellError, Answered>): void => {
    worker.unref()
    const open = current
    current = null
    open?.settle(result)
  }
  const leave = (error: ShellError): void => {
    ended ??= error
    settle(E.left(ended))
  }
  worker.on('message', (message: unknown) =>
    pipe(
      decode(Report)(message),
      E.match(
        problem => leave(lost(current?.id ?? null, `its message cannot be used: ${problem}`)),
        report => {
          switch (report._tag) {
            case 'Working':
              return current?.onProgress(report.done, report.effort)
            case 'Answered': {
              settle(E.right(report))
              return
            }
            case 'Failed': {
              settle(E.left(report.error))
              return
            }
          }
        },
      ),
    ),
  )
  worker.on('error', cause => leave(lost(current?.id ?? null, messageOf(cause))))
  worker.on('exit', code => leave(lost(current?.id ?? null, `exit code ${code}`)))
  worker.unref()
  return {
    work: (job, onProgress) =>
      new Promise(resolve => {
        if (ended !== null) {
          resolve(E.left(ended))
          return
        }
        current = { id: job.question.id, onProgress, settle: resolve }
        worker.ref()
        worker.postMessage(job)
      }),
    end: () => {
      leave(
        interrupted(
          'Stopped during running commands. The run can be resumed from its last record; these commands then start again.',
        ),
      )
      void worker.terminate()
    },
  }
}

const shared = (images: Float32Array): Float32Array => {
  if (images.buffer instanceof SharedArrayBuffer) return images
  const copy = sharedFloats(images.length)
  copy.set(images)
  return copy
}

const inSharedMemory = ({ images, labels, shape, classes }: ImageSet): ThreadData['splits']['train'] => ({
  images: shared(images),
  labels,
  shape: [...shape],
  classes,
})

/** Starts threads for one problem. Images are copied to shared memory once for all threads, unless they are there already. */
export const threadOf = (
  backend: BackendName,
  { splits: { train, validation, test }, solver, seed }: Problem,
  recipe: Recipe,
  start: StartThread = startThread,
): (() => TrainingThread) => {
  let data: ThreadData | null = null
  return () => {
    data ??= {
      backend,
      splits: {
        train: inSharedMemory(train),
        validation: inSharedMemory(validation),
        test: test === null ? null : inSharedMemory(test),
      },
      recipe,
      solver,
      seed,
    }
    return threadAt(start(data))
  }
}
