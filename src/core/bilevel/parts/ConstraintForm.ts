/**
 * The constraint form: how "w minimises f(λ, ·)" is written as a constraint, and which force κ holds w to it.
 *
 * In every minimisation the shell's weights descend on F + κ·f with κ held, which leaves one number for this part to
 * choose. The method minimises, measures v, and asks for the next multiplier.
 *
 * The default is the inequality g = v − ε ≤ 0 of AugmentedLagrangian.ts.
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
  /** ∇φ̂(λ). */
  readonly phi: ReadonlyArray<number>
}

/**
 * A form of the constraint "f(λ, w) is φ(λ)": the violation v, the constraint g, the force κ and the multiplier μ.
 *
 * v, g, ε and infeasibility are in the unit of f; μ and κ in that of F over that of f; ρ in that of μ over that of f.
 * Gradients by λ are of length d. None of these fails; all numbers are to be finite.
 *
 * Source: Birgin & Martínez (2008), algorithm 3.1; Nocedal & Wright (2006), §17.4. The paper has h = f − φ̂ = 0.
 */
export interface ConstraintForm {
  /** Decodes a multiplier that this form may have: its sign, its range. */
  readonly multiplier: t.Type<number, unknown>
  /** μ₀. */
  readonly initial: (setting: Setting) => number
  /** v, from f(λ, w) and φ̂(λ). */
  readonly violation: (phi: number) => (lower: number) => number
  /** g; the form asks for g ≤ 0, or for g = 0. */
  readonly constraint: (epsilon: number) => (violation: number) => number
  /** κ, by which ∇f enters the next descent of the weights. */
  readonly coefficient: (multipliers: Multipliers) => number
  /** The derivative by λ of what is minimised, F + κ·g, at fixed w. */
  readonly gradient: (kappa: number) => (partials: Partials) => ReadonlyArray<number>
  /** How far g and μ are from a solution, ≥ 0; zero at one. In the unit of f. */
  readonly infeasibility: (before: Multipliers) => (constraint: number) => number
  /** μ of the next minimisation. */
  readonly next: (setting: Setting) => (minimised: Minimised) => (before: Multipliers) => number
  /** Whether the next multiplier would be nearly the same: at this λ and ε there is nothing left to gain from one. */
  readonly balanced: (setting: Setting) => (minimised: Minimised) => (multipliers: Multipliers) => boolean
}

/** What the relaxation may cost, μ·ε, relative to the scale of F, before the violation has to agree with ε. */
const price = 1e-9

/** μ changes by at most this factor at a time. */
const trust = 10

/**
 * g = v − ε ≤ 0 with v = f − φ̂ ≥ 0, κ = μ and μ⁺ = max(0, μ + ρ·g) within its safeguards.
 *
 * Any w bounds φ from above, so where f(λ, w) is below φ̂(λ), it is φ̂ that errs, and v = 0. Options: `multiplier`,
 * `pair.balance`. Source: Birgin & Martínez (2008). Differs from the paper, which has an equation, h = f − φ̂ = 0.
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
    ({ constraint, epsilon }) =>
    before =>
      AugmentedLagrangian.nextMultiplier({
        multiplierTrust: trust,
        multiplierMax: (config.multiplier.max * scales.upper) / scales.lower,
      })(AugmentedLagrangian.matchedPenalty(before.multiplier, epsilon))(constraint)(before),
  balanced:
    ({ config, scales }) =>
    ({ constraint, epsilon, noise }) =>
    ({ multiplier }) =>
      Math.abs(constraint) <= Math.max(config.pair.balance * epsilon, noise) ||
      // A multiplier that goes to zero, or an ε that is small enough anyway.
      (constraint <= 0 && multiplier * epsilon <= price * scales.upper),
}
