/** Faults of the dual parts: constraint form, penalty schedule, tolerance schedule. */
import { Parts } from '../../../src/core/index.js'
import { Laws } from '../../../src/core/laws/index.js'
import type { Mutant } from './Mutant.js'

const { constraint, penalty, tolerance } = Parts.defaults

const ofConstraint = (
  name: string,
  law: string,
  fault: string,
  change: Partial<typeof constraint>,
): Mutant => ({ name, law, fault, examine: Laws.constraintForm({ ...constraint, ...change }) })

const ofPenalty = (name: string, law: string, fault: string, change: Partial<typeof penalty>): Mutant => ({
  name,
  law,
  fault,
  examine: Laws.penaltySchedule({ ...penalty, ...change }),
})

const ofTolerance = (
  name: string,
  law: string,
  fault: string,
  change: Partial<typeof tolerance>,
): Mutant => ({
  name,
  law,
  fault,
  examine: Laws.toleranceSchedule({ ...tolerance, ...change }),
})

export const constraintMutants: ReadonlyArray<Mutant> = [
  ofConstraint('force with its sign flipped', 'force is not negative', 'κ = −μ.', {
    coefficient: ({ multiplier }) => -multiplier,
  }),
  ofConstraint('force falls', 'force grows with the multiplier', 'κ = 1/(1 + μ).', {
    coefficient: ({ multiplier }) => 1 / (1 + multiplier),
  }),
  ofConstraint('gradient with its sign flipped', 'gradient is the derivative', 'κ·(∇φ̂ − ∂f/∂λ).', {
    gradient:
      kappa =>
      ({ upper, lower, phi }) =>
        constraint.gradient(kappa)({ upper, lower: phi, phi: lower }),
  }),
  ofConstraint('gradient without φ̂', 'gradient is the derivative', '∇φ̂ is left out, as if φ were constant.', {
    gradient: kappa => partials =>
      constraint.gradient(kappa)({ ...partials, phi: partials.phi.map(() => 0) }),
  }),
  ofConstraint(
    'violation without max(0, ·)',
    'violation not negative',
    'v = f − φ̂, even if it is negative.',
    {
      violation: phi => lower => lower - phi,
    },
  ),
  ofConstraint(
    'squared violation',
    'violation is f − φ̂',
    'v = (f − φ̂)²: its gradient vanishes if the constraint holds.',
    {
      violation: phi => lower => Math.max(0, lower - phi) ** 2,
    },
  ),
  ofConstraint('ε with its sign flipped', 'relaxed by epsilon', 'g = v + ε can never be met.', {
    constraint: epsilon => violation => violation + epsilon,
  }),
  ofConstraint('multiplier without max(0, ·)', 'multiplier not negative', 'μ⁺ = μ + ρ·g.', {
    multiplier: constraint.multiplier,
    next:
      () =>
      ({ constraint: g }) =>
      ({ multiplier, penalty: rho }) =>
        multiplier + rho * g,
  }),
  ofConstraint(
    'multiplier not clamped',
    'multiplier within its range',
    'μ⁺ = max(0, μ + ρ·g), however large.',
    {
      next:
        () =>
        ({ constraint: g }) =>
        ({ multiplier, penalty: rho }) =>
          Math.max(0, multiplier + rho * g),
    },
  ),
  ofConstraint(
    'multiplier against the constraint',
    'multiplier follows the constraint',
    'μ⁺ is that of −g.',
    {
      next: setting => measured =>
        constraint.next(setting)({ ...measured, constraint: -measured.constraint }),
    },
  ),
  ofConstraint('multiplier that never moves', 'multiplier answers the constraint', 'μ⁺ = μ.', {
    next:
      () =>
      () =>
      ({ multiplier }) =>
        multiplier,
  }),
  ofConstraint('infeasibility without complementarity', 'complementary', '|g| instead of |max(g, −μ/ρ)|.', {
    infeasibility: () => Math.abs,
  }),
  ofConstraint('always balanced', 'balanced at a solution only', 'Every state counts as balanced.', {
    balanced: () => () => () => true,
  }),
]

export const penaltyMutants: ReadonlyArray<Mutant> = [
  ofPenalty('shrinking penalty', 'penalty never falls', 'ρ is halved if infeasibility is small.', {
    next: setting => first => measured => before =>
      measured.infeasibility < measured.epsilon
        ? before.penalty / 2
        : penalty.next(setting)(first)(measured)(before),
  }),
  ofPenalty(
    'penalty that grows anyway',
    'penalty stays where infeasibility shrank',
    'ρ⁺ = 1.5ρ in every iteration.',
    {
      next: () => () => () => before => 1.5 * before.penalty,
    },
  ),
  ofPenalty('penalty that never grows', 'penalty grows where it stalls', 'ρ⁺ = ρ.', {
    next: () => () => () => before => before.penalty,
  }),
  ofPenalty(
    'comparison the wrong way',
    'penalty grows where it stalls',
    'The share is taken of the current infeasibility, not of the earlier one.',
    {
      next: setting => first => measured => before =>
        penalty.next(setting)(first)(
          before.infeasibility === null ? measured : { ...measured, infeasibility: before.infeasibility },
        )(before.infeasibility === null ? before : { ...before, infeasibility: measured.infeasibility }),
    },
  ),
  ofPenalty('noise read as a stall', 'penalty ignores noise', 'The noise is ignored.', {
    next: setting => first => measured => penalty.next(setting)(first)({ ...measured, noise: 0, epsilon: 0 }),
  }),
  ofPenalty('penalty beyond its cap', 'penalty within its cap', 'The cap is stated but not kept.', {
    next:
      ({ config }) =>
      () =>
      ({ infeasibility, noise, epsilon }) =>
      before =>
        before.infeasibility !== null &&
        infeasibility > config.penalty.sufficientDecrease * before.infeasibility &&
        infeasibility > Math.max(noise, config.pair.balance * epsilon)
          ? before.penalty * config.penalty.growth
          : before.penalty,
  }),
  ofPenalty('no penalty at first', 'penalty is positive', 'ρ₀ = 0.', { initial: () => () => 0 }),
]

export const toleranceMutants: ReadonlyArray<Mutant> = [
  ofTolerance('ε that grows', 'tolerance never grows', 'ε is raised if it is violated.', {
    next: setting => measured => epsilon =>
      measured.violation > 2 * epsilon ? 2 * epsilon : tolerance.next(setting)(measured)(epsilon),
  }),
  ofTolerance('ε that vanishes', 'tolerance is positive', 'A small ε becomes 0.', {
    next: setting => measured => epsilon =>
      epsilon < tolerance.initial(setting) / 10 ? 0 : tolerance.next(setting)(measured)(epsilon),
  }),
  ofTolerance(
    'ε that does not wait',
    'tolerance waits for the violation',
    'ε is lowered whatever the violation.',
    {
      next: setting => measured => tolerance.next(setting)({ ...measured, violation: 0 }),
    },
  ),
  ofTolerance('ε without a floor', 'tolerance not below its final value', 'ε⁺ = factor·ε without end.', {
    next:
      ({ config }) =>
      ({ violation }) =>
      epsilon =>
        violation <= 2 * epsilon ? Math.max(Number.MIN_VALUE, epsilon * config.epsilon.factor) : epsilon,
  }),
  ofTolerance('ε that stays', 'tolerance reaches its final value', 'ε⁺ = ε.', {
    next: () => () => epsilon => epsilon,
  }),
]
