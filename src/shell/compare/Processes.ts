/** Starts the processes of a comparison's runs, hears what they say, and stops them. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { builtFile } from '../base/package.js'
import { environment, interrupted, type ShellError } from '../base/ShellError.js'
import { type Order, Report, type ToWorker } from './messages.js'

/** The module that a process runs. */
export interface WorkerModule {
  readonly path: string
  readonly execArgv: ReadonlyArray<string>
}

/** The worker that knows this package's methods. */
export const worker: WorkerModule = {
  path: fileURLToPath(builtFile('comparison.worker.js')),
  execArgv: process.execArgv,
}

/** Reports that are not the last. */
export type Progress = Exclude<Report, { readonly _tag: 'Ended' | 'Stopped' }>

/** The processes at work. */
export interface Processes {
  /** Carries out one run in a process of its own. */
  readonly run: (order: Order, onProgress: (report: Progress) => void) => Task<E.Either<ShellError, void>>
  /** Asks all that are at work to stop: the first time after their commands, the second time at once. */
  readonly stop: () => void
  /** Ends all that are at work, whatever they do; what is recorded stays. */
  readonly kill: () => void
}

/** So much of what a process writes to stderr is kept to explain its end. */
const keptCharacters = 2000

const lost = (code: number | null, signal: NodeJS.Signals | null, written: string): ShellError => {
  const last = written.trim().split('\n').at(-1) ?? ''
  return environment(
    `The process of the run was lost (${signal === null ? `it ended with ${code ?? 'no code'}` : `ended by ${signal}`})` +
      `${last === '' ? '' : `; its last words: ${last}`}. Where memory is short, try fewer at once with --jobs 1.`,
  )
}

/** Processes of a worker module. */
export const processes = ({ path, execArgv }: WorkerModule): Processes => {
  const atWork = new Set<ChildProcess>()
  let stops = 0
  const tell = (child: ChildProcess, message: ToWorker): void => {
    // A process that is gone says so by its exit; nothing is to be done here.
    if (child.connected) child.send(message, () => undefined)
  }
  return {
    run: (order, onProgress) => () =>
      new Promise(resolve => {
        if (stops > 0) {
          resolve(E.left(interrupted('Stopped as asked, before the run began.')))
          return
        }
        const child = fork(path, [], {
          execArgv: [...execArgv],
          stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        })
        atWork.add(child)
        let written = ''
        let word: E.Either<ShellError, void> | null = null
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
          written = (written + text).slice(-keptCharacters)
        })
        child.on('message', (message: unknown) => {
          if (!Report.is(message)) return
          if (message._tag === 'Ended') word = E.right(undefined)
          else if (message._tag === 'Stopped') word = E.left(message.error)
          else onProgress(message)
        })
        const end = (code: number | null, signal: NodeJS.Signals | null): void => {
          atWork.delete(child)
          resolve(
            word ??
              E.left(
                stops > 0 ? interrupted('Stopped while the run was at work.') : lost(code, signal, written),
              ),
          )
        }
        child.on('error', ({ message }) => {
          written = message
          // A process that never began has no exit.
          if (child.pid === undefined) end(null, null)
        })
        child.on('close', end)
        tell(child, order)
      }),
    stop: () => {
      stops++
      for (const child of atWork) tell(child, { _tag: 'Stop' })
    },
    kill: () => {
      for (const child of atWork) child.kill('SIGKILL')
    },
  }
}
