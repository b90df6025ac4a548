/**
 * What a person or a plot wants to know of a step; nothing that the next step needs (that is the state's).
 */
import * as t from 'io-ts'
import { Finite, listOf, Natural, NonNegative, nullable, Vector } from '../codec/Codec.js'
import { WeightsRef } from './Command.js'
import { SetMetrics } from './Observation.js'

export const ResultRow = t.readonly(
  t.strict({
    name: t.string,
    lambda: Vector,
    /** Weights trained on the training set at λ. */
    trained: nullable(SetMetrics),
    /** Weights trained on training and validation set at λ. */
    refit: nullable(SetMetrics),
    /** The method's own weights: they descended on validation data. */
    bilevelWeights: nullable(SetMetrics),
    /** The λ that those weights, `violation` and `epsilon` belong to: the last iterate, not a mean of several. */
    bilevelLambda: nullable(Vector),
    /** Where the shell keeps the weights that were measured. */
    weights: t.readonly(
      t.strict({ trained: nullable(WeightsRef), refit: nullable(WeightsRef), bilevel: nullable(WeightsRef) }),
    ),
    lowerLevelSolves: Natural,
    /** Training examples whose gradient was taken to find λ, finishing excluded. */
    effort: NonNegative,
    violation: nullable(Finite),
    epsilon: nullable(Finite),
  }),
  'ResultRow',
)
/** One line of the table a run ends with. */
export type ResultRow = t.TypeOf<typeof ResultRow>

export const Outcome = t.readonly(
  t.strict({
    /** A short, stable name of why the method stopped. */
    stopReason: t.string,
    /** The same as a full sentence. */
    message: t.string,
    rows: listOf(ResultRow, 'a list of rows'),
  }),
  'Outcome',
)
/** How a run ended. */
export type Outcome = t.TypeOf<typeof Outcome>

export const Info = t.readonly(
  t.strict({
    phase: t.string,
    outerIteration: Natural,
    innerIteration: Natural,
    /** The share of the whole run that is done, by the method's own reckoning, in [0, 1]. */
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
    /** Largest component of the projected gradient of the augmented Lagrangian by unit coordinates, in units of F. */
    stationarity: nullable(NonNegative),
    /** κ = max(0, μ + ρ·g), by which ∇f enters the weights' descent. */
    coefficient: nullable(Finite),
    lowerLevelSolves: Natural,
    /** Training examples whose gradient was taken so far. */
    effort: NonNegative,
    /** What just happened, where it is worth a sentence. */
    message: nullable(t.string),
    outcome: nullable(Outcome),
  }),
  'Info',
)
/** What a person wants to know of a step. */
export type Info = t.TypeOf<typeof Info>

/** An `Info` that says nothing: what a method has nothing to say of stays so. */
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
