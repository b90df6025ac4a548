/**
 * What a comparison comes to: means over seeds, differences of methods on the same seeds, and the effort that each method
 * needed to come near the best. Derived from the finished runs alone.
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

/** What is measured of a run; `null` where it was not. */
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
  /** Of weights that saw validation data. */
  ownValidationLoss: run => run.result.bilevelWeights?.validation.loss ?? null,
  ownTestLoss: run => run.result.bilevelWeights?.test?.loss ?? null,
  ownTestAccuracy: run => run.result.bilevelWeights?.test?.accuracy ?? null,
} as const satisfies Readonly<Record<string, (run: FinishedRun) => number | null>>

/** The name of what is measured. */
export type Measure = keyof typeof measures

/** A contender over its seeds. */
export interface Standing {
  readonly label: string
  readonly method: string
  readonly planned: number
  readonly finished: number
  readonly failed: number
  readonly of: Readonly<Record<Measure, Estimate | null>>
}

/** The contender that is asked about against another one, on the seeds that both finished. */
export interface Duel {
  readonly label: string
  readonly rival: string
  readonly of: Readonly<
    Record<'trainedValidationLoss' | 'refitTestLoss' | 'refitTestAccuracy', PairedDifference | null>
  >
}

/** The effort by which a contender came near the best of a seed; `null`: never. */
export interface Reached {
  readonly label: string
  /** By weights retrained from the initial ones. */
  readonly retrained: number | null
  /** Weights that were trained on from another λ count, too. */
  readonly trained: number | null
}

/** How soon each contender came near the best validation loss of retrained weights that any reached at a seed. */
export interface Race {
  readonly seed: number
  readonly best: number
  readonly target: number
  readonly reached: ReadonlyArray<Reached>
}

/** A contender's median over the seeds, those where it never came near counted as later than any; `null`: it did not. */
export interface Pace extends Reached {
  readonly seeds: number
  /** At how many of the seeds it came near by retrained weights, and by any. */
  readonly times: { readonly retrained: number; readonly trained: number }
}

/** Whether the contender asked about was as fast and as good as hoped. */
export interface Verdict {
  readonly label: string
  /** Its median effort over that of the fastest rival; `null` where either never came near. */
  readonly effortRatio: { readonly retrained: number | null; readonly trained: number | null }
  readonly fastestRival: string | null
  /** The rival with the lowest mean refitted test loss. */
  readonly bestRival: string | null
  /** Mean difference to it in refitted test loss. */
  readonly refit: PairedDifference | null
  /** Whether that is at most one standard error; with one seed, which has none, whether it is at most 0. */
  readonly noWorse: boolean | null
}

/** All of it. */
export interface Analysis {
  readonly standings: ReadonlyArray<Standing>
  readonly duels: ReadonlyArray<Duel>
  readonly races: ReadonlyArray<Race>
  readonly paces: ReadonlyArray<Pace>
  /** `null` where no contender is the bilevel method, or it has no rival. */
  readonly verdict: Verdict | null
}

/** How near to the best: a hundredth above it. */
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
      },
    }
  }

/** Differences a − b on the seeds where both have the measure. */
const between =
  (runs: ReadonlyArray<FinishedRun>, a: string, b: string) =>
  (measure: Measure): PairedDifference | null =>
    pairedDifference(
      runs
        .filter(({ label }) => label === a)
        .flatMap(mine => {
          const theirs = runs.find(({ label, seed }) => label === b && seed === mine.seed)
          const [x, y] = [measures[measure](mine), theirs === undefined ? null : measures[measure](theirs)]
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
    // A hundredth above also where a loss may be negative.
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
  (label: string): ReadonlyArray<Pace> => {
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
  paces: ReadonlyArray<Pace>,
  runs: ReadonlyArray<FinishedRun>,
): Verdict | null => {
  const rivals = standings.filter(standing => standing.label !== label)
  if (rivals.length === 0) return null
  const mine = paces.find(pace => pace.label === label)
  const others = paces.filter(pace => pace.label !== label)
  const fastest = leastBy(others, pace => pace.retrained)
  // Rivals that train on from another λ, too, are measured by that where the contender is.
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

/** The method that the comparison is about. */
const protagonist = 'bilevel'

/** What a comparison comes to, complete or not. */
export const analyse = (comparison: Comparison): Analysis => {
  const { plan } = comparison
  const runs = finishedOf(comparison)
  const standings = plan.contenders.map(standingOf(comparison))
  const races = plan.seeds.flatMap(raceOf(runs))
  const paces = plan.contenders.flatMap(({ label }) => paceOf(races)(label))
  const mine = plan.contenders.find(({ method }) => method === protagonist)
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
                },
              },
            ]
          }),
    races,
    paces,
    verdict: label === null ? null : verdictOf(label, standings, paces, runs),
  }))
}
