/**
 * The validation loss over two hyperparameters: where it was sampled, a surface fitted to the samples, and the way of
 * each run of the bilevel method over it.
 *
 * The surface is a Gaussian process on ln F by λ. It is drawn as bands of how far F lies above its lowest value, and
 * not at all where the process does not know it.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { iterates } from '../../../core/bilevel/Trajectory.js'
import { Finite, Natural } from '../../../core/protocol/Codec.js'
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import * as ValueFunction from '../../../core/surrogate/ValueFunction.js'
import { resultOf, type Run } from '../Run.js'

const point = { x: Finite, y: Finite, method: t.string, run: t.string } as const

export const LandscapeSample = t.readonly(
  t.strict({ ...point, upper: Finite, complete: t.boolean }),
  'LandscapeSample',
)
/** F of weights trained at (x, y). */
export type LandscapeSample = t.TypeOf<typeof LandscapeSample>

export const PathPoint = t.readonly(
  t.strict({ ...point, order: Natural, kind: t.keyof({ start: null, iterate: null, returned: null }) }),
  'PathPoint',
)
/** A λ that a run went through, in its order; the last one is the λ it returned. */
export type PathPoint = t.TypeOf<typeof PathPoint>

export const Cell = t.readonly(
  t.strict({ x0: Finite, x1: Finite, y0: Finite, y1: Finite, band: Natural }),
  'Cell',
)
/** A stretch of the surface that lies in one band. */
export type Cell = t.TypeOf<typeof Cell>

/** Band b reaches from limit b − 1 to limit b above the lowest F, as a share of it; the last has no upper limit. */
export const limits: ReadonlyArray<number> = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

/** What there is to draw over two hyperparameters. */
export interface LandscapeData {
  readonly names: readonly [string, string]
  readonly domain: { readonly x: readonly [number, number]; readonly y: readonly [number, number] }
  readonly samples: ReadonlyArray<LandscapeSample>
  readonly paths: ReadonlyArray<PathPoint>
  /** Empty where no surface could be fitted. */
  readonly cells: ReadonlyArray<Cell>
}

type Walked = Pick<Run, 'name' | 'method' | 'solves' | 'steps' | 'outcome'>

const pathOf = (run: Walked): ReadonlyArray<PathPoint> => {
  const { name, method, steps } = run
  const result = resultOf(run)
  const way = iterates(steps.map(({ info }) => info)).map(({ lambda }) => lambda)
  const all = [...way, ...(result === null || way.length === 0 ? [] : [result.lambda])]
  return all.map(([x, y], order) => ({
    x: x!,
    y: y!,
    method,
    run: name,
    order,
    kind: order >= way.length ? 'returned' : order === 0 ? 'start' : 'iterate',
  }))
}

/** Samples that the surface is fitted to; more cost more than they tell. */
const mostSamples = 150
const side = 48
/** Where ln F has a larger standard deviation, its value is a guess. */
const known = 0.15

/** At most `count` entries, evenly spread. */
const thinned = <A>(entries: ReadonlyArray<A>, count: number): ReadonlyArray<A> =>
  entries.length <= count
    ? entries
    : Array.from({ length: count }, (_, i) => entries[Math.floor((i * entries.length) / count)]!)

const surface = (
  space: SearchSpace,
  samples: ReadonlyArray<LandscapeSample>,
): O.Option<ValueFunction.ValueFunction> =>
  samples.length < 3 || samples.some(({ upper }) => upper <= 0)
    ? O.none
    : pipe(
        thinned(samples, mostSamples).reduce(
          (fitted, { x, y, upper }) =>
            pipe(
              fitted,
              E.chain(ValueFunction.observe({ lambda: [x, y], value: Math.log(upper), gradient: null })),
            ),
          ValueFunction.make(space, { fitIterations: 40 }),
        ),
        E.chain(ValueFunction.refit),
        O.fromEither,
      )

const bandOf = (share: number): number => {
  const band = limits.findIndex(limit => share <= limit)
  return band < 0 ? limits.length : band
}

const cellsOf =
  ([{ lower: left, upper: right }, { lower: bottom, upper: top }]: readonly [
    SearchSpace[number],
    SearchSpace[number],
  ]) =>
  (phi: ValueFunction.ValueFunction): ReadonlyArray<Cell> => {
    const [width, height] = [(right - left) / side, (top - bottom) / side]
    const rows = Array.from({ length: side }, (_, j) =>
      Array.from({ length: side }, (__, i) => {
        const { mean, variance } = ValueFunction.estimate([left + (i + 0.5) * width, bottom + (j + 0.5) * height])(
          phi,
        )
        return Math.sqrt(variance) <= known ? mean : null
      }),
    )
    const lowest = Math.min(...rows.flat().flatMap(mean => (mean === null ? [] : [mean])))
    // Neighbours in one band become one cell: a picture of a few hundred rectangles instead of thousands.
    return rows.flatMap((row, j) => {
      const merged: Array<Cell> = []
      row.forEach((mean, i) => {
        if (mean === null) return
        const band = bandOf(Math.expm1(mean - lowest))
        const [x0, x1] = [left + i * width, left + (i + 1) * width]
        const before = merged[merged.length - 1]
        if (before?.band === band && before.x1 === x0) merged[merged.length - 1] = { ...before, x1 }
        else merged.push({ x0, x1, y0: bottom + j * height, y1: bottom + (j + 1) * height, band })
      })
      return merged
    })
  }

/** `null` unless there are two hyperparameters. */
export const landscapeData = (space: SearchSpace, runs: ReadonlyArray<Walked>): LandscapeData | null => {
  const [first, second] = space
  if (first === undefined || second === undefined || space.length !== 2) return null
  const samples = runs.flatMap(({ name, method, solves }) =>
    solves.map(({ lambda: [x, y], upper, complete }) => ({
      x: x!,
      y: y!,
      method,
      run: name,
      upper,
      complete,
    })),
  )
  return {
    names: [first.name, second.name],
    domain: { x: [first.lower, first.upper], y: [second.lower, second.upper] },
    samples,
    paths: runs.flatMap(pathOf),
    cells: pipe(
      surface(space, samples),
      O.match(() => [], cellsOf([first, second])),
    ),
  }
}
