/**
 * The validation loss over two hyperparameters: its samples, a surface fitted to them (Surface.ts), and the path of λ in
 * each run of the bilevel method.
 *
 * The surface is drawn in bands of F above the lowest sample; where it is uncertain, it is not drawn.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { iterates } from '../../../core/bilevel/trajectory.js'
import { Finite, Natural } from '../../../core/codec/Codec.js'
import { toUnit, type SearchSpace } from '../../../core/protocol/SearchSpace.js'
import { resultOf, type Run } from '../Run.js'
import { surface, type Knot, type Surface } from './Surface.js'

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
/** A point of a run's path of λ; the last one is the λ returned. */
export type PathPoint = t.TypeOf<typeof PathPoint>

export const Cell = t.readonly(
  t.strict({ x0: Finite, x1: Finite, y0: Finite, y1: Finite, band: Natural }),
  'Cell',
)
/** A rectangle of the surface that lies in one band. */
export type Cell = t.TypeOf<typeof Cell>

/** Band b goes from limit b − 1 to limit b above the lowest F, as a share of it; the last band has no upper limit. */
export const limits: ReadonlyArray<number> = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]

/** A section of the plane. */
export interface View {
  readonly x: Range
  readonly y: Range
  /** Empty if no surface could be fitted. */
  readonly cells: ReadonlyArray<Cell>
}

type Range = readonly [number, number]

/** The data of the figure over two hyperparameters. */
export interface LandscapeData {
  readonly names: readonly [string, string]
  readonly samples: ReadonlyArray<LandscapeSample>
  readonly paths: ReadonlyArray<PathPoint>
  /** The whole search space and, if the paths lie in a small part of it, that part. */
  readonly views: ReadonlyArray<View>
}

type Walked = Pick<Run, 'name' | 'method' | 'seed' | 'solves' | 'steps' | 'outcome'>

const pathOf = (run: Walked): ReadonlyArray<PathPoint> => {
  const { name, method, steps } = run
  const result = resultOf(run)
  const path = iterates(steps.map(({ info }) => info)).map(({ lambda }) => lambda)
  const all = [...path, ...(result === null || path.length === 0 ? [] : [result.lambda])]
  return all.map(([x, y], order) => ({
    x: x!,
    y: y!,
    method,
    run: name,
    order,
    kind: order >= path.length ? 'returned' : order === 0 ? 'start' : 'iterate',
  }))
}

const side = 80
/** The surface is not drawn where ln F has a larger standard deviation. */
const uncertain = 0.1

/** ln(F / F_best), with F_best the lowest F of any run with the same seed: seeds differ in data, and so in F. */
const knotsOf = (
  space: SearchSpace,
  runs: ReadonlyArray<Pick<Run, 'seed' | 'solves'>>,
): ReadonlyArray<Knot> => {
  const all = runs.flatMap(({ seed, solves }) => solves.map(solve => ({ seed, ...solve })))
  // The logarithm needs positive losses; otherwise nothing is shaded.
  if (all.some(({ upper }) => upper <= 0)) return []
  const best = new Map<number, number>()
  for (const { seed, upper } of all) best.set(seed, Math.min(upper, best.get(seed) ?? Infinity))
  return all.map(({ seed, lambda, upper }) => {
    const [x, y] = toUnit(space)(lambda)
    return { unit: [x!, y!], value: Math.log(upper / best.get(seed)!) }
  })
}

const bandOf = (share: number): number => {
  const band = limits.findIndex(limit => share <= limit)
  return band < 0 ? limits.length : band
}

/** The cells of a surface. Neighbours in one band are merged: hundreds of rectangles instead of thousands. */
const cellsOf =
  (space: SearchSpace, [left, right]: Range, [bottom, top]: Range) =>
  (at: Surface): ReadonlyArray<Cell> => {
    const x = (i: number): number => left + ((right - left) * i) / side
    const y = (j: number): number => bottom + ((top - bottom) * j) / side
    return Array.from({ length: side }, (_, j) => {
      const merged: Array<{ readonly from: number; readonly to: number; readonly band: number }> = []
      for (let i = 0; i < side; i++) {
        const [u, v] = toUnit(space)([x(i + 0.5), y(j + 0.5)])
        const value = at([u!, v!])
        if (value === null) continue
        const band = bandOf(Math.expm1(value))
        const before = merged[merged.length - 1]
        if (before?.band === band && before.to === i) merged[merged.length - 1] = { ...before, to: i + 1 }
        else merged.push({ from: i, to: i + 1, band })
      }
      return merged.map(({ from, to, band }) => ({ x0: x(from), x1: x(to), y0: y(j), y1: y(j + 1), band }))
    }).flat()
  }

/** The ranges around the iterates of all runs, or `null` if they are not a small part of the space. */
const closeUp = (space: SearchSpace, paths: ReadonlyArray<PathPoint>): readonly [Range, Range] | null => {
  if (paths.length < 2) return null
  const range = (k: 0 | 1): Range => {
    const values = paths.map(({ x, y }) => (k === 0 ? x : y))
    const { lower, upper } = space[k]!
    const [least, most] = [Math.min(...values), Math.max(...values)]
    const margin = Math.max(0.15 * (most - least), 0.02 * (upper - lower))
    return [Math.max(lower, least - margin), Math.min(upper, most + margin)]
  }
  const ranges = [range(0), range(1)] as const
  const share = ranges.reduce(
    (product, [least, most], k) => (product * (most - least)) / (space[k]!.upper - space[k]!.lower),
    1,
  )
  return share < 0.3 ? ranges : null
}

/** The data of the figure; `null` unless there are two hyperparameters. */
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
  const paths = runs.flatMap(pathOf)
  const fitted = pipe(knotsOf(space, runs), surface(uncertain))
  const whole = [
    [first.lower, first.upper],
    [second.lower, second.upper],
  ] as const
  const close = closeUp(space, paths)
  return {
    names: [first.name, second.name],
    samples,
    paths,
    views: [whole, ...(close === null ? [] : [close])].map(([x, y]) => ({
      x,
      y,
      cells: pipe(
        fitted,
        O.match(() => [], cellsOf(space, x, y)),
      ),
    })),
  }
}
