import { Bilevel, Codec, Parts } from '../../../src/core/index.js'

/** h = f − φ̂ = 0, the paper's form: no max(0, ·), no tolerance, and μ of either sign. */
export const equality: Parts.ConstraintForm = {
  ...Parts.defaults.constraint,
  multiplier: Codec.Finite,
  initial: () => 2,
  violation: phi => lower => lower - phi,
  constraint: () => h => h,
  infeasibility: () => Math.abs,
  next:
    () =>
    ({ constraint: h }) =>
    ({ multiplier: mu, penalty: rho }) =>
      mu + rho * h,
  balanced:
    () =>
    ({ constraint: h, epsilon }) =>
    () =>
      Math.abs(h) <= epsilon,
}

/** ρ₀ = 2. ρ grows by half in every outer iteration, whatever the violation. */
export const everGrowing: Parts.PenaltySchedule = {
  initial: () => () => 2,
  cap: () => () => Infinity,
  next:
    () =>
    () =>
    () =>
    ({ penalty }) =>
      1.5 * penalty,
}

/** Returns the iterate of the smallest |f − φ̂|. F does not count, nor do the initial samples. */
export const smallestViolation: Parts.Choice = {
  prefers: candidate => incumbent => Math.abs(candidate.violation) < Math.abs(incumbent.violation),
  iterate:
    () =>
    ({ best, relaxed }) =>
      best ?? relaxed,
  lambda:
    () =>
    ({ best, path }) =>
      best?.lambda ?? path[0]!,
  accepts: () => () => true,
}

export const equalityForm = Bilevel.make({
  name: 'equality-form',
  constraint: equality,
  penalty: everGrowing,
  choice: smallestViolation,
})
