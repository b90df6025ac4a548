/**
 * The path of a run, for figures and tables: every measured iterate with its v, ε, μ, ρ and κ, and φ̂ along one coordinate.
 *
 * No phase uses it. Reports read the path from the infos and states of a replayed run. It decides nothing.
 */
import { pipe } from 'fp-ts/lib/function.js'
import * as O from 'fp-ts/lib/Option.js'
import * as t from 'io-ts'
import { Finite, Natural, NonNegative, nullable, Vector } from '../codec/Codec.js'
import type { Info } from '../protocol/Info.js'
import * as ValueFunction from '../surrogate/ValueFunction.js'

export const Iterate = t.readonly(
  t.strict({
    /** Number of the outer iteration, counted from 1. */
    outerIteration: Natural,
    lambda: Vector,
    upperLoss: nullable(Finite),
    violation: Finite,
    epsilon: nullable(Finite),
    multiplier: nullable(Finite),
    penalty: nullable(Finite),
    coefficient: nullable(Finite),
  }),
  'Iterate',
)
/** A λ at which the violation was measured, with the μ, ρ and ε at that time. */
export type Iterate = t.TypeOf<typeof Iterate>

/**
 * The measured iterates in order. An info that only waits for the next answer repeats the last violation but has no
 * stationarity, so it is skipped.
 */
export const iterates = (infos: ReadonlyArray<Info>): ReadonlyArray<Iterate> => {
  let outer = 1
  return infos.flatMap((info): ReadonlyArray<Iterate> => {
    const { lambda, violation, stationarity, upperLoss, epsilon, multiplier, penalty, coefficient } = info
    if (info.phase === 'minimising') outer = info.outerIteration + 1
    if (lambda === null || violation === null || stationarity === null) return []
    return [
      { outerIteration: outer, lambda, upperLoss, violation, epsilon, multiplier, penalty, coefficient },
    ]
  })
}

export const PhiPoint = t.readonly(
  t.strict({
    /** λ_k, the coordinate that varies. */
    at: Finite,
    phiHat: Finite,
    /** Standard deviation of the model at this λ. */
    deviation: NonNegative,
    /** The lowest bound from a sample; `null` without one. */
    bound: nullable(Finite),
  }),
  'PhiPoint',
)
/** φ̂ and its deviation at one λ. */
export type PhiPoint = t.TypeOf<typeof PhiPoint>

/**
 * φ̂ along the coordinate k through `through`, at `count` ≥ 2 points from one bound of the search space to the other.
 */
export const slice =
  (k: number, through: ReadonlyArray<number>, count: number) =>
  (phi: ValueFunction.ValueFunction): ReadonlyArray<PhiPoint> => {
    const { lower, upper } = phi.space[k]!
    return Array.from({ length: count }, (_, i) => {
      const at = lower + ((upper - lower) * i) / (count - 1)
      const lambda = through.map((component, j) => (j === k ? at : component))
      const { mean, variance } = ValueFunction.estimate(lambda)(phi)
      const bound = pipe(
        ValueFunction.lowestBound(lambda)(phi),
        O.map(({ value }) => value),
        O.toNullable,
      )
      return { at, phiHat: mean, deviation: Math.sqrt(variance), bound }
    })
  }
