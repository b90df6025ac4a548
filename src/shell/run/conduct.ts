/** Drives a run, new or resumed, in its folder, with everything that watches it and with what it leaves behind. */
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Question } from '../../core/protocol/Command.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import type { Cursor } from '../../core/log/Replay.js'
import type { Header } from '../../core/log/RunLog.js'
import type { Backend } from '../backend/Backend.js'
import type { Problem } from '../train/Problem.js'
import type { Persistence } from '../train/WeightStore.js'
import type { ShellError } from '../base/ShellError.js'
import * as Clock from '../record/Clock.js'
import { drive, type Hooks } from '../record/driver.js'
import type { LogWriter } from '../record/logFile.js'
import { networkInterpreter } from '../work/networkInterpreter.js'
import * as RunFolder from '../record/RunFolder.js'
import { statusLine, type Status } from './statusLine.js'
import { listen, type Signals } from './Stop.js'
import * as Summary from '../record/Summary.js'
import * as Timings from '../record/Timings.js'

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
  /** Told of every step that is recorded. */
  readonly onStep?: (info: Info) => void
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
  /** What gives the times since the run began, had it never been interrupted. */
  readonly elapsed: () => Clock.Times
  /** Opened only when everything else is ready. */
  readonly log: TE.TaskEither<ShellError, LogWriter>
}

/** A stopwatch that starts now, after what a run took before it was interrupted. */
export const stopwatch = (before = Clock.begin): (() => Clock.Times) => {
  const [began, used] = [performance.now(), process.cpuUsage()]
  return () => {
    const { user, system } = process.cpuUsage(used)
    return {
      seconds: before.seconds + (performance.now() - began) / 1000,
      processorSeconds: before.processorSeconds + (user + system) / 1e6,
    }
  }
}

/** What watches a run: the status line and the timeline. */
const watcher = (
  folder: string,
  earlier: Timings.Timeline,
  { status, onStep }: Pick<Audience, 'status' | 'onStep'>,
  elapsed: () => Clock.Times,
  stopRequested: () => boolean,
) => {
  const timeline = [...earlier]
  let last: Info | null = null
  // At work or waiting for their turn to be recorded, in the order of the records to come.
  let open: ReadonlyArray<Question> = []
  const refresh = (): void => {
    const info = last
    if (info !== null) status.show(() => statusLine(info, open[0] ?? null, elapsed().seconds))
  }
  const hooks: Hooks = {
    onTransition: info => {
      const now = elapsed()
      last = info
      open = open.slice(1)
      Clock.tick(folder, timeline.length, now)
      timeline.push(Timings.mark(info, now))
      // The outcome's own message is the last word of the run, and not of its progress.
      if (info.message !== null && info.outcome === null) status.note(info.message)
      refresh()
      onStep?.(info)
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
  total: Clock.Times,
): E.Either<ShellError, Tuned> => {
  // One transition a record, so the timeline is as long as the log.
  const summary = Summary.summarize(header, timeline.length, info, outcome)
  const timings = Timings.timings(timeline, total, outcome)
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
  (audience: Audience) =>
  <C, S>(method: Method<C, S>) =>
  (session: Session<S>): TE.TaskEither<ShellError, Tuned> => {
    const { status, signals, workers } = audience
    const { folder, header, problem, backend, persistence, cursor, elapsed } = session
    const stop = listen(signals, status)
    const watch = watcher(folder, session.timeline, audience, elapsed, stop.requested)
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
        return finish(folder, header, watch.timeline(), info, outcome, elapsed())
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
