/**
 * The dual side of an iteration: multiplier, penalty and tolerance after a violation was measured.
 */
import type { BilevelConfig } from './Config.js'
import * as AugmentedLagrangian from './AugmentedLagrangian.js'
import type { Search } from './State.js'
import { finalEpsilon, initialEpsilon, nextEpsilon } from './Tolerance.js'

/** Units of μ and ρ at the start: what relative options are multiplied by. */
export const dualScales = (
  { multiplier, penalty, epsilon }: BilevelConfig,
  scales: Search['scales'],
): { readonly multiplier: number; readonly penalty: number } => {
  const first = (multiplier.initial * scales.upper) / scales.lower
  return { multiplier: first, penalty: (penalty.initial * first) / initialEpsilon(epsilon)(scales.lower) }
}

/** ε where it is not lowered any more. */
const leastEpsilon = ({ epsilon }: BilevelConfig, { scales, base }: Search): number =>
  finalEpsilon(epsilon)(scales.lower, base.lower)

const safeguards = (config: BilevelConfig, scales: Search['scales']): AugmentedLagrangian.Safeguards => ({
  multiplierTrust: 10,
  multiplierMax: (config.multiplier.max * scales.upper) / scales.lower,
  penaltyMax: config.penalty.max * dualScales(config, scales).penalty,
  penaltyGrowth: config.penalty.growth,
  sufficientDecrease: config.penalty.sufficientDecrease,
})

/**
 * The search after its dual step. `noise` (unit of f) is the violation that cannot be told from zero: it is no reason
 * to raise the penalty.
 */
export const dualStep =
  (config: BilevelConfig) =>
  (noise: number) =>
  (search: Search): Search => {
    const { relaxed, multipliers, scales } = search
    if (relaxed === null) return search
    const options = {
      slack: Math.max(config.pair.balance * relaxed.epsilon, noise),
      matched: AugmentedLagrangian.matchedPenalty(multipliers.multiplier, relaxed.epsilon),
    }
    return {
      ...search,
      multipliers: AugmentedLagrangian.update(safeguards(config, scales))(options)(
        relaxed.violation - relaxed.epsilon,
      )(multipliers),
      epsilon: nextEpsilon(config.epsilon)(leastEpsilon(config, search))(relaxed.violation)(search.epsilon),
    }
  }

/** What float64 leaves uncertain of f(z) − f(y), relative to the size of f: a few units in the last place. */
const precision = 1e-15

/** The violation that cannot be told from zero, as a difference of two values of f. */
const roundingOf = ({ relaxed, scales }: Search): number =>
  precision * Math.max(Math.abs(relaxed?.lower ?? 0), scales.lower)

/** What the relaxation may cost, μ·ε, relative to the scale of F, before the violation has to agree with ε. */
const price = 1e-9

/**
 * Whether there is nothing more to gain from dual steps at this λ: ε is final, and the violation agrees with it, as far
 * as rounding lets it be known, or is less where that costs next to nothing (a multiplier that goes to zero, or an ε that is small enough anyway).
 */
export const balanced =
  (config: BilevelConfig) =>
  (search: Search): boolean => {
    const { relaxed, multipliers, scales } = search
    // The least ε depends on the size of f, which differs a little from one λ to the next.
    if (relaxed === null || relaxed.epsilon > 2 * leastEpsilon(config, search)) return false
    const gap = relaxed.violation - relaxed.epsilon
    const cheap = multipliers.multiplier * relaxed.epsilon <= price * scales.upper
    const close = Math.max(config.pair.balance * relaxed.epsilon, roundingOf(search))
    return Math.abs(gap) <= close || (gap <= 0 && cheap)
  }
