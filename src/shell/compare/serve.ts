/**
 * One run in a process of its own: what `bilevel tune` and `bilevel resume` do, with orders and progress by messages.
 * Ctrl-C in a terminal reaches all processes of a comparison; it is the comparison's to pass on.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Audience } from '../run/conduct.js'
import type { Methods } from '../record/Methods.js'
import { resume } from '../run/resume.js'
import type { Signals } from '../run/Stop.js'
import { tune } from '../run/tune.js'
import type { ShellError } from '../base/ShellError.js'
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
          tune({ ...options, folder, config: { source, name, baseFolder, config } }),
          TE.map(() => undefined),
        ),
  )
}

/** Waits for an order, carries it out, and ends the process. To be called once, in a process with a channel. */
export const serve = (methods: Methods): void => {
  const listeners = new Set<() => void>()
  const signals: Signals = {
    on: (_, listener) => listeners.add(listener),
    // `listen` takes itself away for each of its two signals.
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
  // Whoever gave the order is gone: what is recorded will be gone on with by the next one.
  process.on('disconnect', () => process.exit(130))
  process.on('message', (message: unknown) => {
    if (!ToWorker.is(message)) return
    if (message._tag === 'Stop') {
      listeners.forEach(listener => listener())
      // Before the run listens there is nothing to lose.
      if (listeners.size === 0) process.exit(130)
      return
    }
    if (begun) return
    begun = true
    const audience: Audience = {
      status: { show: () => undefined, note: () => undefined, clear: () => undefined },
      signals,
      // The cores are shared out among processes already.
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
            message: `Something failed that should not have (${cause instanceof Error ? cause.message : String(cause)}).`,
          },
        }),
    )
  })
}
