/** Drives a new or resumed run in its folder: shows its status, handles Ctrl-C, and writes the summary and the timings. */
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

/** How a run is watched and stopped, and how many workers it uses. */
export interface Audience {
  readonly status: Status
  readonly signals: Signals
  /** How many commands may run at once, each in a thread. Default, or `null`: the number of cores. */
  readonly workers?: number | null
  /** Called after each recorded step. */
  readonly onStep?: (info: Info) => void
}

/** The state from which a run continues. */
export interface Session<S> {
  readonly folder: string
  readonly header: Header
  readonly problem: Problem
  readonly backend: Backend
  readonly persistence: Persistence
  readonly cursor: Cursor<S>
  /** The timeline of the steps recorded so far. */
  readonly timeline: Timings.Timeline
  /** The times since the start of the run, without its interruptions. */
  readonly elapsed: () => Clock.Times
  /** Opens the log. It is called only when everything else is ready. */
  readonly log: TE.TaskEither<ShellError, LogWriter>
}

/** A stopwatch that starts now, at the times of a run before its interruption. */
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

/** Watches a run: keeps the status line and the timeline. */
const watcher = (
  folder: string,
  earlier: Timings.Timeline,
  { status, onStep }: Pick<Audience, 'status' | 'onStep'>,
  elapsed: () => Clock.Times,
  stopRequested: () => boolean,
) => {
  const timeline = [...earlier]
  let last: Info | null = null
  // Questions that are running or whose answer is not recorded yet, in the order of their records.
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
      // The message of the outcome is shown at the end of the run.
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

/** Writes `timings.json` and `summary.json` of a run that halted. */
export const finish = (
  folder: string,
  header: Header,
  timeline: Timings.Timeline,
  info: Info,
  outcome: Outcome,
  total: Clock.Times,
): E.Either<ShellError, Tuned> => {
  // Each record is one transition, so the timeline has one entry per record.
  const summary = Summary.summarize(header, timeline.length, info, outcome)
  const timings = Timings.timings(timeline, total, outcome)
  return pipe(
    RunFolder.writeWhole(RunFolder.timingsIn(folder))(Timings.encode(timings)),
    // The summary must come last: a folder with a summary counts as finished.
    E.chain(() => RunFolder.writeWhole(RunFolder.summaryIn(folder))(Summary.encode(summary))),
    E.map(() => {
      Clock.forget(folder)
      return { folder, summary, timings }
    }),
  )
}

/** Adds to an error how to resume or check the run. */
const withLocation =
  (folder: string, steps: number) =>
  (error: ShellError): ShellError =>
    steps === 0
      ? error
      : {
          ...error,
          message:
            `${error.message} The run is in ${folder}, with ${steps} steps recorded; ` +
            `\`bilevel resume ${folder}\` resumes it, \`bilevel replay ${folder}\` checks it.`,
        }

/** Drives a method from the cursor of its session until it halts. */
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
      TE.mapLeft(error => withLocation(folder, watch.timeline().length)(error)),
      task => async () => {
        const result = await task()
        stop.release()
        status.clear()
        return result
      },
    )
  }
