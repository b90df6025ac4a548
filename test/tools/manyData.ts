/** What the committed runs with 1 to 784 hyperparameters come to: the numbers behind docs/many.md. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Comparison, FinishedRun } from '../../src/shell/compare/result/Comparison.js'
import { estimate, type Estimate } from '../../src/shell/compare/result/statistics.js'
import { best, effortToReach } from '../../src/shell/compare/result/Trajectory.js'
import { dimensions, groupsFolder, type BestKnown, type Implicit, type Long } from './bestKnown.js'
import { complete } from './reproduction.js'

/** One number of hyperparameters. */
export interface Task {
  readonly dimension: number
  readonly comparison: Comparison
  readonly finished: ReadonlyArray<FinishedRun>
  readonly implicit: ReadonlyArray<Implicit>
  readonly long: ReadonlyArray<Long>
}

/** Everything that was found on the data of a task’s seed, or nothing where it is of other data. */
const onSameData = <A extends { readonly seed: number; readonly fingerprint: string }>(
  all: ReadonlyArray<A>,
  finished: ReadonlyArray<FinishedRun>,
): ReadonlyArray<A> => {
  for (const { seed, fingerprint } of all)
    if (finished.some(run => run.seed === seed && run.data.fingerprint !== fingerprint))
      throw new Error(`What is best known at seed ${seed} was found on other data than the runs'.`)
  return all
}

/** The committed tasks, those with few hyperparameters first. */
export const tasks = ({ implicit, long }: BestKnown, folder = groupsFolder): ReadonlyArray<Task> =>
  dimensions.flatMap(dimension => {
    const path = join(folder, `groups-mnist-${dimension}`, 'comparison.json')
    if (!existsSync(path)) return []
    const comparison = complete(path)
    const finished = comparison.runs.flatMap(run => (run._tag === 'Finished' ? [run] : []))
    const here = ({ dimension: other }: { readonly dimension: number }): boolean => other === dimension
    return [
      {
        dimension,
        comparison,
        finished,
        implicit: onSameData(implicit.filter(here), finished),
        long: onSameData(long.filter(here), finished),
      },
    ]
  })

/** The least validation loss known at a seed, of weights that were trained on the training set alone, and whose it is. */
export const leastKnown = (
  { finished, implicit, long }: Task,
  seed: number,
): { readonly loss: number; readonly by: string } => {
  const of = <A extends { readonly seed: number }>(all: ReadonlyArray<A>): ReadonlyArray<A> =>
    all.filter(one => one.seed === seed)
  const all = [
    ...of(finished).flatMap(({ label, trajectory }) => {
      const loss = best(trajectory.retrained)
      return loss === null ? [] : [{ loss, by: label }]
    }),
    ...of(implicit).flatMap(({ exact, retrained }) => [
      { loss: exact.validation, by: 'implicit gradient, exact minimum' },
      { loss: retrained.validation, by: 'implicit gradient, retrained' },
    ]),
    ...of(long).map(({ retrained }) => ({ loss: retrained.validation, by: 'long run' })),
  ]
  if (all.length === 0) throw new Error(`Nothing is known at seed ${seed}.`)
  return all.reduce((a, b) => (b.loss < a.loss ? b : a))
}

/** Which weights count: retrained from the initial ones, or also those trained on from another λ. */
export type Weights = 'retrained' | 'trained'

/** In lower-level solves, seed by seed: effort until the validation loss was so near the least known; `null`: never. */
export const reach = (
  task: Task,
  label: string,
  nearness: number,
  weights: Weights,
): ReadonlyArray<number | null> =>
  task.comparison.plan.seeds.map(seed => {
    const run = task.finished.find(one => one.label === label && one.seed === seed)
    if (run === undefined) return null
    const epochs = effortToReach(leastKnown(task, seed).loss * (1 + nearness))(run.trajectory[weights])
    return epochs === null ? null : epochs / task.comparison.plan.budget.epochsPerSolve
  })

/** The mean over seeds of what is measured of a contender's runs. */
export const meanOf = (
  { finished }: Task,
  label: string,
  measure: (run: FinishedRun) => number | null | undefined,
): Estimate | null =>
  estimate(
    finished
      .filter(run => run.label === label)
      .map(measure)
      .filter(value => value !== null && value !== undefined),
  )

export const measures = {
  validation: (run: FinishedRun) => run.result.trained?.validation.loss,
  test: (run: FinishedRun) => run.result.trained?.test?.loss,
  refitTest: (run: FinishedRun) => run.result.refit?.test?.loss,
} as const

/** The rival with the least mean validation loss of retrained weights. */
export const bestRival = (task: Task): string | null =>
  task.comparison.plan.contenders
    .filter(({ method }) => method !== 'bilevel')
    .map(({ label }) => ({ label, mean: meanOf(task, label, measures.validation)?.mean ?? Infinity }))
    .reduce<{ label: string | null; mean: number }>((a, b) => (b.mean < a.mean ? b : a), {
      label: null,
      mean: Infinity,
    }).label

/** Where among tasks a loss is least, and what it comes to at the last one. */
export const leastAt = (
  rows: ReadonlyArray<{ readonly dimension: number; readonly loss: number }>,
): { readonly dimension: number; readonly loss: number } | null =>
  rows.reduce<{ readonly dimension: number; readonly loss: number } | null>(
    (a, b) => (a === null || b.loss < a.loss ? b : a),
    null,
  )
