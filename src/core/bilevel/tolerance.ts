/**
 * The tolerance ε of the relaxed constraint f − φ ≤ ε, as a schedule.
 *
 * At ε = 0 every feasible point has ∇(f − φ) = 0: constraint qualifications fail and the multiplier diverges. With
 * ε > 0 they hold, and the relaxed optimum tends to the true one as ε → 0 (for the paper's quadratic examples the
 * distance is of order √ε).
 */
import * as t from 'io-ts'
import { Positive } from '../codec/Codec.js'

export const ToleranceOptions = t.readonly(
  t.strict({
    /** Whether the two values below are in multiples of the scale of f, or in the unit of f itself. */
    unit: t.keyof({ relative: null, absolute: null }, '"relative" or "absolute"'),
    /** ε at first. */
    initial: Positive,
    /** What ε is multiplied by when it is lowered; in (0, 1]. */
    factor: Positive,
    /** ε never falls below this. */
    final: Positive,
  }),
  'ToleranceOptions',
)
export type ToleranceOptions = t.TypeOf<typeof ToleranceOptions>

/** A violation up to this multiple of ε counts as satisfied for the purpose of lowering ε. */
export const satisfied = 2

const unitOf = ({ unit }: ToleranceOptions, lowerScale: number): number =>
  unit === 'relative' ? lowerScale : 1

/** What float64 can tell of a violation, relative to the size of f. */
const precision = 1e-13

/** The least ε of the schedule, in the unit of f; on the relative scale not below what rounding of f leaves visible. */
export const finalEpsilon =
  (options: ToleranceOptions) =>
  (lowerScale: number, lowerValue: number): number =>
    options.unit === 'absolute'
      ? options.final
      : Math.max(options.final * lowerScale, precision * Math.abs(lowerValue))

/** ε before anything was measured, in the unit of f. */
export const initialEpsilon =
  (options: ToleranceOptions) =>
  (lowerScale: number): number =>
    options.initial * unitOf(options, lowerScale)

/**
 * ε after a violation v was measured, in the unit of f: lowered by the factor, but not below the least, where
 * v ≤ 2ε; else kept, for a tolerance that is not reached yet (or drowns in noise) is not worth lowering.
 */
export const nextEpsilon =
  ({ factor }: Pick<ToleranceOptions, 'factor'>) =>
  (least: number) =>
  (violation: number) =>
  (epsilon: number): number =>
    violation <= satisfied * epsilon ? Math.min(epsilon, Math.max(least, epsilon * factor)) : epsilon
