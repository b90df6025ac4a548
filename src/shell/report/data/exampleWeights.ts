/** The weights of training examples that a run returns, with the labels of each example. */
import * as t from 'io-ts'
import { Finite, Natural, nullable } from '../../../core/codec/Codec.js'
import { sigmoid } from '../../../core/protocol/SearchSpace.js'
import type { ImageSet } from '../../data/set/ImageSet.js'
import { resultOf, type Run } from '../Run.js'

export const ExampleRow = t.readonly(
  t.strict({
    example: Natural,
    weight: Finite,
    /** The mean weight over all λ at which the lower level was solved; a low mean says that the weight fell early. */
    meanWeight: Finite,
    /** The label it was trained with, and its label before label noise; `null` if unknown. */
    label: nullable(Natural),
    truth: nullable(Natural),
  }),
  'ExampleRow',
)
/** A training example and its weight. */
export type ExampleRow = t.TypeOf<typeof ExampleRow>

/** The index in λ of each training example's weight; `null` if the hyperparameters are not weights of examples. */
const placesOf = ({ space, header }: Pick<Run, 'space' | 'header'>): ReadonlyArray<number> | null => {
  const places = new Map(space.map(({ name }, k) => [name, k]))
  const found = Array.from({ length: header.data.train }, (_, i) => places.get(`weight[${i}]`))
  return found.every(place => place !== undefined && space[place]?.scale === 'logit')
    ? found.flatMap(place => (place === undefined ? [] : [place]))
    : null
}

/** Whether a run's hyperparameters are weights of its training examples. */
export const weighs = (run: Pick<Run, 'space' | 'header'>): boolean => placesOf(run) !== null

/**
 * The training examples, sorted by their weights at the λ returned. Many weights lie at their bound; equal weights are
 * sorted by their mean weight. `null` if λ has no weights of examples, or no λ has been returned.
 */
export const exampleRows = (
  run: Pick<Run, 'space' | 'header' | 'solves' | 'outcome' | 'method'>,
  set: ImageSet | null,
): ReadonlyArray<ExampleRow> | null => {
  const places = placesOf(run)
  const lambda = resultOf(run)?.lambda
  if (places === null || lambda === undefined) return null
  const { solves } = run
  return places
    .map((place, example): ExampleRow => ({
      example,
      weight: sigmoid(lambda[place]!),
      meanWeight:
        solves.reduce((sum, solve) => sum + sigmoid(solve.lambda[place]!), 0) / Math.max(1, solves.length),
      label: set?.labels[example] ?? null,
      truth: set?.truth?.[example] ?? null,
    }))
    .sort((a, b) => a.weight - b.weight || a.meanWeight - b.meanWeight || a.example - b.example)
}

/** Whether label noise changed an example's label; `null` if unknown. */
export const isChanged = ({ label, truth }: ExampleRow): boolean | null =>
  label === null || truth === null ? null : label !== truth

export const Bin = t.readonly(
  t.strict({ from: Finite, to: Finite, kept: Natural, changed: nullable(Natural) }),
  'Bin',
)
/** The numbers of weights in [from, to), for kept and changed labels; without known labels, all count as `kept`. */
export type Bin = t.TypeOf<typeof Bin>

const binCount = 20

/** A histogram of weights in [0, 1]. */
export const binsOf = (rows: ReadonlyArray<ExampleRow>): ReadonlyArray<Bin> => {
  const known = rows.some(row => isChanged(row) !== null)
  const counts = { kept: new Uint32Array(binCount), changed: new Uint32Array(binCount) }
  for (const row of rows)
    counts[isChanged(row) === true ? 'changed' : 'kept'][
      Math.min(binCount - 1, Math.floor(row.weight * binCount))
    ]! += 1
  return Array.from({ length: binCount }, (_, k) => ({
    from: k / binCount,
    to: (k + 1) / binCount,
    kept: counts.kept[k]!,
    changed: known ? counts.changed[k]! : null,
  }))
}
