/**
 * Points that a search went through, with what was found there: plain data, shared by the phases and the parts.
 */
import * as t from 'io-ts'
import { Finite, Positive, Vector } from '../codec/Codec.js'
import { WeightsRef } from '../protocol/Command.js'
import type { Sample } from '../surrogate/Sample.js'

export const Solved = t.readonly(
  t.strict({
    lambda: Vector,
    upper: Finite,
    lower: Finite,
    lowerGradient: Vector,
    weights: WeightsRef,
  }),
  'Solved',
)
/** Weights that minimise f at λ, as well as is known, and what they score there. */
export type Solved = t.TypeOf<typeof Solved>

export const Relaxed = t.readonly(
  t.strict({
    lambda: Vector,
    upper: Finite,
    lower: Finite,
    /** v of the constraint form at (λ, w): f − φ̂. */
    violation: Finite,
    epsilon: Finite,
    /** F + κ·g. */
    merit: Finite,
    weights: WeightsRef,
  }),
  'Relaxed',
)
/** The augmented Lagrangian's own (λ, w): its w descends on F as well. */
export type Relaxed = t.TypeOf<typeof Relaxed>

export const Scales = t.readonly(t.strict({ upper: Positive, lower: Positive }), 'Scales')
/** What the units of F and f are measured by: what training gains over the initial weights. */
export type Scales = t.TypeOf<typeof Scales>

/** What is kept of an answered solve or descent at λ. */
export const solvedFrom = (
  lambda: ReadonlyArray<number>,
  { upper, lower, lowerGradient, weights }: Omit<Solved, 'lambda'>,
): Solved => ({ lambda, upper, lower, lowerGradient, weights })

/** What a solution tells the surrogate: by the envelope theorem, ∂f/∂λ at it is ∇φ. Its noise is for the fit to find. */
export const sampleOf = ({ lambda, lower, lowerGradient }: Solved): Sample => ({
  lambda,
  value: lower,
  gradient: lowerGradient,
  valueNoise: null,
  gradientNoise: null,
})
