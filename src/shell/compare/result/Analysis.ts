/**
 * The analysis of a comparison: means over seeds, differences between methods at the same seeds, and the effort that each
 * method needed to come near the best. It uses finished runs only.
 */
import { pipe } from 'fp-ts/lib/function.js'
import type { Comparison, FinishedRun } from './Comparison.js'
import {
  estimate,
  medianReached,
  pairedDifference,
  type Estimate,
  type PairedDifference,
} from './statistics.js'
import { best, effortToReach } from './Trajectory.js'

/** The measures of a run; `null` if a value was not measured. */
const measures = {
  lowerLevelSolves: run => run.result.lowerLevelSolves,
  effortEpochs: run => run.result.effortEpochs,
  seconds: run => run.timings.seconds,
  processorSeconds: run => run.timings.processorSeconds,
  trainedValidationLoss: run => run.result.trained?.validation.loss ?? null,
  trainedTestLoss: run => run.result.trained?.test?.loss ?? null,
  trainedTestAccuracy: run => run.result.trained?.test?.accuracy ?? null,
  refitTestLoss: run => run.result.refit?.test?.loss ?? null,
  refitTestAccuracy: run => run.result.refit?.test?.accuracy ?? null,
  /** The bilevel weights were trained on validation data, too. */
  ownValidationLoss: run => run.result.bilevelWeights?.validation.loss ?? null,
  ownTestLoss: run => run.result.bilevelWeights?.test?.loss ?? null,
  ownTestAccuracy: run => run.result.bilevelWeights?.test?.accuracy ?? null,
  /** Tracked weights followed λ's path on training data alone; a path refit repeats it with validation data. */
  trackedValidationLoss: run => run.result.tracked?.validation.loss ?? null,
  trackedTestLoss: run => run.result.tracked?.test?.loss ?? null,
  pathRefitTestLoss: run => run.result.pathRefit?.test?.loss ?? null,
  pathRefitTestAccuracy: run => run.result.pathRefit?.test?.accuracy ?? null,
} as const satisfies Readonly<Record<string, (run: FinishedRun) => number | null>>

/**
 * The name of a measure.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { analyseComparison, type Duel, type Measure, type Race, readComparison, type Verdict } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const analysis = E.isRight(read) && read.right !== null ? analyseComparison(read.right) : null
 * const [duel]: ReadonlyArray<Duel> = analysis?.duels ?? []
 * const [race]: ReadonlyArray<Race> = analysis?.races ?? []
 * const verdict: Verdict | null = analysis?.verdict ?? null
 * const told = [duel?.label, duel?.rival, race?.reached.length, verdict?.label] // => ['bilevel', 'grid', 5, 'bilevel']
 * const measure: Measure = 'refitTestLoss'
 * analysis?.standings[0]?.of[measure]?.n // => 5
 * ```
 */
export type Measure = keyof typeof measures

/** A contender's means over its seeds. */
export interface Standing {
  readonly label: string
  readonly method: string
  readonly planned: number
  readonly finished: number
  readonly failed: number
  readonly of: Readonly<Record<Measure, Estimate | null>>
}

/** The differences between our method and a rival, at the seeds that both finished. */
export interface Duel {
  readonly label: string
  readonly rival: string
  readonly of: Readonly<
    Record<
      | 'trainedValidationLoss'
      | 'refitTestLoss'
      | 'refitTestAccuracy'
      /** Of its tracked weights against the rival's retrained ones. */
      | 'trackedValidationLoss'
      /** Of its path refit against the rival's refit. */
      | 'pathRefitTestLoss',
      PairedDifference | null
    >
  >
}

/** Whether the method of these duels tracks weights. */
export const tracksOf = (duels: ReadonlyArray<Duel>): boolean =>
  duels.some(({ of }) => of.trackedValidationLoss !== null || of.pathRefitTestLoss !== null)

/** The effort, in epochs, at which a contender came near the best of a seed; `null` if it never did. */
export interface Reached {
  readonly label: string
  /** Counts only weights retrained from the initial ones. */
  readonly retrained: number | null
  /** Also counts weights trained further from those of another λ. */
  readonly trained: number | null
}

/** At one seed, how soon each contender came near the lowest validation loss that retrained weights of any reached. */
export interface Race {
  readonly seed: number
  readonly best: number
  readonly target: number
  readonly reached: ReadonlyArray<Reached>
}

/** A contender's median over the seeds; a seed at which it never came near counts as later than all others. */
export interface MedianReach extends Reached {
  readonly seeds: number
  /** The number of seeds at which it came near, with retrained weights and with any. */
  readonly times: { readonly retrained: number; readonly trained: number }
}

/** Whether our method was faster and no worse than its rivals. */
export interface Verdict {
  readonly label: string
  /** Its median effort divided by that of the fastest rival; `null` if either never came near. */
  readonly effortRatio: { readonly retrained: number | null; readonly trained: number | null }
  readonly fastestRival: string | null
  /** The rival with the lowest mean refitted test loss. */
  readonly bestRival: string | null
  /** The mean difference to the best rival in refitted test loss. */
  readonly refit: PairedDifference | null
  /** Whether `refit` is at most one standard error; with one seed, which has none, whether it is at most 0. */
  readonly noWorse: boolean | null
}

/** The analysis of a comparison. */
export interface Analysis {
  readonly standings: ReadonlyArray<Standing>
  readonly duels: ReadonlyArray<Duel>
  readonly races: ReadonlyArray<Race>
  readonly paces: ReadonlyArray<MedianReach>
  /** `null` if no contender is a method of ours, or it has no rival. */
  readonly verdict: Verdict | null
}

/** "Near the best" means at most this fraction above it. */
export const nearness = 0.01

const finishedOf = ({ runs }: Comparison): ReadonlyArray<FinishedRun> =>
  runs.flatMap(run => (run._tag === 'Finished' ? [run] : []))

const present = (values: ReadonlyArray<number | null>): ReadonlyArray<number> =>
  values.filter(value => value !== null)

const standingOf =
  (comparison: Comparison) =>
  ({ label, method }: { readonly label: string; readonly method: string }): Standing => {
    const runs = comparison.runs.filter(run => run.label === label)
    const finished = runs.flatMap(run => (run._tag === 'Finished' ? [run] : []))
    const of = (measure: Measure): Estimate | null => estimate(present(finished.map(measures[measure])))
    return {
      label,
      method,
      planned: runs.length,
      finished: finished.length,
      failed: runs.filter(({ _tag }) => _tag === 'Failed').length,
      of: {
        lowerLevelSolves: of('lowerLevelSolves'),
        effortEpochs: of('effortEpochs'),
        seconds: of('seconds'),
        processorSeconds: of('processorSeconds'),
        trainedValidationLoss: of('trainedValidationLoss'),
        trainedTestLoss: of('trainedTestLoss'),
        trainedTestAccuracy: of('trainedTestAccuracy'),
        refitTestLoss: of('refitTestLoss'),
        refitTestAccuracy: of('refitTestAccuracy'),
        ownValidationLoss: of('ownValidationLoss'),
        ownTestLoss: of('ownTestLoss'),
        ownTestAccuracy: of('ownTestAccuracy'),
        trackedValidationLoss: of('trackedValidationLoss'),
        trackedTestLoss: of('trackedTestLoss'),
        pathRefitTestLoss: of('pathRefitTestLoss'),
        pathRefitTestAccuracy: of('pathRefitTestAccuracy'),
      },
    }
  }

/** The differences a − b at the seeds at which both have the measure, or b has another one. */
const between =
  (runs: ReadonlyArray<FinishedRun>, a: string, b: string) =>
  (measure: Measure, ofRival: Measure = measure): PairedDifference | null =>
    pairedDifference(
      runs
        .filter(({ label }) => label === a)
        .flatMap(mine => {
          const theirs = runs.find(({ label, seed }) => label === b && seed === mine.seed)
          const [x, y] = [measures[measure](mine), theirs === undefined ? null : measures[ofRival](theirs)]
          return x === null || y === null ? [] : [[x, y] as const]
        }),
    )

const raceOf =
  (runs: ReadonlyArray<FinishedRun>) =>
  (seed: number): ReadonlyArray<Race> => {
    const here = runs.filter(run => run.seed === seed)
    const lowest = present(here.map(({ trajectory }) => best(trajectory.retrained)))
    if (lowest.length === 0) return []
    const least = Math.min(...lowest)
    // The absolute value keeps the target above the best if a loss is negative.
    const target = least + nearness * Math.abs(least)
    const reached = here.map(({ label, trajectory }) => ({
      label,
      retrained: effortToReach(target)(trajectory.retrained),
      trained: effortToReach(target)(trajectory.trained),
    }))
    return [{ seed, best: least, target, reached }]
  }

const paceOf =
  (races: ReadonlyArray<Race>) =>
  (label: string): ReadonlyArray<MedianReach> => {
    const reached = races.flatMap(race => race.reached.filter(one => one.label === label))
    if (reached.length === 0) return []
    const retrained = reached.map(one => one.retrained)
    const trained = reached.map(one => one.trained)
    return [
      {
        label,
        seeds: reached.length,
        retrained: medianReached(retrained),
        trained: medianReached(trained),
        times: { retrained: present(retrained).length, trained: present(trained).length },
      },
    ]
  }

const leastBy = <A>(items: ReadonlyArray<A>, value: (item: A) => number | null): A | null =>
  items.reduce<A | null>((found, item) => {
    const [now, before] = [value(item), found === null ? null : value(found)]
    return now !== null && (before === null || now < before) ? item : found
  }, null)

const ratio = (mine: number | null, theirs: number | null): number | null =>
  mine === null || theirs === null || theirs === 0 ? null : mine / theirs

const verdictOf = (
  label: string,
  standings: ReadonlyArray<Standing>,
  paces: ReadonlyArray<MedianReach>,
  runs: ReadonlyArray<FinishedRun>,
): Verdict | null => {
  const rivals = standings.filter(standing => standing.label !== label)
  if (rivals.length === 0) return null
  const mine = paces.find(pace => pace.label === label)
  const others = paces.filter(pace => pace.label !== label)
  const fastest = leastBy(others, pace => pace.retrained)
  // If continued weights count for the bilevel method, they also count for the rivals.
  const fastestTrained = leastBy(others, pace => pace.trained)
  const bestRival = leastBy(rivals, ({ of }) => of.refitTestLoss?.mean ?? null)
  const refit = bestRival === null ? null : between(runs, label, bestRival.label)('refitTestLoss')
  return {
    label,
    effortRatio: {
      retrained: ratio(mine?.retrained ?? null, fastest?.retrained ?? null),
      trained: ratio(mine?.trained ?? null, fastestTrained?.trained ?? null),
    },
    fastestRival: fastest?.label ?? null,
    bestRival: bestRival?.label ?? null,
    refit,
    noWorse: refit === null ? null : refit.mean <= (refit.standardError ?? 0),
  }
}

/** Our methods, the first of which in a comparison is compared with all others. */
const ours: ReadonlyArray<string> = ['bilevel', 'tracking']

/**
 * Analyses a comparison, complete or not.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { analyseComparison, type Analysis, type MedianReach, readComparison, type Standing } from 'bilevel-hpo/shell'
 *
 * const read = readComparison('comparison')
 * const analysis: Analysis | null = E.isRight(read) && read.right !== null ? analyseComparison(read.right) : null
 * const standings: ReadonlyArray<Standing> = analysis?.standings ?? []
 * standings.map(({ label, finished }) => [label, finished]) // => [['bilevel', 5], ['grid', 5], ['random', 5], ['bayesian', 5], ['hyperband', 5]]
 * const paces: ReadonlyArray<MedianReach> = analysis?.paces ?? []
 * paces.length // => 5
 * ```
 */
export const analyse = (comparison: Comparison): Analysis => {
  const { plan } = comparison
  const runs = finishedOf(comparison)
  const standings = plan.contenders.map(standingOf(comparison))
  const races = plan.seeds.flatMap(raceOf(runs))
  const paces = plan.contenders.flatMap(({ label }) => paceOf(races)(label))
  const mine = plan.contenders.find(({ method }) => ours.includes(method))
  return pipe(mine === undefined ? null : mine.label, (label): Analysis => ({
    standings,
    duels:
      label === null
        ? []
        : plan.contenders.flatMap(({ label: rival }) => {
            if (rival === label) return []
            const of = between(runs, label, rival)
            return [
              {
                label,
                rival,
                of: {
                  trainedValidationLoss: of('trainedValidationLoss'),
                  refitTestLoss: of('refitTestLoss'),
                  refitTestAccuracy: of('refitTestAccuracy'),
                  trackedValidationLoss: of('trackedValidationLoss', 'trainedValidationLoss'),
                  pathRefitTestLoss: of('pathRefitTestLoss', 'refitTestLoss'),
                },
              },
            ]
          }),
    races,
    paces,
    verdict: label === null ? null : verdictOf(label, standings, paces, runs),
  }))
}
