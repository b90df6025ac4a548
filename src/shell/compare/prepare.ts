/** Checks a comparison before it starts, and makes its plan. Bad input is refused here, before anything is trained. */
import * as fs from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as TE from 'fp-ts/lib/TaskEither.js'
import type { Backend, BackendChoice } from '../backend/Backend.js'
import { methodConfig, RunConfig } from '../config/RunConfig.js'
import { size } from '../data/set/ImageSet.js'
import { backendOf } from '../train/backendOf.js'
import type { Problem } from '../train/Problem.js'
import { start } from '../record/driver.js'
import { methodNamed, type Methods } from '../record/Methods.js'
import { available } from '../record/RunFolder.js'
import { sayData } from '../run/sayData.js'
import type { Status } from '../run/statusLine.js'
import { checkSections } from '../run/checkSections.js'
import { problemOf, problemSection } from '../run/tune.js'
import { Seed } from '../../core/codec/seed.js'
import { writtenConfig } from '../../core/log/RunLog.js'
import { badInput, type ShellError } from '../base/ShellError.js'
import { budgetOf, epochsPerSolve, type Allot } from './budget.js'
import { contendersFor, type CompareConfig } from './CompareConfig.js'
import { type Comparison, comparisonIn, read } from './result/Comparison.js'
import { canResume, type Contender, type Job, type Plan } from './result/Plan.js'
import type { Identity } from './result/runResult.js'
import { isMark } from './lock.js'

/**
 * What the user asks to compare.
 *
 * @example
 * ```ts
 * import { type Seeds, type Wanted } from 'bilevel-hpo/shell'
 *
 * // Five seeds from the configuration's own on, or just these.
 * const counted: Seeds = { count: 5 }
 * const wanted: Pick<Wanted, 'seeds' | 'solves'> = { seeds: { list: [3, 7] }, solves: 30 }
 * const seeds = [counted, wanted.seeds].map(seeds => ('count' in seeds ? seeds.count : seeds.list.length)) // => [5, 2]
 * ```
 */
export interface Wanted {
  readonly methods: Methods
  readonly config: CompareConfig
  /** Labels of the contenders; `null` selects those of the configuration, or all methods. */
  readonly labels: ReadonlyArray<string> | null
  readonly seeds: Seeds
  /** The budget, in lower-level solves. */
  readonly solves: number
  readonly folder: string
  readonly backend: BackendChoice
  readonly allot: Allot
  readonly status: Status
}

/** A number of consecutive seeds, starting at the configuration's own, or a list of seeds. */
export type Seeds = { readonly count: number } | { readonly list: ReadonlyArray<number> }

/** A comparison that is checked, and can start or resume. */
export interface Prepared {
  readonly plan: Plan
  /** The comparison that the folder already holds, or `null`. */
  readonly earlier: Comparison | null
  /** The configuration of a job's run. */
  readonly configOf: (job: Job) => RunConfig
  readonly identityOf: (job: Job) => Identity
}

/** Files of a comparison, which its folder may hold before it starts. */
const own = ['comparison.json', 'comparison.md', 'runs']

/** Right if the folder is new, empty or a comparison's. */
const usable = (folder: string): E.Either<ShellError, void> =>
  pipe(
    available(folder),
    E.chain(() => {
      const there = fs.existsSync(folder) ? fs.readdirSync(folder) : []
      const foreign = there.find(
        name => !own.includes(name) && !isMark(name) && !/\.part$|^report/.test(name),
      )
      return foreign === undefined || there.includes('comparison.json')
        ? E.right(undefined)
        : E.left(
            badInput(
              `The output folder ${folder} holds ${foreign}, but no comparison. Choose another one with --out.`,
            ),
          )
    }),
  )

/** The list of seeds; `first` is the configuration's seed. */
export const seedsOf = (seeds: Seeds, first: number): ReadonlyArray<number> =>
  'list' in seeds ? seeds.list : Array.from({ length: seeds.count }, (_, i) => first + i)

const runConfigOf =
  ({ named }: CompareConfig) =>
  (contender: Contender, seed: number): RunConfig => ({
    ...named.config,
    method: { ...contender.options, name: contender.method },
    seed,
  })

/** The name of a contender's configuration in messages. */
const sourceOf = ({ named }: CompareConfig, { label }: Contender): string =>
  `${named.source} (method ${label})`

/** A method's complete configuration at a seed. Also checks that the method can start with it. */
const completeConfig = (
  { methods, config }: Pick<Wanted, 'methods' | 'config'>,
  problem: Problem,
  contender: Contender,
  seed: number,
): E.Either<ShellError, Identity['config']> => {
  const source = sourceOf(config, contender)
  return pipe(
    methodNamed(methods)(contender.method),
    E.chain(method =>
      method(typed =>
        pipe(
          methodConfig(typed)(
            source,
            runConfigOf(config)(contender, seed),
            problem.hyperparameters.space,
            size(problem.splits.train),
          ),
          E.chainFirst(settings =>
            pipe(
              start(typed)(settings),
              E.mapLeft(error => ({ ...error, message: `Method ${contender.label}: ${error.message}` })),
            ),
          ),
          E.map(settings => writtenConfig(typed, settings)),
        ),
      ),
    ),
  )
}

const planOf = (
  wanted: Wanted,
  contenders: ReadonlyArray<Contender>,
  problem: Problem,
  backend: Backend,
): E.Either<ShellError, Plan> => {
  const { config, solves, allot, seeds } = wanted
  const { named } = config
  const { data, network, hyperparameters, solver } = RunConfig.encode(named.config)
  const [first] = seedsOf(seeds, named.config.seed)
  return pipe(
    contenders,
    E.traverseArray(contender => completeConfig(wanted, problem, contender, first ?? 0)),
    E.map(configs => budgetOf(solves, epochsPerSolve(configs, named.config.solver))),
    E.map(budget => ({
      name: named.name,
      task: { data, network, hyperparameters, solver },
      budget,
      backend: backend.name,
      contenders: contenders.map(contender => allot(contender, budget)),
      seeds: seedsOf(seeds, named.config.seed),
    })),
  )
}

const changedPlan = (folder: string, problem: string): ShellError =>
  badInput(
    `${comparisonIn(folder)} belongs to another comparison: ${problem}. You may add methods and seeds to a comparison, ` +
      'but change nothing else; choose another folder with --out.',
  )

/** Checks everything that a comparison needs. Writes nothing into its folder. */
export const prepare = (wanted: Wanted): TE.TaskEither<ShellError, Prepared> => {
  const { config, folder, status, methods } = wanted
  const { named } = config
  return pipe(
    TE.Do,
    TE.bind('contenders', () => TE.fromEither(contendersFor([...methods.keys()], wanted.labels)(config))),
    TE.chainFirstEitherK(() => {
      const wrong = seedsOf(wanted.seeds, named.config.seed).find(seed => E.isLeft(Seed.decode(seed)))
      return wrong === undefined
        ? E.right(undefined)
        : E.left(badInput(`The option --seeds asks for the seed ${wrong}; a seed is ${Seed.name}.`))
    }),
    TE.chainFirstEitherK(() => usable(folder)),
    TE.bind('earlier', () => TE.fromEither(read(folder))),
    TE.chainFirstEitherK(({ contenders }) =>
      pipe(
        contenders,
        E.traverseArray(contender =>
          checkSections(methods)({
            source: sourceOf(config, contender),
            config: runConfigOf(config)(contender, named.config.seed),
          }),
        ),
      ),
    ),
    // Loads the data here, so that a download happens once and all processes find it in the cache.
    TE.bind('problem', () => problemOf(named, status)),
    TE.tapIO(
      ({ problem }) =>
        () =>
          sayData(status)(problem.splits),
    ),
    // A resumed comparison keeps its backend.
    TE.bind('backend', ({ earlier, problem }) =>
      backendOf(
        wanted.backend === 'auto' && earlier !== null ? earlier.plan.backend : wanted.backend,
        problem,
      ),
    ),
    TE.chainFirstIOK(
      ({ backend }) =>
        () =>
          status.note(backend.oneLine),
    ),
    TE.bind('plan', ({ contenders, problem, backend }) =>
      TE.fromEither(planOf(wanted, contenders, problem, backend)),
    ),
    TE.chainFirstEitherK(({ plan, earlier }) =>
      earlier === null
        ? E.right(undefined)
        : pipe(
            canResume(earlier.plan)(plan),
            E.mapLeft(difference => changedPlan(folder, difference)),
          ),
    ),
    TE.bind('configs', ({ plan, problem }) =>
      TE.fromEither(
        pipe(
          plan.contenders,
          E.traverseArray(contender =>
            pipe(
              completeConfig(wanted, problem, contender, plan.seeds[0] ?? 0),
              E.map(settings => [contender.label, settings] as const),
            ),
          ),
        ),
      ),
    ),
    TE.map(({ plan, earlier, configs }): Prepared => {
      const contenders = new Map(plan.contenders.map(contender => [contender.label, contender]))
      const settings = new Map(configs)
      const configOf = ({ label, seed }: Job): RunConfig => runConfigOf(config)(contenders.get(label)!, seed)
      return {
        plan,
        earlier,
        configOf,
        identityOf: job => ({
          method: contenders.get(job.label)!.method,
          // The runs of one contender differ only in their seed.
          config: { ...settings.get(job.label), seed: job.seed },
          problem: problemSection({ ...named, config: configOf(job) }),
          backend: plan.backend,
        }),
      }
    }),
  )
}
