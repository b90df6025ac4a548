/** Drives a run, new or resumed, in its folder, with everything that watches it and with what it leaves behind. */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Question } from '../../core/protocol/Command.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import type { Cursor } from '../../core/protocol/Replay.js'
import type { Header } from '../../core/protocol/RunLog.js'
import type { Backend } from '../backend/Backend.js'
import type { Problem } from '../problem/Problem.js'
import type { Persistence } from '../problem/WeightStore.js'
import type { ShellError } from '../ShellError.js'
import * as Clock from './Clock.js'
import { drive, type Hooks } from './Driver.js'
import type { LogWriter } from './LogFile.js'
import { networkInterpreter } from './NetworkInterpreter.js'
import * as RunFolder from './RunFolder.js'
import { statusLine, type Status } from './StatusLine.js'
import { listen, type Signals } from './Stop.js'
import * as Summary from './Summary.js'
import * as Timings from './Timings.js'

/** A run that halted. */
export interface Tuned {
  readonly folder: string
  readonly summary: Summary.Summary
  readonly timings: Timings.Timings
}

/** Who looks at a run and may stop it. */
export interface Audience {
  readonly status: Status
  readonly signals: Signals
  /** How many commands may be trained at once, each in a thread; `null`: as many as there are cores. */
  readonly workers?: number | null
}

/** What a run needs to go on from a cursor. */
export interface Session<S> {
  readonly folder: string
  readonly header: Header
  readonly problem: Problem
  readonly backend: Backend
  readonly persistence: Persistence
  readonly cursor: Cursor<S>
  /** Of the steps that are recorded already. */
  readonly timeline: Timings.Timeline
  /** When the run began by `performance.now()`, had it never been interrupted. */
  readonly began: number
  /** Opened only when everything else is ready. */
  readonly log: TE.TaskEither<ShellError, LogWriter>
}

const seconds = (since: number): number => (performance.now() - since) / 1000

/** What watches a run: the status line and the timeline. */
const watcher = (
  folder: string,
  earlier: Timings.Timeline,
  status: Status,
  began: number,
  stopRequested: () => boolean,
) => {
  const timeline = [...earlier]
  let last: Info | null = null
  // At work or waiting for their turn to be recorded, in the order of the records to come.
  let open: ReadonlyArray<Question> = []
  const refresh = (): void => {
    const info = last
    if (info !== null) status.show(() => statusLine(info, open[0] ?? null, seconds(began)))
  }
  const hooks: Hooks = {
    onTransition: info => {
      const now = seconds(began)
      last = info
      open = open.slice(1)
      Clock.tick(folder, timeline.length, now)
      timeline.push(Timings.mark(info, now))
      // The outcome's own message is the last word of the run, and not of its progress.
      if (info.message !== null && info.outcome === null) status.note(info.message)
      refresh()
    },
    onQuestion: next => {
      open = [...open, next]
      refresh()
    },
    stopRequested,
  }
  return { hooks, refresh, timeline: (): Timings.Timeline => timeline, last: (): Info | null => last }
}

/** Writes what a run that halted leaves behind; its log is complete. */
export const finish = (
  folder: string,
  header: Header,
  timeline: Timings.Timeline,
  info: Info,
  outcome: Outcome,
  totalSeconds: number,
): E.Either<ShellError, Tuned> => {
  // One transition a record, so the timeline is as long as the log.
  const summary = Summary.summarize(header, timeline.length, info, outcome)
  const timings = Timings.timings(timeline, totalSeconds, outcome)
  return pipe(
    RunFolder.writeWhole(RunFolder.timingsIn(folder))(Timings.encode(timings)),
    // The summary comes last: where it is, the run is finished.
    E.chain(() => RunFolder.writeWhole(RunFolder.summaryIn(folder))(Summary.encode(summary))),
    E.map(() => {
      Clock.forget(folder)
      return { folder, summary, timings }
    }),
  )
}

/** Says where a run that stopped is. */
const whereItIs =
  (folder: string, steps: number) =>
  (error: ShellError): ShellError =>
    steps === 0
      ? error
      : {
          ...error,
          message:
            `${error.message} The run is in ${folder}, with ${steps} steps recorded; ` +
            `\`bilevel resume ${folder}\` goes on from there, \`bilevel replay ${folder}\` checks it.`,
        }

/** Drives a method from where its session stands until it halts. */
export const conduct =
  ({ status, signals, workers }: Audience) =>
  <C, S>(method: Method<C, S>) =>
  (session: Session<S>): TE.TaskEither<ShellError, Tuned> => {
    const { folder, header, problem, backend, persistence, cursor, began } = session
    const stop = listen(signals, status)
    const watch = watcher(folder, session.timeline, status, began, stop.requested)
    return pipe(
      TE.fromEither(
        networkInterpreter(backend, problem, {
          persistence,
          onProgress: watch.refresh,
          signal: stop.signal,
          workers: workers ?? availableParallelism(),
        }),
      ),
      TE.chain(interpreter =>
        TE.bracket(
          session.log,
          log => drive(method)({ interpreter, log, hooks: watch.hooks })(cursor),
          log =>
            TE.fromIO(() => {
              log.close()
              interpreter.dispose()
            }),
        ),
      ),
      TE.chainEitherK(outcome => {
        const info = watch.last() ?? cursor.transition.info
        return finish(folder, header, watch.timeline(), info, outcome, seconds(began))
      }),
      TE.mapLeft(error => whereItIs(folder, watch.timeline().length)(error)),
      task => async () => {
        const result = await task()
        stop.release()
        status.clear()
        return result
      },
    )
  }
