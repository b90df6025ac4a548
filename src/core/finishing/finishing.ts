/**
 * The end that all methods share: every λ to return (a finalist) is measured and refitted, and gets a row of the
 * result.
 *
 * Used in the phase finishing of the bilevel method and of its rivals. In: the finalists. Out: the questions about them
 * (`questionsAbout`), then the rows with the answers (`rowsOf`).
 *
 * Every training here is the same: from the initial weights, to the same tolerance, with the same budget. So results of
 * different methods can be compared.
 */
import type { WeightsRef } from '../protocol/Command.js'
import { initialWeights } from '../protocol/Command.js'
import type { Unnumbered } from '../protocol/Asking.js'
import type { ResultRow } from '../protocol/Info.js'
import type { Observation, SetMetrics } from '../protocol/Observation.js'

type Vec = ReadonlyArray<number>

/** The options of a method that determine how results are trained. */
export interface Training {
  readonly solve: { readonly tolerance: number; readonly coldEpochs: number }
  /** Whether to also train on training and validation set together. */
  readonly refit: boolean
}

/** A complete training at λ, from the initial weights. */
export const completeTraining =
  ({ solve }: Pick<Training, 'solve'>) =>
  (lambda: Vec): Unnumbered => ({
    _tag: 'SolveLowerLevel',
    lambda,
    from: initialWeights,
    tolerance: solve.tolerance,
    maxEpochs: solve.coldEpochs,
  })

/** A λ to return, with the values known before anything is measured. */
export interface Finalist {
  readonly name: string
  readonly lambda: Vec
  /** Weights trained at λ. */
  readonly trained: WeightsRef | null
  /** The method's own weights, which descended on validation data, and their λ. */
  readonly bilevel: { readonly lambda: Vec; readonly weights: WeightsRef } | null
  /** Weights that followed a path of λ; only methods that track weights have them. */
  readonly tracked?: { readonly path: ReadonlyArray<Vec>; readonly weights: WeightsRef; readonly gains: Vec }
  readonly lowerLevelSolves: number
  readonly effort: number
  readonly violation: number | null
  readonly epsilon: number | null
}

/** A finalist as a row without measurements. */
export const unmeasured = ({ trained, bilevel, tracked, ...known }: Finalist): ResultRow => ({
  name: known.name,
  lambda: known.lambda,
  // Logs have the fields in this order, and a replay compares text.
  lowerLevelSolves: known.lowerLevelSolves,
  effort: known.effort,
  trained: null,
  refit: null,
  bilevelWeights: null,
  bilevelLambda: bilevel?.lambda ?? null,
  weights: {
    trained,
    refit: null,
    bilevel: bilevel?.weights ?? null,
    ...(tracked === undefined ? {} : { tracked: tracked.weights, pathRefit: null }),
  },
  violation: known.violation,
  epsilon: known.epsilon,
  ...(tracked === undefined ? {} : { tracked: null, pathRefit: null, gains: tracked.gains }),
})

/** A question, and the key of its answer. */
interface Part {
  readonly key: string
  readonly question: Unnumbered
}

/** Index of the first finalist with the same trained weights; measurements are shared with it. */
const leader = (finalists: ReadonlyArray<Finalist>, i: number): number => {
  const { trained } = finalists[i]!
  return trained === null ? i : finalists.findIndex(other => other.trained === trained)
}

const evaluate = (key: string, lambda: Vec, weights: WeightsRef): Part => ({
  key,
  question: { _tag: 'EvaluateLosses', lambda, weights },
})

/**
 * The questions, in this order: all trained weights, all own weights, all tracked weights, all refits, all refits along a path.
 * Equal questions are asked only once.
 */
const partsOf = ({ solve, refit }: Training, finalists: ReadonlyArray<Finalist>): ReadonlyArray<Part> => {
  const training = { tolerance: solve.tolerance, maxEpochs: solve.coldEpochs } as const
  const leaders = finalists.flatMap((finalist, i) => (leader(finalists, i) === i ? [{ finalist, i }] : []))
  return [
    ...leaders.flatMap(({ finalist: { lambda, trained }, i }) =>
      trained === null ? [] : [evaluate(`trained ${i}`, lambda, trained)],
    ),
    ...finalists.flatMap(({ bilevel }, i) =>
      bilevel === null ? [] : [evaluate(`bilevel ${i}`, bilevel.lambda, bilevel.weights)],
    ),
    ...finalists.flatMap(({ lambda, tracked }, i) =>
      tracked === undefined ? [] : [evaluate(`tracked ${i}`, lambda, tracked.weights)],
    ),
    ...(refit
      ? leaders.map(({ finalist: { lambda }, i }): Part => ({
          key: `refit ${i}`,
          question: { _tag: 'Refit', lambda, ...training },
        }))
      : []),
    ...(refit
      ? finalists.flatMap(({ lambda, tracked }, i): ReadonlyArray<Part> =>
          tracked === undefined
            ? []
            : [
                {
                  key: `pathRefit ${i}`,
                  question: { _tag: 'Refit', lambda, ...training, path: tracked.path },
                },
              ],
        )
      : []),
  ]
}

/** The questions about the finalists. */
export const questionsAbout = (
  training: Training,
  finalists: ReadonlyArray<Finalist>,
): ReadonlyArray<Unnumbered> => partsOf(training, finalists).map(({ question }) => question)

const metricsOf = (answer: Observation | undefined): SetMetrics | null =>
  answer?._tag === 'LossesEvaluated' || answer?._tag === 'Refitted' ? answer.metrics : null

/** The rows of the finalists, from the answers to {@link questionsAbout} in the order of the questions. */
export const rowsOf = (
  training: Training,
  finalists: ReadonlyArray<Finalist>,
  answers: ReadonlyArray<Observation>,
): ReadonlyArray<ResultRow> => {
  const parts = partsOf(training, finalists)
  const answerTo = (key: string): Observation | undefined =>
    answers[parts.findIndex(part => part.key === key)]
  return finalists.map((finalist, i): ResultRow => {
    const row = unmeasured(finalist)
    const first = leader(finalists, i)
    const refitted = answerTo(`refit ${first}`)
    const alongPath = answerTo(`pathRefit ${i}`)
    const tracked =
      finalist.tracked === undefined
        ? {}
        : { tracked: metricsOf(answerTo(`tracked ${i}`)), pathRefit: metricsOf(alongPath) }
    const trackedWeights =
      finalist.tracked === undefined
        ? {}
        : { pathRefit: alongPath?._tag === 'Refitted' ? alongPath.weights : null }
    return {
      ...row,
      trained: metricsOf(answerTo(`trained ${first}`)),
      refit: metricsOf(refitted),
      bilevelWeights: metricsOf(answerTo(`bilevel ${i}`)),
      weights: {
        ...row.weights,
        refit: refitted?._tag === 'Refitted' ? refitted.weights : null,
        ...trackedWeights,
      },
      ...tracked,
    }
  })
}

/** The weights that rows refer to. */
export const weightsOfRows = (rows: ReadonlyArray<ResultRow>): ReadonlyArray<WeightsRef> =>
  rows.flatMap(({ weights: { trained, refit, bilevel, tracked = null, pathRefit = null } }) =>
    [trained, refit, bilevel, tracked, pathRefit].filter(ref => ref !== null),
  )
