/**
 * The points that a search keeps: plain data with codecs, shared by the phases and the parts.
 *
 * - `Solved`: weights that minimise f(λ, ·) as well as is known, with F, f and ∂f/∂λ there. It comes from a solve or
 *   from the end of a reference path.
 * - `Relaxed`: the augmented Lagrangian's own (λ, w), with its violation v and its merit F + κ·g.
 * - `Scales`: s_F and s_f, the units of F and f: the gain of training over the initial weights.
 *
 * `sampleOf` turns a `Solved` into a sample of φ. By the envelope theorem ∂f/∂λ at a minimizer is ∇φ(λ).
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
/**
 * Weights that minimise f(λ, ·) as well as is known, with F, f and ∂f/∂λ (length d) there.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 *
 * const retrained: Parts.Solved = { lambda: [-5], upper: 0.42, lower: 0.3, lowerGradient: [0.05], weights: 'w30' }
 * // Retrained weights are returned if they validate no worse than the best initial sample.
 * Parts.defaults.choice.accepts({ upper: 0.45 })(retrained) // => true
 * ```
 */
export type Solved = t.TypeOf<typeof Solved>

export const Relaxed = t.readonly(
  t.strict({
    lambda: Vector,
    upper: Finite,
    lower: Finite,
    /** v of the constraint form at (λ, w); by default f − min(f(y), f), with y the reference end of the pair. */
    violation: Finite,
    epsilon: Finite,
    /** F + κ·g. */
    merit: Finite,
    weights: WeightsRef,
  }),
  'Relaxed',
)
/**
 * The augmented Lagrangian's own point (λ, w), whose weights also descend on F. It has v, the ε of its minimisation,
 * and the merit F + κ·(v − ε).
 */
export type Relaxed = t.TypeOf<typeof Relaxed>

export const Scales = t.readonly(t.strict({ upper: Positive, lower: Positive }), 'Scales')
/** The units of F and f: the gain of training over the initial weights. */
export type Scales = t.TypeOf<typeof Scales>

/** The point to keep from an answered solve or descent at λ. */
export const solvedFrom = (
  lambda: ReadonlyArray<number>,
  { upper, lower, lowerGradient, weights }: Omit<Solved, 'lambda'>,
): Solved => ({ lambda, upper, lower, lowerGradient, weights })

/** The sample of φ at a solution: by the envelope theorem, ∂f/∂λ there is ∇φ. The fit estimates its noise. */
export const sampleOf = ({ lambda, lower, lowerGradient }: Solved): Sample => ({
  lambda,
  value: lower,
  gradient: lowerGradient,
  valueNoise: null,
  gradientNoise: null,
})
