/**
 * The tolerance ε of the relaxed constraint f − φ ≤ ε, as a schedule over outer iterations.
 *
 * At ε = 0 every feasible point has ∇(f − φ) = 0: constraint qualifications fail and the multiplier diverges. With
 * ε > 0 they hold, and the relaxed optimum tends to the true one as ε → 0 (for the paper's quadratic examples the
 * distance is of order √ε).
 */
import * as t from 'io-ts'
import { Positive } from '../protocol/Codec.js'

export const ToleranceOptions = t.readonly(
  t.strict({
    /** ε of the first outer iteration, relative to the scale of f. */
    initial: Positive,
    /** What ε is multiplied by each outer iteration; in (0, 1]. */
    factor: Positive,
    /** ε never falls below this, relative to the scale of f. */
    final: Positive,
  }),
  'ToleranceOptions',
)
export type ToleranceOptions = t.TypeOf<typeof ToleranceOptions>

/**
 * ε of an outer iteration, in the unit of f: max(final, initial·factor^k) · lowerScale, k counted from 0.
 */
export const epsilonAt =
  ({ initial, factor, final }: ToleranceOptions) =>
  (lowerScale: number) =>
  (outerIteration: number): number =>
    Math.max(final, initial * factor ** outerIteration) * lowerScale
