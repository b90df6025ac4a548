/**
 * The part `constraint`: how the condition "w minimises f(λ, ·)" becomes a constraint, the coefficient κ that enforces
 * it, and the next μ.
 *
 * Used in minimising (`coefficient`, `violation`, `gradient`) and in the dual step (`next`). In every minimisation the
 * weights descend on F + κ·f at fixed κ, so κ is the only number of this part that they depend on. The default:
 *
 *     v = f − min(φ, f) ≥ 0,  g = v − ε ≤ 0,  κ = μ
 *     μ⁺ = max(0, μ + min(ρ, μ/(2ε))·g), within a factor of 10 of μ and at most multiplier.max·s_F/s_f
 *     μ⁺ = max(0, ρ·g), at most the same maximum, if μ = 0
 *
 * With `pair.reference: "solved"` and a small `pair.balance` v bears no noise, and μ⁺ is where the line through two
 * minimisations says v = ε (`secularMultiplier` in AugmentedLagrangian.ts).
 *
 * f is f(z), at the end z of the relaxed path. φ is the value of the reference (descentEnds.ts): by default f(y), at
 * the reference end y of the pair. The surrogate φ̂ enters only with `pair.reference: "surrogate"`.
 */
import type * as t from 'io-ts'
import { NonNegative } from '../../codec/Codec.js'
import * as AugmentedLagrangian from '../AugmentedLagrangian.js'
import type { Minimised, Multipliers, Setting } from './Multipliers.js'

/** Partial derivatives by λ, each of length d. */
export interface Partials {
  /** ∂F/∂λ at (λ, w). */
  readonly upper: ReadonlyArray<number>
  /** ∂f/∂λ at (λ, w). */
  readonly lower: ReadonlyArray<number>
  /** ∇φ(λ), from the reference; by default ∂f/∂λ(y) at the pair's reference end. */
  readonly phi: ReadonlyArray<number>
}

/**
 * A form of the constraint "f(λ, w) equals φ(λ)": the violation v, the constraint g, the coefficient κ and the
 * multiplier μ.
 *
 * v, g, ε and infeasibility are in the unit of f; μ and κ in the unit of F per unit of f; ρ in the unit of μ per unit
 * of f. Gradients by λ have length d. None of these functions fails; all numbers must be finite.
 *
 * Source: Birgin & Martínez (2008), algorithm 3.1; Nocedal & Wright (2006), §17.4. The paper has h = f − φ̂ = 0.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 *
 * // The paper's form: an equality, without a tolerance.
 * const equation: Parts.ConstraintForm = { ...Parts.defaults.constraint, violation: phi => lower => lower - phi, constraint: () => v => v }
 * // It counts f < φ as a violation. The inequality does not: then the value of φ is wrong.
 * const violations = [equation, Parts.defaults.constraint].map(({ violation }) => violation(0.3)(0.25)) // ≈ [-0.05, 0]
 * const partials: Parts.Partials = { upper: [0], lower: [0.051], phi: [0.05] }
 * Parts.defaults.constraint.gradient(300)(partials) // ≈ [0.3]
 * ```
 */
export interface ConstraintForm {
  /** Decodes a multiplier of this form; checks its sign and range. */
  readonly multiplier: t.Type<number, unknown>
  /** μ₀. */
  readonly initial: (setting: Setting) => number
  /** v, from f(λ, w) and the reference's value of φ(λ). */
  readonly violation: (phi: number) => (lower: number) => number
  /** g; the form requires g ≤ 0, or g = 0. */
  readonly constraint: (epsilon: number) => (violation: number) => number
  /** κ, the factor of ∇f in the next descent of the weights. */
  readonly coefficient: (multipliers: Multipliers) => number
  /** The derivative of the minimised F + κ·g by λ, at fixed w. */
  readonly gradient: (kappa: number) => (partials: Partials) => ReadonlyArray<number>
  /** Distance of g and μ from a solution, ≥ 0; zero at a solution. In the unit of f. */
  readonly infeasibility: (before: Multipliers) => (constraint: number) => number
  /** μ of the next minimisation. */
  readonly next: (setting: Setting) => (minimised: Minimised) => (before: Multipliers) => number
  /** Whether the next multiplier would be nearly the same, so that further dual steps at this λ and ε gain nothing. */
  readonly balanced: (setting: Setting) => (minimised: Minimised) => (multipliers: Multipliers) => boolean
}

/** The relaxation may cost up to this, μ·ε relative to the scale of F, before the violation must agree with ε. */
const price = 1e-9

/** One update changes μ by at most this factor. */
const trust = 10

/** The same where solves are exact, so that the violation bears no noise. */
const exactTrust = 1e4

/**
 * From this `pair.balance` on v need only be of the order of ε, for which one minimisation tells enough. Such an ε is near the
 * rounding of f, and so is the difference between two violations.
 */
const exacting = 0.1

/**
 * g = v − ε ≤ 0 with v = max(0, f − φ), κ = μ, and μ⁺ as at the top of this file.
 *
 * f(λ, w) of any w bounds φ from above. So if f(λ, w) is below the reference's value, that value is wrong, and v = 0.
 * Options: `multiplier`, `pair.balance`. Source: Birgin & Martínez (2008). Differs from the paper, which has an
 * equality, h = f − φ̂ = 0.
 */
export const inequality: ConstraintForm = {
  multiplier: NonNegative,
  initial: ({ config, scales }) => (config.multiplier.initial * scales.upper) / scales.lower,
  violation: phi => lower => lower - Math.min(phi, lower),
  constraint: epsilon => violation => violation - epsilon,
  coefficient: ({ multiplier }) => multiplier,
  gradient: kappa => partials =>
    AugmentedLagrangian.gradient(partials.upper, partials.lower, partials.phi, kappa),
  infeasibility: AugmentedLagrangian.infeasibility,
  next:
    ({ config, scales }) =>
    ({ constraint, violation, epsilon, earlier = null }) =>
    before =>
      config.pair.reference === 'solved' && before.multiplier > 0 && violation > 0
        ? AugmentedLagrangian.secularMultiplier({
            multiplierTrust: exactTrust,
            multiplierMax: (config.multiplier.max * scales.upper) / scales.lower,
          })(epsilon)(config.pair.balance < exacting ? earlier : null)({
            multiplier: before.multiplier,
            violation,
          })
        : AugmentedLagrangian.nextMultiplier({
            multiplierTrust: trust,
            multiplierMax: (config.multiplier.max * scales.upper) / scales.lower,
          })(AugmentedLagrangian.matchedPenalty(before.multiplier, epsilon))(constraint)(before),
  balanced:
    ({ config, scales }) =>
    ({ constraint, epsilon, noise }) =>
    ({ multiplier }) =>
      Math.abs(constraint) <= Math.max(config.pair.balance * epsilon, noise) ||
      // The multiplier tends to zero, or ε is small enough as it is.
      (constraint <= 0 && multiplier * epsilon <= price * scales.upper),
}
