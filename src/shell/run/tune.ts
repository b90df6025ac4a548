/**
 * A whole run: configuration → data → backend → method → run folder. All checks come before the first write.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import { headerOf, type Header } from '../../core/log/RunLog.js'
import type { BackendChoice } from '../backend/Backend.js'
import type { NamedConfig } from '../config/configSource.js'
import { inConfiguration, methodConfig, RunConfig } from '../config/RunConfig.js'
import { size } from '../data/set/ImageSet.js'
import { loadSplits } from '../data/loadSplits.js'
import { backendOf } from '../train/backendOf.js'
import { hyperparametersOf } from '../model/Hyperparameters.js'
import { networkOf } from '../model/NetworkConfig.js'
import { checkedAugmentation, type Problem } from '../train/Problem.js'
import { folderPersistence } from '../train/WeightStore.js'
import type { ShellError } from '../base/ShellError.js'
import { checkSections } from './checkSections.js'
import { showDataProgress } from './dataProgress.js'
import { conduct, stopwatch, type Audience, type Tuned } from './conduct.js'
import { start } from '../record/driver.js'
import { describeData } from './describeData.js'
import { create, runIdOf } from '../record/logFile.js'
import { sayData } from './sayData.js'
import { methodNamed, type Methods } from '../record/Methods.js'
import type { Status } from './statusLine.js'
import type { Timeline } from '../record/Timings.js'
import * as RunFolder from '../record/RunFolder.js'
import { versionsOf } from '../record/versions.js'

/** A configuration, and where and how to run it. */
export interface TuneOptions extends Audience {
  readonly methods: Methods
  readonly named: NamedConfig
  readonly folder: string
  readonly backend: BackendChoice
}

/**
 * Creates the problem of a configuration: loads the data, creates the network and the hyperparameters.
 *
 * Errors: `BadInput` if a section cannot be used, `Environment` if data cannot be fetched or read.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { configFromFile, type Problem, problemOf, type Recipe, status } from 'bilevel-hpo/shell'
 *
 * const config = configFromFile('config.json')
 * const problem = E.isRight(config) ? await problemOf(config.right, status({ write: () => true }, () => 0))() : config
 * E.map(({ network }: Problem) => network.name)(problem) // => E.right('linear 9-2')
 * // With it a thread makes the network again.
 * const recipe: Recipe | undefined = E.isRight(problem) ? problem.right.recipe : undefined
 * recipe?.network // => { kind: 'linear' }
 * ```
 */
export const problemOf = (
  { config, baseFolder, source }: Pick<NamedConfig, 'config' | 'baseFolder'> & Partial<NamedConfig>,
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
      TE.fromEither(
        pipe(networkOf(config.network, train.shape, train.classes), E.mapLeft(inConfiguration(source))),
      ),
    ),
    TE.chainFirstEitherK(({ splits: { train } }) =>
      pipe(checkedAugmentation(config.solver, train.shape), E.mapLeft(inConfiguration(source))),
    ),
    TE.bind('hyperparameters', ({ network, splits: { train } }) =>
      TE.fromEither(
        pipe(
          hyperparametersOf(network, config.hyperparameters, size(train)),
          E.mapLeft(inConfiguration(source)),
        ),
      ),
    ),
    TE.map(parts => ({
      ...parts,
      solver: config.solver,
      seed: config.seed,
      recipe: { network: config.network, hyperparameters: config.hyperparameters },
    })),
  )

/** The section `problem` of the header, from which a run can be resumed. */
export const problemSection = ({ config, baseFolder }: NamedConfig): Header['problem'] => {
  const { data, network, hyperparameters, solver, seed } = RunConfig.encode(config)
  return { data, network, hyperparameters, solver, seed, baseFolder }
}

/**
 * Runs a configuration to its end in a new folder: `run.jsonl`, `summary.json`, `timings.json` and `weights/`.
 *
 * Errors: `BadInput` if the configuration cannot be used or the folder already holds a run, `Environment` if files or the
 * backend fail, `Interrupted` if the run was stopped. The recorded steps can be resumed.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { type Audience, configFromFile, methods, status, tune, type Tuned, type TuneOptions } from 'bilevel-hpo/shell'
 *
 * const audience: Audience = { status: status({ write: () => true }, () => 0), signals: process, workers: 1 }
 * const options: Omit<TuneOptions, 'named'> = { ...audience, methods, folder: 'mine', backend: 'wasm' }
 * const config = configFromFile('config.json')
 * const tuned: E.Either<unknown, Tuned> = E.isRight(config) ? await tune({ ...options, named: config.right })() : config
 * const rows = E.isRight(tuned) ? tuned.right.summary.rows.map(({ name }) => name) : [] // => ['random']
 * ```
 */
export const tune = (options: TuneOptions): TE.TaskEither<ShellError, Tuned> => {
  const { methods, named, folder, status } = options
  const elapsed = stopwatch()
  return pipe(
    TE.Do,
    TE.chainFirstEitherK(() => RunFolder.available(folder)),
    TE.bind('method', () =>
      TE.fromEither(
        pipe(methodNamed(methods)(named.config.method.name), E.mapLeft(inConfiguration(named.source))),
      ),
    ),
    TE.chainFirstEitherK(() => checkSections(methods)(named)),
    TE.bind('problem', () => problemOf(named, status)),
    TE.tapIO(
      ({ problem }) =>
        () =>
          sayData(status)(problem.splits),
    ),
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
              named.source,
              named.config,
              problem.hyperparameters.space,
              size(problem.splits.train),
            ),
          ),
          TE.bindTo('settings'),
          TE.bind('cursor', ({ settings }) => TE.fromEither(start(typed)(settings))),
          TE.chain(({ settings, cursor }) => {
            const header = headerOf(typed)(settings, {
              problem: problemSection(named),
              data: describeData(problem.splits),
              backend: backend.name,
              versions: versionsOf(typed.name, backend.versions),
            })
            const log = pipe(
              TE.fromEither(RunFolder.make(folder)),
              TE.chain(() => create(RunFolder.logIn(folder))(header)),
            )
            const timeline: Timeline = []
            const persistence = folderPersistence(RunFolder.weightsIn(folder), runIdOf(header))
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
