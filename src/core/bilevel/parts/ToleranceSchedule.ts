/**
 * The part `tolerance`: the ε of the relaxed constraint f ≤ φ + ε, and when it is lowered.
 *
 * Used in the dual step: in refining, or in minimising with `pair.reference: "solved"`. In: the violation v and ε. Out:
 * the next ε. The default lowers ε to 0.7·ε, down to the final ε, if v ≤ 2ε; tolerance.ts has the arithmetic.
 */
import { finalEpsilon, initialEpsilon, nextEpsilon } from '../tolerance.js'
import type { Setting } from './Multipliers.js'

/**
 * A schedule of ε in f(λ, w) ≤ φ(λ) + ε, in the unit of f. Called once after every minimisation. None of these
 * functions fails; ε must be finite.
 *
 * At ε = 0 constraint qualifications fail and μ diverges. The distance to the true optimum is of order √ε. The paper
 * has no tolerance.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { bilevel, decode, Parts } from 'bilevel-hpo'
 *
 * // ε falls to a tenth, whatever the violation.
 * const impatient: Parts.ToleranceSchedule = { ...Parts.defaults.tolerance, next: () => () => epsilon => epsilon / 10 }
 * const config = decode(bilevel.config)({ space: [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }] })
 * const next = ({ tolerance }: Pick<Parts.Parts, 'tolerance'>, setting: Parts.Setting): number =>
 *   tolerance.next(setting)({ violation: 1, lower: 0.3 })(1e-3)
 * const scales: Parts.Scales = { upper: 2, lower: 2 }
 * // The default keeps ε if the violation is far above it.
 * const both = E.isRight(config)
 *   ? [impatient, Parts.defaults.tolerance].map(tolerance => next({ tolerance }, { config: config.right, scales })) : []
 * both // => [1e-4, 1e-3]
 * ```
 */
export interface ToleranceSchedule {
  /** ε₀ > 0, in the unit of f. */
  readonly initial: (setting: Setting) => number
  /** The smallest ε to lower to, > 0, if the lower-level loss has the value `lower`. */
  readonly final: (setting: Setting) => (lower: number) => number
  /** ε of the next minimisation, > 0 and at most `epsilon`, after a violation was measured. */
  readonly next: (
    setting: Setting,
  ) => (measured: { readonly violation: number; readonly lower: number }) => (epsilon: number) => number
}

const final: ToleranceSchedule['final'] =
  ({ config, scales }) =>
  lower =>
    finalEpsilon(config.epsilon)(scales.lower, lower)

/** ε⁺ = max(factor·ε, final) if v ≤ 2ε, else ε: see tolerance.ts. Options: `epsilon`. The paper has no tolerance. */
export const whereReached: ToleranceSchedule = {
  initial: ({ config, scales }) => initialEpsilon(config.epsilon)(scales.lower),
  final,
  next: setting => {
    const least = final(setting)
    const lowered = nextEpsilon(setting.config.epsilon)
    return ({ violation, lower }) => lowered(least(lower))(violation)
  },
}
