/**
 * Serves one run in a child process: it does what `bilevel tune` and `bilevel resume` do, and exchanges messages with
 * the comparison. Ctrl-C in a terminal reaches all processes; this one ignores it and waits for the comparison's `Stop`.
 */
import { messageOf } from '../base/messageOf.js'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Audience } from '../run/conduct.js'
import type { Methods } from '../record/Methods.js'
import { resume } from '../run/resume.js'
import type { Signals } from '../run/Stop.js'
import { tune } from '../run/tune.js'
import type { ShellError } from '../base/ShellError.js'
import { endWithParent } from './endWithParent.js'
import { type Order, type Report, ToWorker } from './messages.js'

const carryOut = (methods: Methods, order: Order, audience: Audience): TE.TaskEither<ShellError, void> => {
  const { folder, backend, source, name, baseFolder, config } = order
  const options = { ...audience, methods, backend }
  return pipe(
    order.resume
      ? pipe(
          resume({ ...options, target: folder }),
          TE.map(() => undefined),
        )
      : pipe(
          tune({ ...options, folder, named: { source, name, baseFolder, config } }),
          TE.map(() => undefined),
        ),
  )
}

/**
 * Waits for an order, carries it out, and ends the process. Call it once, in a child process with an IPC channel.
 *
 * @example
 * ```ts
 * import { Bilevel, bilevel, Parts } from 'bilevel-hpo'
 * import { registry, serveComparison, some, type WorkerModule } from 'bilevel-hpo/shell'
 *
 * // The module of a process that knows your own method; give its path to `compare` as `worker`.
 * export const worker: WorkerModule = { path: '/where/this/module/is.js', execArgv: [] }
 * const mine = Bilevel.make({ name: 'mine', penalty: { ...Parts.defaults.penalty, cap: () => () => Infinity } })
 * serveComparison(registry(some(bilevel), some(mine)))
 * ```
 */
export const serve = (methods: Methods): void => {
  const listeners = new Set<() => void>()
  const signals: Signals = {
    on: (_, listener) => listeners.add(listener),
    // `listen` removes itself once for each of its two signals; one deletion suffices.
    off: (_, listener) => listeners.delete(listener),
    exit: code => process.exit(code),
  }
  const say = (report: Report): void => {
    if (process.connected) process.send?.(report)
  }
  const conclude = (report: Report): void => {
    if (process.connected) process.send?.(report, () => process.exit(0))
    else process.exit(0)
  }
  let begun = false

  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  endWithParent()
  process.on('message', (message: unknown) => {
    if (!ToWorker.is(message)) return
    if (message._tag === 'Stop') {
      listeners.forEach(listener => listener())
      // No listener yet: nothing has been recorded, so end at once.
      if (listeners.size === 0) process.exit(130)
      return
    }
    if (begun) return
    begun = true
    const audience: Audience = {
      status: { show: () => undefined, note: () => undefined, clear: () => undefined },
      signals,
      // The comparison already runs one process per core.
      workers: 1,
      onStep: ({ progress, phase, lowerLevelSolves }) =>
        say({ _tag: 'Stepped', progress, phase, lowerLevelSolves }),
    }
    void carryOut(methods, message, audience)().then(
      E.match(
        error => conclude({ _tag: 'Stopped', error }),
        () => conclude({ _tag: 'Ended' }),
      ),
      (cause: unknown) =>
        conclude({
          _tag: 'Stopped',
          error: {
            _tag: 'Environment',
            message: `Something failed that should not have (${messageOf(cause)}).`,
          },
        }),
    )
  })
}
