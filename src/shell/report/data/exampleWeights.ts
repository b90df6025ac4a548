/** The weights of training examples that a run returns, with what is known of each example. */
import * as t from 'io-ts'
import { Finite, Natural, nullable } from '../../../core/codec/Codec.js'
import { sigmoid } from '../../../core/protocol/SearchSpace.js'
import type { ImageSet } from '../../data/set/ImageSet.js'
import { resultOf, type Run } from '../Run.js'

export const ExampleRow = t.readonly(
  t.strict({
    example: Natural,
    weight: Finite,
    /** The mean of the weight over all λ at which the lower level was solved: the lower, the earlier it fell. */
    meanWeight: Finite,
    /** The label it was trained with, and the one it had before noise was put in; `null` where that is not known. */
    label: nullable(Natural),
    truth: nullable(Natural),
  }),
  'ExampleRow',
)
/** A training example and its weight. */
export type ExampleRow = t.TypeOf<typeof ExampleRow>

/** Where the weights lie in λ; `null` where the hyperparameters are other ones. One weight for each training example. */
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
 * The training examples by their weights at the λ returned, the least first; of equal weights, as many lie at their bound, the one
 * first that was less on the way. `null` where λ is no weights of examples, or none has been returned.
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

/** Whether an example's label was changed; `null` where that is not known. */
export const isChanged = ({ label, truth }: ExampleRow): boolean | null =>
  label === null || truth === null ? null : label !== truth

export const Bin = t.readonly(
  t.strict({ from: Finite, to: Finite, kept: Natural, changed: nullable(Natural) }),
  'Bin',
)
/** How many weights lie in [from, to), of examples whose label was kept and changed; all are `kept` where nothing is known. */
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
