/** The table of results: each run's returned λ, metrics and cost, and the means over the runs of a method. */
import * as t from 'io-ts'
import { Finite, Natural, NonNegative, nullable, Vector } from '../../../core/codec/Codec.js'
import type { SetMetrics } from '../../../core/protocol/Observation.js'
import { weightDecaysOf } from '../../base/WeightDecays.js'
import { epochsOf, methodsOf, resultOf, type Run } from '../Run.js'

/** The measures, by the weights that they belong to. */
const measures = {
  lowerLevelSolves: nullable(Finite),
  epochs: nullable(NonNegative),
  seconds: nullable(NonNegative),
  /** Weights trained on the training set alone. */
  trainedValidation: nullable(Finite),
  trainedTest: nullable(Finite),
  /** Weights that followed λ's path on the training set alone. */
  trackedValidation: nullable(Finite),
  trackedTest: nullable(Finite),
  /** Weights trained on training and validation set. */
  refitTest: nullable(Finite),
  refitAccuracy: nullable(Finite),
  /** The same, while λ repeated its path. */
  pathRefitTest: nullable(Finite),
  pathRefitAccuracy: nullable(Finite),
  /** The bilevel weights, which were trained on the validation loss, too. */
  ownValidation: nullable(Finite),
  ownTest: nullable(Finite),
} as const

export const Measures = t.readonly(t.strict(measures), 'Measures')
/** The numbers of a row. */
export type Measures = t.TypeOf<typeof Measures>

export const ResultLine = t.readonly(
  t.strict({
    method: t.string,
    run: t.string,
    seed: Natural,
    row: t.string,
    lambda: Vector,
    /** λ as weight decay, if the run's configuration has its bounds so: the L2 coefficients in their order. */
    weightDecay: nullable(Vector),
    measures: Measures,
  }),
  'ResultLine',
)
/** One λ of one run. */
export type ResultLine = t.TypeOf<typeof ResultLine>

/** A mean, its standard error, and the number of runs. */
export interface Moment {
  readonly mean: number
  readonly error: number
  readonly runs: number
}

/** A method's means over its runs; `null` for measures with fewer than two values. */
export interface MeanLine {
  readonly method: string
  readonly runs: number
  readonly measures: Readonly<Record<keyof Measures, Moment | null>>
}

const lossOf = (metrics: SetMetrics | null, set: 'validation' | 'test'): number | null =>
  metrics?.[set]?.loss ?? null

/** All rows of a run's results. */
export const resultLines = (run: Run): ReadonlyArray<ResultLine> => {
  const decays = weightDecaysOf(run.header)
  return (run.outcome?.rows ?? []).map(row => ({
    method: run.method,
    run: run.name,
    seed: run.seed,
    row: row.name,
    lambda: row.lambda,
    weightDecay: decays === null ? null : Object.values(decays(row.lambda)),
    measures: {
      lowerLevelSolves: row.lowerLevelSolves,
      epochs: epochsOf(run)(row.effort),
      seconds:
        run.seconds !== null && Object.hasOwn(run.seconds.rows, row.name)
          ? run.seconds.rows[row.name]!
          : null,
      trainedValidation: lossOf(row.trained, 'validation'),
      trainedTest: lossOf(row.trained, 'test'),
      refitTest: lossOf(row.refit, 'test'),
      refitAccuracy: row.refit?.test?.accuracy ?? null,
      trackedValidation: lossOf(row.tracked ?? null, 'validation'),
      trackedTest: lossOf(row.tracked ?? null, 'test'),
      pathRefitTest: lossOf(row.pathRefit ?? null, 'test'),
      pathRefitAccuracy: row.pathRefit?.test?.accuracy ?? null,
      ownValidation: lossOf(row.bilevelWeights, 'validation'),
      ownTest: lossOf(row.bilevelWeights, 'test'),
    },
  }))
}

const momentOf = (values: ReadonlyArray<number | null>): Moment | null => {
  const known = values.filter(value => value !== null)
  if (known.length < 2) return null
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const squares = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  return { mean, error: Math.sqrt(squares / (known.length - 1) / known.length), runs: known.length }
}

const names = Object.keys(measures) as ReadonlyArray<keyof Measures>

/** A line for each method with at least two finished runs. */
export const meanLines = (runs: ReadonlyArray<Run>): ReadonlyArray<MeanLine> =>
  methodsOf(runs).flatMap(method => {
    const lines = runs.flatMap(run => {
      const name = run.method === method ? resultOf(run)?.name : undefined
      return name === undefined ? [] : resultLines(run).filter(({ row }) => row === name)
    })
    if (lines.length < 2) return []
    const moment = (name: keyof Measures): Moment | null =>
      momentOf(lines.map(({ measures: found }) => found[name]))
    return [
      {
        method,
        runs: lines.length,
        measures: Object.fromEntries(names.map(name => [name, moment(name)])) as MeanLine['measures'],
      },
    ]
  })
