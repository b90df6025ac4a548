/** Starts the child processes that carry out a comparison's runs, receives their reports, and stops them. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import type { Task } from 'fp-ts/lib/Task.js'
import { builtFile } from '../base/package.js'
import { environment, interrupted, type ShellError } from '../base/ShellError.js'
import { type Order, Report, type ToWorker } from './messages.js'

/** The module that a child process runs. */
export interface WorkerModule {
  readonly path: string
  readonly execArgv: ReadonlyArray<string>
}

/** The default worker, which knows this package's methods. */
export const worker: WorkerModule = {
  path: fileURLToPath(builtFile('comparison.worker.js')),
  execArgv: process.execArgv,
}

/** A report during a run, not its last one. */
export type Progress = Exclude<Report, { readonly _tag: 'Ended' | 'Stopped' }>

/** The running child processes. */
export interface Processes {
  /** Carries out one run in a child process. */
  readonly run: (order: Order, onProgress: (report: Progress) => void) => Task<E.Either<ShellError, void>>
  /** Asks all processes to stop: at the first call after their current commands, at the second call at once. */
  readonly stop: () => void
  /** Kills all processes; the recorded steps stay on the disk. */
  readonly kill: () => void
}

/** Keep this much of a process's stderr, to explain why it ended. */
const keptCharacters = 2000

const lost = (code: number | null, signal: NodeJS.Signals | null, written: string): ShellError => {
  const last = written.trim().split('\n').at(-1) ?? ''
  return environment(
    `The process of the run was lost (${signal === null ? `exit code ${code ?? 'unknown'}` : `ended by ${signal}`})` +
      `${last === '' ? '' : `; its last output: ${last}`}. If memory is short, run fewer processes with --jobs 1.`,
  )
}

/** Child processes that run the worker module. */
export const processes = ({ path, execArgv }: WorkerModule): Processes => {
  const running = new Set<ChildProcess>()
  let stops = 0
  const send = (child: ChildProcess, message: ToWorker): void => {
    // Ignore errors: if the process has ended, its `close` event says so.
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
        running.add(child)
        let written = ''
        let lastReport: E.Either<ShellError, void> | null = null
        child.stderr?.setEncoding('utf8').on('data', (text: string) => {
          written = (written + text).slice(-keptCharacters)
        })
        child.on('message', (message: unknown) => {
          if (!Report.is(message)) return
          if (message._tag === 'Ended') lastReport = E.right(undefined)
          else if (message._tag === 'Stopped') lastReport = E.left(message.error)
          else onProgress(message)
        })
        const end = (code: number | null, signal: NodeJS.Signals | null): void => {
          running.delete(child)
          resolve(
            lastReport ??
              E.left(stops > 0 ? interrupted('Stopped during the run.') : lost(code, signal, written)),
          )
        }
        child.on('error', ({ message }) => {
          written = message
          // A process that could not be started emits no `close`.
          if (child.pid === undefined) end(null, null)
        })
        child.on('close', end)
        send(child, order)
      }),
    stop: () => {
      stops++
      for (const child of running) send(child, { _tag: 'Stop' })
    },
    kill: () => {
      for (const child of running) child.kill('SIGKILL')
    },
  }
}
