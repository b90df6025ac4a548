/**
 * What a person or a plot wants to know about a step. The next step reads none of it; it reads the state.
 */
import * as t from 'io-ts'
import { Finite, listOf, Natural, NonNegative, nullable, Vector } from '../codec/Codec.js'
import { WeightsRef } from './Command.js'
import { SetMetrics } from './Observation.js'

/** Fields of methods that track weights; the rows of other methods lack them. */
const trackedFields = t.partial({
  /** Weights that followed λ's path on training data alone. */
  tracked: nullable(SetMetrics),
  /** Weights trained on training and validation set while λ repeated its path. */
  pathRefit: nullable(SetMetrics),
  /** By how much the upper level fell along λ's path through each hyperparameter, −∫ ∂M/∂λ_k dλ_k; in units of F. */
  gains: Vector,
})

const trackedWeights = t.partial({ tracked: nullable(WeightsRef), pathRefit: nullable(WeightsRef) })

export const ResultRow = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        name: t.string,
        lambda: Vector,
        /** Weights trained on the training set at λ. */
        trained: nullable(SetMetrics),
        /** Weights trained on training and validation set at λ. */
        refit: nullable(SetMetrics),
        /** Weights of the augmented Lagrangian; they descended on validation data. */
        bilevelWeights: nullable(SetMetrics),
        /** The λ of those weights, of `violation` and of `epsilon`: the last iterate, not a mean over several. */
        bilevelLambda: nullable(Vector),
        /** References to the weights that were measured. */
        weights: t.readonly(
          t.exact(
            t.intersection([
              t.type({
                trained: nullable(WeightsRef),
                refit: nullable(WeightsRef),
                bilevel: nullable(WeightsRef),
              }),
              trackedWeights,
            ]),
          ),
        ),
        lowerLevelSolves: Natural,
        /** Training examples whose gradient was taken to find λ, finishing excluded. */
        effort: NonNegative,
        violation: nullable(Finite),
        epsilon: nullable(Finite),
      }),
      trackedFields,
    ]),
  ),
  'ResultRow',
)
/**
 * One row of the final table: a λ, the metrics of its trained, refitted, bilevel and tracked weights on every set, and what
 * was spent to find it.
 */
export type ResultRow = t.TypeOf<typeof ResultRow>

export const Outcome = t.readonly(
  t.strict({
    /** A short, stable name of the reason why the method stopped. */
    stopReason: t.string,
    /** The same reason as a full sentence. */
    message: t.string,
    rows: listOf(ResultRow, 'a list of rows'),
  }),
  'Outcome',
)
/**
 * How a run ended: the reason, as a name and as a sentence, and the rows of the result.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, type Outcome, type ResultRow, randomSearch } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config = decode(randomSearch.config)({ space, budget: { lowerLevelSolves: 4 } })
 * const run = E.isRight(config) ? Simulate.drive(randomSearch)(config.right, world) : null
 * const outcome: Outcome | null = run?.transitions.at(-1)?.info.outcome ?? null
 * outcome?.stopReason // => 'budgetSpent'
 * const rows: ReadonlyArray<ResultRow> = outcome?.rows ?? []
 * rows.map(({ name }) => name) // => ['random']
 * ```
 */
export type Outcome = t.TypeOf<typeof Outcome>

/** The accuracy of a measured gradient; only methods that measure it have these fields. */
const accuracyFields = t.partial({
  /** Length of the gradient by unit coordinates without its noise, in units of F. */
  signal: NonNegative,
  /** Standard deviation of one measurement of the gradient, over all coordinates, in units of F. */
  noise: NonNegative,
  /** Standard deviation of the gradient that the step uses, the average of several measurements, in units of F. */
  deviation: NonNegative,
  /** Estimated length of the gradient's error that grows with 1/κ, in units of F. */
  bias: NonNegative,
})

export const Info = t.readonly(
  t.exact(
    t.intersection([
      t.type({
        phase: t.string,
        outerIteration: Natural,
        innerIteration: Natural,
        /** The share of the whole run that is done, in [0, 1], as the method estimates it. */
        progress: NonNegative,
        lambda: nullable(Vector),
        upperLoss: nullable(Finite),
        lowerLoss: nullable(Finite),
        phiHat: nullable(Finite),
        /** Standard deviation of φ̂ at λ. */
        phiDeviation: nullable(Finite),
        /** f − φ̂. */
        violation: nullable(Finite),
        epsilon: nullable(Finite),
        multiplier: nullable(Finite),
        penalty: nullable(Finite),
        /** ‖projected gradient of the augmented Lagrangian by unit coordinates‖∞, in units of F. */
        stationarity: nullable(NonNegative),
        /** κ = max(0, μ + ρ·g), the factor of ∇f in the descent of the weights. */
        coefficient: nullable(Finite),
        lowerLevelSolves: Natural,
        /** Training examples whose gradient was taken so far. */
        effort: NonNegative,
        /** A sentence about the step, if it deserves one. */
        message: nullable(t.string),
        outcome: nullable(Outcome),
      }),
      accuracyFields,
    ]),
  ),
  'Info',
)
/**
 * What a person or a plot wants to know about a step: phase, losses, φ̂ and its deviation, violation, multiplier,
 * penalty, what was spent. The next step reads none of it. A field without a value is `null`.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch, type Info } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const begun = E.flatMap(gridSearch.init)(decode(gridSearch.config)({ space, budget: { lowerLevelSolves: 5 } }))
 * const info: Info | null = E.isRight(begun) ? begun.right.info : null
 * const fields = [info?.phase, info?.outcome, info?.lowerLevelSolves] // => ['searching', null, 5]
 * ```
 */
export type Info = t.TypeOf<typeof Info>

/** An `Info` with every field empty. A method overwrites the fields that it has values for. */
export const blank: Info = {
  phase: '',
  outerIteration: 0,
  innerIteration: 0,
  progress: 0,
  lambda: null,
  upperLoss: null,
  lowerLoss: null,
  phiHat: null,
  phiDeviation: null,
  violation: null,
  epsilon: null,
  multiplier: null,
  penalty: null,
  stationarity: null,
  coefficient: null,
  lowerLevelSolves: 0,
  effort: 0,
  message: null,
  outcome: null,
}
