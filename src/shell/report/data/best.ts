/** The best validation loss against effort: for each run, in the mean of a method's runs, and at the λ returned. */
import * as t from 'io-ts'
import { Count, Finite, NonNegative } from '../../../core/codec/Codec.js'
import { epochsOf, methodsOf, resultOf, type Run } from '../Run.js'

const series = { method: t.string, run: t.string, epochs: NonNegative } as const

export const BestPoint = t.readonly(t.strict({ ...series, best: Finite }), 'BestPoint')
/** The lowest F so far, after `epochs`, of weights that were trained on the training set alone. */
export type BestPoint = t.TypeOf<typeof BestPoint>

export const BestMean = t.readonly(
  t.strict({
    method: t.string,
    epochs: NonNegative,
    runs: Count,
    mean: Finite,
    /** The standard deviation over the runs. */
    deviation: NonNegative,
  }),
  'BestMean',
)
/** The mean over a method's runs; it starts when each run has trained once. */
export type BestMean = t.TypeOf<typeof BestMean>

export const Returned = t.readonly(t.strict({ ...series, loss: Finite }), 'Returned')
/** F of weights retrained at the λ that a run returns, and the epochs until that λ was found. */
export type Returned = t.TypeOf<typeof Returned>

/** The fields of a run that these figures need. */
export type BestRun = Pick<Run, 'method' | 'name' | 'seed' | 'solves' | 'header' | 'outcome'>

type Line = Omit<BestRun, 'outcome' | 'seed'>

/** The points of a run: one at each improvement, and one at the last solve. */
export const bestOf = (run: Line): ReadonlyArray<BestPoint> => {
  const epochs = epochsOf(run)
  let best = Infinity
  return run.solves.flatMap(({ upper, effort }, i) => {
    const improved = upper < best
    best = Math.min(best, upper)
    return improved || i === run.solves.length - 1
      ? [{ method: run.method, run: run.name, epochs: epochs(effort), best }]
      : []
  })
}

/** The value of a step function at `epochs`; the points are sorted by epochs. */
const at = (points: ReadonlyArray<BestPoint>, epochs: number): number => {
  let value = NaN
  for (const point of points) {
    if (point.epochs > epochs) break
    value = point.best
  }
  return value
}

/** Mean and standard deviation of each method with at least two runs. A run that has ended keeps its best value. */
export const bestMeans = (runs: ReadonlyArray<Line>): ReadonlyArray<BestMean> =>
  methodsOf(runs).flatMap(method => {
    const lines = runs
      .filter(run => run.method === method)
      .map(bestOf)
      .filter(line => line.length > 0)
    if (lines.length < 2) return []
    const from = Math.max(...lines.map(line => line[0]!.epochs))
    const moments = [...new Set(lines.flatMap(line => line.map(({ epochs }) => epochs)))]
    return moments
      .filter(epochs => epochs >= from)
      .sort((a, b) => a - b)
      .map(epochs => {
        const values = lines.map(line => at(line, epochs))
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length
        const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
        return {
          method,
          epochs,
          runs: values.length,
          mean,
          deviation: Math.sqrt(squares / (values.length - 1)),
        }
      })
  })

/** The returned λ's loss for each finished run, if its weights were retrained. */
export const returned = (runs: ReadonlyArray<BestRun>): ReadonlyArray<Returned> =>
  runs.flatMap(run => {
    const result = resultOf(run)
    return result === null || result.trained === null
      ? []
      : [
          {
            method: run.method,
            run: run.name,
            epochs: epochsOf(run)(result.effort),
            loss: result.trained.validation.loss,
          },
        ]
  })

/**
 * The runs with F replaced by F / F_best − 1, where F_best is the lowest F that any run with the same seed reached. `null`
 * if some loss is not positive.
 */
export const aboveBest = (runs: ReadonlyArray<BestRun>): ReadonlyArray<BestRun> | null => {
  const best = new Map<number, number>()
  for (const run of runs)
    for (const loss of [
      ...run.solves.map(({ upper }) => upper),
      ...returned([run]).map(result => result.loss),
    ])
      best.set(run.seed, Math.min(loss, best.get(run.seed) ?? Infinity))
  if ([...best.values()].some(loss => loss <= 0)) return null
  return runs.map(run => {
    const share = (loss: number): number => loss / best.get(run.seed)! - 1
    const result = resultOf(run)
    return {
      ...run,
      solves: run.solves.map(solve => ({ ...solve, upper: share(solve.upper) })),
      outcome:
        run.outcome === null || result === null || result.trained === null
          ? run.outcome
          : {
              ...run.outcome,
              rows: [
                {
                  ...result,
                  trained: {
                    ...result.trained,
                    validation: { ...result.trained.validation, loss: share(result.trained.validation.loss) },
                  },
                },
              ],
            },
    }
  })
}
