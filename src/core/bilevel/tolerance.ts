/**
 * The arithmetic of the tolerance ε in f(λ, w) ≤ φ(λ) + ε. By default ε is lowered here, by `nextEpsilon`, and nowhere
 * else.
 *
 * Used in the dual step: `dualStep` (dual.ts) calls the part `tolerance` (parts/ToleranceSchedule.ts), which calls this
 * file. That is after every solve of refining, or, with `pair.reference: "solved"`, in minimising. `solveBilevel` has ε at its final
 * value from the start, so there it is never lowered. In: ε and the
 * violation v of the last minimisation. Out: the next ε.
 *
 *     ε⁺ = min(ε, max(least, factor·ε))        if v ≤ 2ε
 *     ε⁺ = ε                                   otherwise
 *     least = max(final·s_f, 1e-13·|f|)        if `unit` is "relative": f has no finer resolution
 *     least = final                            if `unit` is "absolute"
 *
 * Why ε > 0: at ε = 0 every feasible point has ∇(f − φ) = 0, so constraint qualifications fail and the multiplier diverges. As
 * ε → 0 the relaxed optimum tends to the true one; for the paper's quadratic examples the distance is of order √ε.
 */
import * as t from 'io-ts'
import { Positive } from '../codec/Codec.js'

export const ToleranceOptions = t.readonly(
  t.strict({
    /** Whether the two values below are multiples of the scale of f, or in the unit of f itself. */
    unit: t.keyof({ relative: null, absolute: null }, '"relative" or "absolute"'),
    /** The first ε. */
    initial: Positive,
    /** Factor on ε when it is lowered; in (0, 1]. */
    factor: Positive,
    /** ε never falls below this; if `unit` is relative, nor below 1e-13·|f|. */
    final: Positive,
  }),
  'ToleranceOptions',
)
export type ToleranceOptions = t.TypeOf<typeof ToleranceOptions>

/** A violation up to this multiple of ε counts as satisfied when ε is to be lowered. */
export const satisfied = 2

const unitOf = ({ unit }: ToleranceOptions, lowerScale: number): number =>
  unit === 'relative' ? lowerScale : 1

/** Resolution of a violation in float64, relative to the size of f. */
const precision = 1e-13

/** The final ε of the schedule, in the unit of f. On the relative scale it is not below the rounding error of f. */
export const finalEpsilon =
  (options: ToleranceOptions) =>
  (lowerScale: number, lowerValue: number): number =>
    options.unit === 'absolute'
      ? options.final
      : Math.max(options.final * lowerScale, precision * Math.abs(lowerValue))

/** The first ε, in the unit of f. */
export const initialEpsilon =
  (options: ToleranceOptions) =>
  (lowerScale: number): number =>
    options.initial * unitOf(options, lowerScale)

/**
 * ε after a violation v was measured, in the unit of f. If v ≤ 2ε it is lowered by the factor, but not below `least`.
 * Otherwise it is kept: lowering a tolerance that is not yet reached (or is hidden by noise) gains nothing.
 */
export const nextEpsilon =
  ({ factor }: Pick<ToleranceOptions, 'factor'>) =>
  (least: number) =>
  (violation: number) =>
  (epsilon: number): number =>
    violation <= satisfied * epsilon ? Math.min(epsilon, Math.max(least, epsilon * factor)) : epsilon
