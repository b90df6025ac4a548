/**
 * `comparison.json`: the plan of a comparison, and what is known of each of its runs. It is written whole after each run
 * that ends; everything in a finished run's entry but `timings` is derived from that run's log.
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
/** Every run has the names of its hyperparameters. */
export const version = 1
/** They are there once for all runs, where they are many. */
export const sharedVersion = 2

/** Far above 32 methods at 100 seeds. */
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
    /** Sizes of the sets, and a hash over their content. */
    data: t.readonly(
      t.strict({ train: Count, validation: Count, test: nullable(Count), fingerprint: t.string }),
      'data',
    ),
    versions: t.record(t.string, t.string),
    /** Names of the components of λ. */
    hyperparameters: t.readonlyArray(t.string),
    stopReason: t.string,
    message: t.string,
    /** The last row of the run's table: the λ that the method returns. */
    result: t.readonly(
      t.strict({
        lambda: Vector,
        /** Weights trained on the training set at λ. */
        trained: nullable(SetMetrics),
        /** Weights trained on training and validation set at λ. */
        refit: nullable(SetMetrics),
        /** The method's own weights: they have seen validation data. */
        bilevelWeights: nullable(SetMetrics),
        /** Until λ was found. */
        lowerLevelSolves: Natural,
        effortEpochs: NonNegative,
      }),
    ),
    /** Of the whole run, finishing included. */
    total: t.readonly(t.strict({ steps: Natural, lowerLevelSolves: Natural, effortEpochs: NonNegative })),
    /** Validation losses against effort, lower than all before them: see Trajectory.ts. */
    trajectory: t.readonly(t.strict({ retrained: Points, trained: Points })),
    /** The one part that two equal runs do not share; `null`: not known. */
    timings: t.readonly(
      t.strict({
        /** Until λ was found. */
        seconds: nullable(NonNegative),
        processorSeconds: nullable(NonNegative),
        totalSeconds: nullable(NonNegative),
        totalProcessorSeconds: nullable(NonNegative),
      }),
    ),
  }),
  'a finished run',
)
/** A run that ended, and what came out. */
export type FinishedRun = t.TypeOf<typeof FinishedRun>

export const FailedRun = t.readonly(
  t.strict({ _tag: t.literal('Failed'), ...which, reason: t.string }),
  'a failed run',
)
/** A run that has no result, and why. */
export type FailedRun = t.TypeOf<typeof FailedRun>

export const PendingRun = t.readonly(t.strict({ _tag: t.literal('Pending'), ...which }), 'a pending run')
/** A run that has not ended yet; it may have begun. */
export type PendingRun = t.TypeOf<typeof PendingRun>

export const RunEntry = t.union([FinishedRun, FailedRun, PendingRun], 'a run')
/** What is known of one run. */
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
    /** Which source made the runs: a commit. */
    source: t.string,
  }),
  'a renewal',
)
/** Where and when all runs of one contender were made anew, after the others. */
export type Renewal = t.TypeOf<typeof Renewal>

export const Comparison = t.intersection(
  [
    t.readonly(
      t.strict({
        format: t.literal(format),
        version: t.literal(version),
        plan: Plan,
        /** Where it was last worked on, renewals aside. */
        machine: Machine,
        /** In the order of the plan's jobs. */
        runs: t.readonlyArray(RunEntry, 'a list of runs'),
      }),
    ),
    t.readonly(t.exact(t.partial({ renewed: t.readonlyArray(Renewal, 'a list of renewals') }))),
  ],
  'Comparison',
)
/** A comparison, complete or not. */
export type Comparison = t.TypeOf<typeof Comparison>

/** The file in a comparison's folder. */
export const comparisonIn = (folder: string): string => join(folder, 'comparison.json')
/** The same for people. */
export const markdownIn = (folder: string): string => join(folder, 'comparison.md')

/** The names that the runs share, where they are many; all runs of a plan are of one problem. */
const sharedNames = ({ runs }: Comparison): ReadonlyArray<string> | null => {
  const finished = runs.flatMap(run => (run._tag === 'Finished' ? [run.hyperparameters] : []))
  const [names = []] = finished
  const shared = finished.every(
    other => other.length === names.length && other.every((name, k) => name === names[k]),
  )
  return shared && names.length > longestPlain ? names : null
}

/** The text of the file. */
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
          // `undefined` is left out.
          runs: runs.map(run => (run._tag === 'Finished' ? { ...run, hyperparameters: undefined } : run)),
          renewed,
        }
  return `${laidOut(content, 1)}\n`
}

const Shared = t.type({ hyperparameters: t.readonlyArray(t.string), runs: t.readonlyArray(t.UnknownRecord) })

/** The content of a file of either version, every run with its names. */
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

/** Whether the runs are those of the plan, one for each, in their order. */
const hasItsRuns = ({ plan, runs }: Comparison): boolean =>
  // The number first: a list of jobs may be as long as the product of two long lists.
  plan.contenders.length * plan.seeds.length === runs.length &&
  jobs(plan).every(({ label, seed, folder }, i) => {
    const run = runs[i]
    return run?.label === label && run.seed === seed && run.folder === folder
  }) &&
  new Set(runs.map(run => run.folder)).size === runs.length

/** Decodes the text of a `comparison.json`. Left: a clause about the text. */
export const parse = (text: string): E.Either<string, Comparison> =>
  pipe(
    parseObject(limits)(text),
    E.filterOrElse(
      object => object['format'] === format,
      () => `has no field \`format\` of "${format}"`,
    ),
    E.filterOrElse(
      object => object['version'] === version || object['version'] === sharedVersion,
      object =>
        `is of version ${JSON.stringify(object['version'] ?? null)}, and this program reads versions ${version} and ${sharedVersion}`,
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

/** The comparison of a folder; `null` where there is none. Errors: `BadInput`, `Environment`. */
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
                `${path} ${problem}. It was changed after it was written, or is no comparison; restore it from a copy, or ` +
                  'move it away: the runs beside it are then looked at anew.',
              ),
            ),
          ),
    ),
  )
}

/** Writes the file whole. */
export const write = (folder: string, comparison: Comparison): E.Either<ShellError, void> =>
  writeWhole(comparisonIn(folder))(encode(comparison))
