/**
 * A whole run: configuration → data → backend → method → run folder. Nothing is written before all that can be
 * refused has been looked at.
 */
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Question } from '../../core/protocol/Command.js'
import type { Info, Outcome } from '../../core/protocol/Info.js'
import type { Method } from '../../core/protocol/Method.js'
import type { Cursor } from '../../core/protocol/Replay.js'
import { format, version, type Header } from '../../core/protocol/RunLog.js'
import { choose, type Backend, type BackendChoice } from '../backend/Backend.js'
import type { NamedConfig } from '../config/ConfigSource.js'
import { methodConfig, RunConfig } from '../config/RunConfig.js'
import { loadSplits } from '../data/Load.js'
import { hyperparametersOf } from '../problem/Hyperparameters.js'
import { networkOf } from '../problem/NetworkConfig.js'
import type { Problem } from '../problem/Problem.js'
import { folderPersistence } from '../problem/WeightStore.js'
import type { ShellError } from '../ShellError.js'
import { showDataProgress } from './dataProgress.js'
import { drive, start, type Hooks } from './Driver.js'
import { describeData } from './Fingerprint.js'
import { create } from './LogFile.js'
import { methodNamed, type Methods } from './methods.js'
import { networkInterpreter } from './NetworkInterpreter.js'
import { statusLine, type Status } from './StatusLine.js'
import { listen, type Signals } from './Stop.js'
import * as Summary from './Summary.js'
import * as Timings from './Timings.js'
import * as RunFolder from './RunFolder.js'
import { versionsOf } from './Versions.js'

export interface TuneOptions {
  readonly methods: Methods
  readonly config: NamedConfig
  readonly folder: string
  readonly backend: BackendChoice
  readonly status: Status
  readonly signals: Signals
}

/** A run that halted. */
export interface Tuned {
  readonly folder: string
  readonly summary: Summary.Summary
  readonly timings: Timings.Timings
}

const problemOf = ({
  config: { config, baseFolder },
  status,
}: TuneOptions): TE.TaskEither<ShellError, Problem> =>
  pipe(
    TE.Do,
    TE.bind('splits', () =>
      loadSplits(config.data, {
        seed: config.seed,
        baseFolder: baseFolder ?? process.cwd(),
        onProgress: showDataProgress(status),
      }),
    ),
    TE.bind('network', ({ splits: { train } }) =>
      TE.fromEither(networkOf(config.network, train.shape, train.classes)),
    ),
    TE.bind('hyperparameters', ({ network }) =>
      TE.fromEither(hyperparametersOf(network, config.hyperparameters)),
    ),
    TE.map(parts => ({ ...parts, solver: config.solver, seed: config.seed })),
  )

/** All that the log says of the problem: a run can be resumed from it. */
const problemSection = ({ config, baseFolder }: NamedConfig): Header['problem'] => {
  const { data, network, hyperparameters, solver, seed } = RunConfig.encode(config)
  return { data, network, hyperparameters, solver, seed, baseFolder }
}

const configSection = <C, S>(method: Method<C, S>, config: C): Header['config'] => {
  const encoded: unknown = JSON.parse(JSON.stringify(method.config.encode(config)))
  return typeof encoded === 'object' && encoded !== null ? Object.fromEntries(Object.entries(encoded)) : {}
}

const seconds = (since: number): number => (performance.now() - since) / 1000

/** What watches a run: the status line and the timeline. */
const watcher = (status: Status, began: number, stopRequested: () => boolean) => {
  const timeline: Array<ReturnType<typeof Timings.mark>> = []
  let last: Info | null = null
  let question: Question | null = null
  const refresh = (): void => {
    const info = last
    if (info !== null) status.show(() => statusLine(info, question, seconds(began)))
  }
  const hooks: Hooks = {
    onTransition: info => {
      last = info
      question = null
      timeline.push(Timings.mark(info, seconds(began)))
      // The outcome's own message is the last word of the run, and not of its progress.
      if (info.message !== null && info.outcome === null) status.note(info.message)
      refresh()
    },
    onQuestion: next => {
      question = next
      refresh()
    },
    stopRequested,
  }
  return { hooks, refresh, timeline: (): Timings.Timeline => timeline, last: (): Info | null => last }
}

const finish = (
  folder: string,
  header: Header,
  timeline: Timings.Timeline,
  info: Info,
  outcome: Outcome,
  began: number,
): E.Either<ShellError, Tuned> => {
  // One transition a record, so the timeline is as long as the log.
  const summary = Summary.summarize(header, timeline.length, info, outcome)
  const timings = Timings.timings(timeline, seconds(began), outcome)
  return pipe(
    RunFolder.writeWhole(RunFolder.timingsIn(folder))(Timings.encode(timings)),
    E.chain(() => RunFolder.writeWhole(RunFolder.summaryIn(folder))(Summary.encode(summary))),
    E.map(() => ({ folder, summary, timings })),
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
            `\`bilevel replay ${folder}\` checks it.`,
        }

/** Drives a method that is ready to start. */
const run = <C, S>(
  options: TuneOptions,
  method: Method<C, S>,
  cursor: Cursor<S>,
  header: Header,
  problem: Problem,
  backend: Backend,
  began: number,
): TE.TaskEither<ShellError, Tuned> => {
  const { folder, status, signals } = options
  const stop = listen(signals, status)
  const watch = watcher(status, began, stop.requested)
  return pipe(
    TE.fromEither(
      networkInterpreter(backend, problem, {
        persistence: folderPersistence(join(folder, 'weights')),
        onProgress: watch.refresh,
        signal: stop.signal,
      }),
    ),
    TE.chain(interpreter =>
      TE.bracket(
        pipe(
          TE.fromEither(RunFolder.make(folder)),
          TE.chain(() => create(RunFolder.logIn(folder))(header)),
        ),
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
      return finish(folder, header, watch.timeline(), info, outcome, began)
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

/** Runs a configuration to its end. */
export const tune = (options: TuneOptions): TE.TaskEither<ShellError, Tuned> => {
  const { methods, config, folder, status } = options
  const began = performance.now()
  return pipe(
    TE.Do,
    TE.chainFirstEitherK(() => RunFolder.available(folder)),
    TE.bind('method', () => TE.fromEither(methodNamed(methods)(config.config.method.name))),
    TE.bind('backend', () => choose(options.backend)),
    TE.chainFirstIOK(
      ({ backend }) =>
        () =>
          status.note(backend.oneLine),
    ),
    TE.bind('problem', () => problemOf(options)),
    TE.chain(({ method, backend, problem }) =>
      method(typed =>
        pipe(
          TE.fromEither(methodConfig(typed)(config.source, config.config, problem.hyperparameters.space)),
          TE.bindTo('settings'),
          TE.bind('cursor', ({ settings }) => TE.fromEither(start(typed)(settings))),
          TE.chain(({ settings, cursor }) => {
            const header: Header = {
              format,
              version,
              method: typed.name,
              config: configSection(typed, settings),
              problem: problemSection(config),
              data: describeData(problem.splits),
              backend: backend.name,
              versions: versionsOf(backend.versions),
            }
            return run(options, typed, cursor, header, problem, backend, began)
          }),
        ),
      ),
    ),
  )
}
