/**
 * A whole run: configuration → data → backend → method → run folder. Nothing is written before all that can be
 * refused has been looked at.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Method } from '../../core/protocol/Method.js'
import { format, versionFor, type Header } from '../../core/log/RunLog.js'
import type { BackendChoice } from '../backend/Backend.js'
import type { NamedConfig } from '../config/configSource.js'
import { methodConfig, RunConfig } from '../config/RunConfig.js'
import { size } from '../data/set/ImageSet.js'
import { loadSplits } from '../data/loadSplits.js'
import { backendOf } from '../train/backendOf.js'
import { hyperparametersOf } from '../model/Hyperparameters.js'
import { networkOf } from '../model/NetworkConfig.js'
import type { Problem } from '../train/Problem.js'
import { folderPersistence } from '../train/WeightStore.js'
import type { ShellError } from '../base/ShellError.js'
import { showDataProgress } from './dataProgress.js'
import { conduct, stopwatch, type Audience, type Tuned } from './conduct.js'
import { start } from '../record/driver.js'
import { describeData } from './describeData.js'
import { create } from '../record/logFile.js'
import { methodNamed, type Methods } from '../record/Methods.js'
import type { Status } from './statusLine.js'
import type { Timeline } from '../record/Timings.js'
import * as RunFolder from '../record/RunFolder.js'
import { versionsOf } from '../record/versions.js'

/** Which configuration is run where, and by what. */
export interface TuneOptions extends Audience {
  readonly methods: Methods
  readonly config: NamedConfig
  readonly folder: string
  readonly backend: BackendChoice
}

/** The problem that a configuration describes, its data loaded. */
export const problemOf = (
  { config, baseFolder }: Pick<NamedConfig, 'config' | 'baseFolder'>,
  status: Status,
): TE.TaskEither<ShellError, Problem> =>
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
    TE.bind('hyperparameters', ({ network, splits: { train } }) =>
      TE.fromEither(hyperparametersOf(network, config.hyperparameters, size(train))),
    ),
    TE.map(parts => ({
      ...parts,
      solver: config.solver,
      seed: config.seed,
      recipe: { network: config.network, hyperparameters: config.hyperparameters },
    })),
  )

/** All that the log says of the problem: a run can be resumed from it. */
export const problemSection = ({ config, baseFolder }: NamedConfig): Header['problem'] => {
  const { data, network, hyperparameters, solver, seed } = RunConfig.encode(config)
  return { data, network, hyperparameters, solver, seed, baseFolder }
}

/** A method's configuration as the log has it. */
export const configSection = <C, S>(method: Method<C, S>, config: C): Header['config'] => {
  const encoded: unknown = JSON.parse(JSON.stringify(method.config.encode(config)))
  return typeof encoded === 'object' && encoded !== null ? Object.fromEntries(Object.entries(encoded)) : {}
}

/** Runs a configuration to its end. */
export const tune = (options: TuneOptions): TE.TaskEither<ShellError, Tuned> => {
  const { methods, config, folder, status } = options
  const elapsed = stopwatch()
  return pipe(
    TE.Do,
    TE.chainFirstEitherK(() => RunFolder.available(folder)),
    TE.bind('method', () => TE.fromEither(methodNamed(methods)(config.config.method.name))),
    TE.bind('problem', () => problemOf(config, status)),
    TE.bind('backend', ({ problem }) => backendOf(options.backend, problem)),
    TE.chainFirstIOK(
      ({ backend }) =>
        () =>
          status.note(backend.oneLine),
    ),
    TE.chain(({ method, backend, problem }) =>
      method(typed =>
        pipe(
          TE.fromEither(
            methodConfig(typed)(
              config.source,
              config.config,
              problem.hyperparameters.space,
              size(problem.splits.train),
            ),
          ),
          TE.bindTo('settings'),
          TE.bind('cursor', ({ settings }) => TE.fromEither(start(typed)(settings))),
          TE.chain(({ settings, cursor }) => {
            const section = configSection(typed, settings)
            const header: Header = {
              format,
              version: versionFor(section),
              method: typed.name,
              config: section,
              problem: problemSection(config),
              data: describeData(problem.splits),
              backend: backend.name,
              versions: versionsOf(backend.versions),
            }
            const log = pipe(
              TE.fromEither(RunFolder.make(folder)),
              TE.chain(() => create(RunFolder.logIn(folder))(header)),
            )
            const timeline: Timeline = []
            const persistence = folderPersistence(RunFolder.weightsIn(folder))
            return conduct(options)(typed)({
              folder,
              header,
              problem,
              backend,
              persistence,
              cursor,
              timeline,
              elapsed,
              log,
            })
          }),
        ),
      ),
    ),
  )
}
