/**
 * `comparison.json`: the plan of a comparison, and an entry for each run. The whole file is rewritten after each run. All
 * fields of a finished run's entry except `timings` are derived from that run's log.
 */
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { parseObject } from '../../../core/codec/boundedJson.js'
import { Count, decode, Finite, Natural, NonNegative, nullable, Vector } from '../../../core/codec/Codec.js'
import { SetMetrics } from '../../../core/protocol/Observation.js'
import { longestPlain } from '../../../core/codec/packedVector.js'
import { laidOut } from '../../base/laidOut.js'
import { readIfThere, writeWhole } from '../../record/RunFolder.js'
import { badInput, type ShellError } from '../../base/ShellError.js'
import { jobs, Plan } from './Plan.js'

export const format = 'bilevel-hpo/comparison'
/** The version of files in which every run has the names of its hyperparameters. */
export const version = 1
/** The version of files that store a long list of hyperparameter names once, not per run. */
export const sharedVersion = 2

/** Limits on the file; 32 methods at 100 seeds stay far below. */
const limits = { length: 64 * 1024 * 1024, depth: 24, entries: 65_536 } as const

const Points = t.readonlyArray(
  t.readonly(t.strict({ effortEpochs: NonNegative, loss: Finite }), 'a point'),
  'a list of points',
)

const which = { label: t.string, seed: Natural, folder: t.string } as const

export const FinishedRun = t.readonly(
  t.strict({
    _tag: t.literal('Finished'),
    ...which,
    /** The sizes of the sets, and a hash of their contents. */
    data: t.readonly(
      t.strict({ train: Count, validation: Count, test: nullable(Count), fingerprint: t.string }),
      'data',
    ),
    versions: t.record(t.string, t.string),
    /** The names of the components of λ. */
    hyperparameters: t.readonlyArray(t.string),
    stopReason: t.string,
    message: t.string,
    /** The last row of the run's table: the λ that the method returns, and its metrics. */
    result: t.readonly(
      t.exact(
        t.intersection([
          t.type({
            lambda: Vector,
            /** Weights trained on the training set at λ. */
            trained: nullable(SetMetrics),
            /** Weights trained on training and validation set at λ. */
            refit: nullable(SetMetrics),
            /** The bilevel weights, which were trained on validation data, too. */
            bilevelWeights: nullable(SetMetrics),
            /** Solves and effort until λ was found. */
            lowerLevelSolves: Natural,
            effortEpochs: NonNegative,
          }),
          t.partial({
            /** Weights that followed λ's path on the training set alone; only of methods that track weights. */
            tracked: nullable(SetMetrics),
            /** Weights trained on training and validation set while λ repeated its path. */
            pathRefit: nullable(SetMetrics),
          }),
        ]),
      ),
    ),
    /** The cost of the whole run, finishing included. */
    total: t.readonly(t.strict({ steps: Natural, lowerLevelSolves: Natural, effortEpochs: NonNegative })),
    /** The best validation loss so far against effort: see Trajectory.ts. */
    trajectory: t.readonly(t.strict({ retrained: Points, trained: Points })),
    /** The only field in which two equal runs differ; `null` if unknown. */
    timings: t.readonly(
      t.strict({
        /** Seconds until λ was found. */
        seconds: nullable(NonNegative),
        processorSeconds: nullable(NonNegative),
        totalSeconds: nullable(NonNegative),
        totalProcessorSeconds: nullable(NonNegative),
      }),
    ),
  }),
  'a finished run',
)
/** A run that ended, with its result. */
export type FinishedRun = t.TypeOf<typeof FinishedRun>

export const FailedRun = t.readonly(
  t.strict({ _tag: t.literal('Failed'), ...which, reason: t.string }),
  'a failed run',
)
/** A run without a result, and the reason. */
export type FailedRun = t.TypeOf<typeof FailedRun>

export const PendingRun = t.readonly(t.strict({ _tag: t.literal('Pending'), ...which }), 'a pending run')
/** A run that has not ended yet; it may have started. */
export type PendingRun = t.TypeOf<typeof PendingRun>

export const RunEntry = t.union([FinishedRun, FailedRun, PendingRun], 'a run')
/**
 * The entry of one run.
 *
 * @example
 * ```ts
 * import { type FailedRun, type FinishedRun, type PendingRun, type RunEntry } from 'bilevel-hpo/shell'
 *
 * const pending: PendingRun = { _tag: 'Pending', label: 'grid', seed: 0, folder: 'runs/grid-0' }
 * const failed: FailedRun = { ...pending, _tag: 'Failed', reason: 'no memory' }
 * const isFinished = (run: RunEntry): run is FinishedRun => run._tag === 'Finished'
 * const finished = [pending, failed].filter(isFinished) // => []
 * ```
 */
export type RunEntry = t.TypeOf<typeof RunEntry>

const Machine = t.readonly(
  t.strict({ processor: t.string, processors: Natural, memoryGiB: NonNegative, jobs: Natural }),
  'Machine',
)

const Renewal = t.readonly(
  t.strict({
    label: t.string,
    date: t.string,
    machine: Machine,
    /** The commit of the source that made the runs. */
    source: t.string,
  }),
  'a renewal',
)
/** Where and when all runs of one contender were repeated, after the others. */
export type Renewal = t.TypeOf<typeof Renewal>

export const Comparison = t.intersection(
  [
    t.readonly(
      t.strict({
        format: t.literal(format),
        version: t.literal(version),
        plan: Plan,
        /** The machine of the last runs, renewals aside. */
        machine: Machine,
        /** The runs in the order of the plan's jobs. */
        runs: t.readonlyArray(RunEntry, 'a list of runs'),
      }),
    ),
    t.readonly(t.exact(t.partial({ renewed: t.readonlyArray(Renewal, 'a list of renewals') }))),
  ],
  'Comparison',
)
/**
 * A comparison, complete or not.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode } from 'bilevel-hpo'
 * import { Comparison, readComparison } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * E.flatMap(decode(Comparison))(read) // => read
 * ```
 */
export type Comparison = t.TypeOf<typeof Comparison>

/** The path of `comparison.json` in a comparison's folder. */
export const comparisonIn = (folder: string): string => join(folder, 'comparison.json')
/** The path of `comparison.md`, the tables for people. */
export const markdownIn = (folder: string): string => join(folder, 'comparison.md')

/** The hyperparameter names of all runs if they are equal and the list is long; otherwise `null`. */
const sharedNames = ({ runs }: Comparison): ReadonlyArray<string> | null => {
  const finished = runs.flatMap(run => (run._tag === 'Finished' ? [run.hyperparameters] : []))
  const [names = []] = finished
  const shared = finished.every(
    other => other.length === names.length && other.every((name, k) => name === names[k]),
  )
  return shared && names.length > longestPlain ? names : null
}

/** The text of `comparison.json`. */
export const encode = (comparison: Comparison): string => {
  const names = sharedNames(comparison)
  const { format, plan, machine, runs, renewed } = comparison
  const content =
    names === null
      ? comparison
      : {
          format,
          version: sharedVersion,
          plan,
          machine,
          hyperparameters: names,
          // JSON leaves out fields that are `undefined`.
          runs: runs.map(run => (run._tag === 'Finished' ? { ...run, hyperparameters: undefined } : run)),
          renewed,
        }
  return `${laidOut(content, 1)}\n`
}

const Shared = t.type({ hyperparameters: t.readonlyArray(t.string), runs: t.readonlyArray(t.UnknownRecord) })

/** The content of a file of either version, with the names in every run. */
const withNames = (object: Readonly<Record<string, unknown>>): E.Either<string, unknown> =>
  object['version'] === version
    ? E.right(object)
    : pipe(
        decode(Shared)(object),
        E.map(({ hyperparameters, runs }) => ({
          ...object,
          version,
          runs: runs.map(run => (run['_tag'] === 'Finished' ? { ...run, hyperparameters } : run)),
        })),
      )

/** Whether the file has one run for each job of the plan, in their order. */
const hasItsRuns = ({ plan, runs }: Comparison): boolean =>
  // Compare the number first: the list of jobs may be very long, as it is the product of two lists.
  plan.contenders.length * plan.seeds.length === runs.length &&
  jobs(plan).every(({ label, seed, folder }, i) => {
    const run = runs[i]
    return run?.label === label && run.seed === seed && run.folder === folder
  }) &&
  new Set(runs.map(run => run.folder)).size === runs.length

/**
 * Decodes the text of a `comparison.json`. Left: a clause about the text.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { pipe } from 'fp-ts/lib/function.js'
 * import { readFileSync } from 'node:fs'
 * import { parseComparison } from 'bilevel-hpo/shell'
 *
 * const parsed = parseComparison(readFileSync('comparison/comparison.json', 'utf8'))
 * pipe(parsed, E.map(({ plan }) => plan.name)) // => E.right('mnist-mlp-1k')
 * parseComparison('{"format":"other"}') // => E.left('has no field `format` with the value "bilevel-hpo/comparison"')
 * ```
 */
export const parse = (text: string): E.Either<string, Comparison> =>
  pipe(
    parseObject(limits)(text),
    E.filterOrElse(
      object => object['format'] === format,
      () => `has no field \`format\` with the value "${format}"`,
    ),
    E.filterOrElse(
      object => object['version'] === version || object['version'] === sharedVersion,
      object =>
        `has version ${JSON.stringify(object['version'] ?? null)}, but this program reads versions ${version} and ${sharedVersion}`,
    ),
    E.chain(object =>
      pipe(
        withNames(object),
        E.chain(decode(Comparison)),
        E.mapLeft(problem => `cannot be used: ${problem}`),
      ),
    ),
    E.filterOrElse(hasItsRuns, () => 'cannot be used: its `runs` are not those of its `plan`'),
  )

/**
 * The comparison in a folder; `null` if there is none. Errors: `BadInput`, `Environment`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { readComparison, type RunEntry } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const runs: ReadonlyArray<RunEntry> = E.isRight(read) && read.right !== null ? read.right.runs : []
 * runs.every(({ _tag }) => _tag === 'Finished') // => true
 * // This folder holds no comparison.
 * readComparison('run') // => E.right(null)
 * ```
 */
export const read = (folder: string): E.Either<ShellError, Comparison | null> => {
  const path = comparisonIn(folder)
  return pipe(
    readIfThere(path, limits.length),
    E.chain(text =>
      text === null
        ? E.right(null)
        : pipe(
            parse(text),
            E.mapLeft(problem =>
              badInput(
                `${path} ${problem}. It was changed after it was written, or is not a comparison. Restore it from a copy, or ` +
                  'move it away; the comparison then reads the runs beside it again.',
              ),
            ),
          ),
    ),
  )
}

/** Writes `comparison.json` in one step, so that an interruption leaves no partial file. */
export const write = (folder: string, comparison: Comparison): E.Either<ShellError, void> =>
  writeWhole(comparisonIn(folder))(encode(comparison))
