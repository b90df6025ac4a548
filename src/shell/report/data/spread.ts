/** The spread of many components of λ during a run: quantiles at every λ at which the lower level was solved. */
import * as t from 'io-ts'
import { Finite, NonNegative } from '../../../core/codec/Codec.js'
import { epochsOf, type Run } from '../Run.js'

export const SpreadRow = t.readonly(
  t.strict({
    /** The common part of the components' names. */
    group: t.string,
    epochs: NonNegative,
    least: Finite,
    low: Finite,
    median: Finite,
    high: Finite,
    largest: Finite,
  }),
  'SpreadRow',
)
/** The minimum and maximum of a group's components, and their 10 %, 50 % and 90 % quantiles. */
export type SpreadRow = t.TypeOf<typeof SpreadRow>

/** With more hyperparameters than this, reports show their spread instead of single panels. */
export const few = 24

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.round(share * (sorted.length - 1))]!

/** The rows of a run. Components are grouped by family: the part of their names before a bracket. */
export const spreadRows = (run: Pick<Run, 'space' | 'solves' | 'header'>): ReadonlyArray<SpreadRow> => {
  const groups = new Map<string, Array<number>>()
  for (const [k, { name }] of run.space.entries()) {
    const group = name.split('[')[0]!
    const components = groups.get(group)
    if (components === undefined) groups.set(group, [k])
    else components.push(k)
  }
  const toEpochs = epochsOf(run)
  return [...groups].flatMap(([group, components]) =>
    run.solves.map(({ lambda, effort }): SpreadRow => {
      const sorted = Float64Array.from(components, k => lambda[k]!).sort()
      return {
        group,
        epochs: toEpochs(effort),
        least: quantile(sorted, 0),
        low: quantile(sorted, 0.1),
        median: quantile(sorted, 0.5),
        high: quantile(sorted, 0.9),
        largest: quantile(sorted, 1),
      }
    }),
  )
}
