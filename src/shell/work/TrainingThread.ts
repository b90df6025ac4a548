/** The main thread's end of a thread that trains. */
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
import { Report, type Errand, type Kept, type ThreadData } from './threadMessages.js'

/** An answer of a thread, and the weights that came with it. */
export interface Answered {
  readonly observation: Observation
  readonly made: Kept | null
}

/** A thread that trains, one errand at a time. */
export interface TrainingThread {
  readonly work: (
    errand: Errand,
    onProgress: (done: number, effort: number) => void,
  ) => Promise<E.Either<ShellError, Answered>>
  /** Ends the thread, whatever it is at; an errand at work comes out as `Interrupted`. */
  readonly end: () => void
}

/** Makes a thread of Node that runs `trainingThread.worker`. */
export type StartThread = (data: ThreadData) => Worker

/** As the package is built. Where the sources run as they are, one that loads TypeScript is to be passed in. */
export const startThread: StartThread = workerData =>
  new Worker(builtFile('trainingThread.worker.js'), { workerData })

const lost = (id: number | null, cause: string): ShellError =>
  environment(
    `The thread that trained${id === null ? '' : ` for command ${id}`} ended (${cause}). If memory is short, use --workers 1, or lower ` +
      '`chunkSize`; what was recorded can be resumed.',
  )

/** A thread at work keeps the process alive, an idle one does not. */
const threadAt = (worker: Worker): TrainingThread => {
  let at: {
    readonly id: number
    readonly onProgress: (done: number, effort: number) => void
    readonly settle: (result: E.Either<ShellError, Answered>) => void
  } | null = null
  let gone: ShellError | null = null
  const settle = (result: E.Either<ShellError, Answered>): void => {
    worker.unref()
    const open = at
    at = null
    open?.settle(result)
  }
  const leave = (error: ShellError): void => {
    gone ??= error
    settle(E.left(gone))
  }
  worker.on('message', (message: unknown) =>
    pipe(
      decode(Report)(message),
      E.match(
        problem => leave(lost(at?.id ?? null, `its message cannot be used: ${problem}`)),
        said => {
          switch (said._tag) {
            case 'Working':
              return at?.onProgress(said.done, said.effort)
            case 'Answered': {
              settle(E.right(said))
              return
            }
            case 'Failed': {
              settle(E.left(said.error))
              return
            }
          }
        },
      ),
    ),
  )
  worker.on('error', cause => leave(lost(at?.id ?? null, messageOf(cause))))
  worker.on('exit', code => leave(lost(at?.id ?? null, `exit code ${code}`)))
  worker.unref()
  return {
    work: (errand, onProgress) =>
      new Promise(resolve => {
        if (gone !== null) {
          resolve(E.left(gone))
          return
        }
        at = { id: errand.question.id, onProgress, settle: resolve }
        worker.ref()
        worker.postMessage(errand)
      }),
    end: () => {
      leave(
        interrupted(
          'Stopped while commands were at work. What was recorded before them can be resumed; they are then carried ' +
            'out anew.',
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

/** Starts threads for one problem; images that are not in shared memory are copied there once, whatever the number of threads. */
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
