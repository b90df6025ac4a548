import { Bilevel, Parts } from '../../../src/core/index.js'

/**
 * The pure quadratic penalty F + (ρ/2)·max(0, g)², without a multiplier. Only κ = ρ·max(0, g) holds w to the constraint.
 *
 * At its minimum g = κ/ρ > 0. Only a larger ρ reduces this violation (Nocedal & Wright, §17.1).
 */
export const quadratic: Parts.ConstraintForm = {
  ...Parts.defaults.constraint,
  infeasibility: () => g => Math.max(0, g),
  // The field `multiplier` holds κ here. Weights descend at a fixed κ, and v falls as 1/κ² as κ grows.
  // So κ = ρ·max(0, g(κ)) is an equation for κ. This is one step of Newton's method on it.
  next:
    ({ config, scales }) =>
    ({ constraint, violation }) =>
    ({ multiplier: kappa, penalty: rho }) => {
      const excess = kappa - rho * Math.max(0, constraint)
      const slope = kappa > 0 ? 1 + (2 * rho * Math.max(0, violation)) / kappa : 1
      const cap = (config.multiplier.max * scales.upper) / scales.lower
      return Math.min(cap, Math.max(kappa / 10, kappa - excess / slope))
    },
  balanced:
    ({ config }) =>
    ({ constraint }) =>
    ({ multiplier: kappa, penalty: rho }) =>
      Math.abs(kappa - rho * Math.max(0, constraint)) <= config.pair.balance * kappa,
}

export const quadraticPenalty = Bilevel.make({ name: 'quadratic-penalty', constraint: quadratic })
