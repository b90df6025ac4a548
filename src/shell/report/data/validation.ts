/** The validation loss against each component of λ: samples, returned λ, and a dense grid. */
import * as t from 'io-ts'
import { Finite } from '../../../core/codec/Codec.js'
import type { SearchSpace } from '../../../core/protocol/SearchSpace.js'
import { resultOf, type Run } from '../Run.js'
import type { Truth } from '../Truth.js'

const place = { coordinate: t.string, at: Finite } as const

export const ValidationRow = t.readonly(
  t.strict({ ...place, method: t.string, run: t.string, upper: Finite, complete: t.boolean }),
  'ValidationRow',
)
/** F of weights trained at a λ; `complete` means trained from the initial weights. */
export type ValidationRow = t.TypeOf<typeof ValidationRow>

export const ReturnedRow = t.readonly(
  t.strict({ ...place, method: t.string, run: t.string, upper: Finite }),
  'ReturnedRow',
)
/** The λ that a run returned, and F of the weights retrained there. */
export type ReturnedRow = t.TypeOf<typeof ReturnedRow>

export const TruthRow = t.readonly(t.strict({ ...place, grid: t.string, upper: Finite }), 'TruthRow')
/** A point of a dense grid. */
export type TruthRow = t.TypeOf<typeof TruthRow>

/** The data of the figure. `truth` is empty unless there is one hyperparameter, over which its points form a line. */
export interface ValidationData {
  readonly samples: ReadonlyArray<ValidationRow>
  readonly returned: ReadonlyArray<ReturnedRow>
  readonly truth: ReadonlyArray<TruthRow>
  readonly leftOut: number
}

const mostCoordinates = 6

/** The method whose samples are a dense grid. */
const gridMethod = 'grid'

const truthOf = (
  space: SearchSpace,
  runs: ReadonlyArray<Pick<Run, 'method' | 'name' | 'solves'>>,
  truth: Truth | null,
): ReadonlyArray<TruthRow> => {
  const [only] = space
  if (only === undefined || space.length > 1) return []
  const grids = [
    ...(truth === null ? [] : [{ grid: 'grid given', points: truth.points }]),
    ...runs
      .filter(({ method }) => method === gridMethod)
      .map(run => ({ grid: run.name, points: run.solves })),
  ]
  return grids.flatMap(({ grid, points }) =>
    points
      .flatMap(({ lambda: [at], upper }) =>
        at === undefined ? [] : [{ coordinate: only.name, at, grid, upper }],
      )
      .sort((a, b) => a.at - b.at),
  )
}

/** The samples and results of runs on one search space. */
export const validationData = (
  space: SearchSpace,
  runs: ReadonlyArray<Pick<Run, 'method' | 'name' | 'solves' | 'outcome'>>,
  truth: Truth | null,
): ValidationData => {
  const shown = space.slice(0, mostCoordinates)
  return {
    samples: shown.flatMap(({ name: coordinate }, k) =>
      runs.flatMap(({ method, name, solves }) =>
        solves.map(({ lambda, upper, complete }) => ({
          coordinate,
          at: lambda[k]!,
          method,
          run: name,
          upper,
          complete,
        })),
      ),
    ),
    returned: shown.flatMap(({ name: coordinate }, k) =>
      runs.flatMap(run => {
        const result = resultOf(run)
        return result === null || result.trained === null
          ? []
          : [
              {
                coordinate,
                at: result.lambda[k]!,
                method: run.method,
                run: run.name,
                upper: result.trained.validation.loss,
              },
            ]
      }),
    ),
    truth: truthOf(space, runs, truth),
    leftOut: space.length - shown.length,
  }
}
