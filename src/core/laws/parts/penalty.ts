/** The laws of a penalty schedule. */
import * as fc from 'fast-check'
import type { First, Minimised, Multipliers, Setting } from '../../bilevel/parts/Multipliers.js'
import type { PenaltySchedule } from '../../bilevel/parts/PenaltySchedule.js'
import { examine, type Options } from '../examine.js'
import { every, type Law, silent, unless } from '../Law.js'
import { magnitudes, thousandths } from '../numbers.js'
import type { Report } from '../Report.js'
import { settings } from './configs.js'

interface Case {
  readonly setting: Setting
  /** μ/μ₀, ρ/ρ₀, ε/ε₀. */
  readonly multiplier: number
  readonly penalty: number
  readonly epsilon: number
  /** Infeasibility before, in multiples of ε; `null` in the first outer iteration. */
  readonly before: number | null
  /** Infeasibility now, as a share of the one before (in the first iteration, of ε). */
  readonly share: number
  /** Noise, in multiples of the infeasibility now. */
  readonly noise: number
}

export interface PenaltyEvidence {
  readonly setting: Setting
  readonly first: First
  readonly before: Multipliers
  readonly measured: Minimised & { readonly infeasibility: number }
  readonly initial: number
  readonly cap: number
  readonly next: number
}

const birgin = 'Birgin & Martínez 2008, algorithm 3.1'
const described = ({ before, measured, next }: PenaltyEvidence): string =>
  `ρ goes from ${before.penalty} to ${next}; infeasibility was ${String(before.infeasibility)} and is ` +
  `${measured.infeasibility} (noise ${measured.noise}, ε ${measured.epsilon}, μ ${before.multiplier})`

type PenaltyLaw = Law<PenaltyEvidence>

export const penaltyPositive: PenaltyLaw = {
  name: 'penalty is positive',
  meaning: 'ρ₀ and every ρ after it are finite and greater than zero, and the cap is not below ρ₀.',
  source: 'the augmented Lagrangian divides by ρ (Nocedal & Wright 2006, eq. 17.56)',
  check: evidence =>
    every([
      unless(
        evidence.initial > 0 && Number.isFinite(evidence.initial) && evidence.cap >= evidence.initial,
        () => `ρ₀ is ${evidence.initial} and the cap ${evidence.cap}`,
      ),
      unless(evidence.next > 0 && Number.isFinite(evidence.next), () => described(evidence)),
    ]),
}

export const penaltyNeverFalls: PenaltyLaw = {
  name: 'penalty never falls',
  meaning: 'ρ is never lowered: a constraint, once enforced, stays enforced.',
  source: birgin,
  check: evidence => unless(evidence.next >= evidence.before.penalty, () => described(evidence)),
}

export const penaltyStays: PenaltyLaw = {
  name: 'penalty stays where infeasibility shrank',
  meaning:
    'ρ is kept if infeasibility fell to the sufficient share of its earlier value: the multiplier alone makes progress then.',
  source: `${birgin}; the paper multiplies ρ by 1.5 in every outer iteration`,
  check: evidence => {
    const { before, measured, setting } = evidence
    return before.infeasibility !== null &&
      measured.infeasibility <= setting.config.penalty.sufficientDecrease * before.infeasibility
      ? unless(evidence.next === before.penalty, () => described(evidence))
      : silent
  },
}

export const penaltyIgnoresNoise: PenaltyLaw = {
  name: 'penalty ignores noise',
  meaning: 'An infeasibility within its noise does not raise ρ.',
  source: 'core/bilevel/parts/PenaltySchedule.ts: if noise counted as a stall, it would drive ρ to its cap',
  check: evidence =>
    evidence.measured.infeasibility <= evidence.measured.noise
      ? unless(evidence.next === evidence.before.penalty, () => described(evidence))
      : silent,
}

export const penaltyGrows: PenaltyLaw = {
  name: 'penalty grows where it stalls',
  meaning:
    'If infeasibility is above noise and slack and did not shrink enough, ρ grows, unless it is at its cap or at μ/(2ε), beyond which growth does not help.',
  source: `${birgin}; core/bilevel/AugmentedLagrangian.ts (matchedPenalty)`,
  check: evidence => {
    const { before, measured, setting, cap } = evidence
    const { penalty, pair } = setting.config
    const stalls =
      before.infeasibility !== null &&
      measured.infeasibility > penalty.sufficientDecrease * before.infeasibility &&
      measured.infeasibility > Math.max(pair.balance * measured.epsilon, measured.noise)
    const below = Math.min(cap, before.multiplier / (2 * measured.epsilon))
    return stalls && before.penalty < below
      ? unless(evidence.next > before.penalty, () => described(evidence))
      : silent
  },
}

export const penaltyCapped: PenaltyLaw = {
  name: 'penalty within its cap',
  meaning: 'ρ does not grow beyond the cap that the schedule states.',
  source: 'core/bilevel/parts/PenaltySchedule.ts: at the cap a violation is called hopeless',
  check: evidence =>
    unless(
      evidence.next <= Math.max(evidence.before.penalty, evidence.cap) * (1 + 1e-12),
      () => `${described(evidence)}; the cap is ${evidence.cap}`,
    ),
}

/** Every law of a penalty schedule. */
export const penaltyLaws = [
  penaltyPositive,
  penaltyNeverFalls,
  penaltyStays,
  penaltyIgnoresNoise,
  penaltyGrows,
  penaltyCapped,
] as const

const evidenceOf =
  (schedule: PenaltySchedule) =>
  ({ setting, before, share, ...relative }: Case): PenaltyEvidence => {
    const { config, scales } = setting
    const unit = config.epsilon.unit === 'relative' ? scales.lower : 1
    const first: First = {
      multiplier: (config.multiplier.initial * scales.upper) / scales.lower,
      epsilon: config.epsilon.initial * unit,
    }
    const [initial, cap] = [schedule.initial(setting)(first), schedule.cap(setting)(first)]
    const epsilon = first.epsilon * relative.epsilon
    const was = before === null ? null : before * epsilon
    const infeasibility = share * (was ?? epsilon)
    const held: Multipliers = {
      multiplier: first.multiplier * relative.multiplier,
      penalty: initial * relative.penalty,
      infeasibility: was,
    }
    const measured = {
      violation: epsilon + infeasibility,
      epsilon,
      constraint: infeasibility,
      noise: relative.noise * infeasibility,
      outerIteration: before === null ? 0 : 1,
      infeasibility,
    }
    return {
      setting,
      first,
      before: held,
      measured,
      initial,
      cap,
      next: schedule.next(setting)(first)(measured)(held),
    }
  }

/**
 * Examines a penalty schedule.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * Laws.passed(Laws.penaltySchedule(Parts.defaults.penalty)({ runs: 20 })) // => true
 * // A penalty of zero: the augmented Lagrangian divides by it.
 * const zero = { ...Parts.defaults.penalty, initial: () => () => 0 }
 * Laws.broken(Laws.penaltySchedule(zero)({ runs: 20 })).includes('penalty is positive') // => true
 * ```
 */
export const penaltySchedule =
  (schedule: PenaltySchedule) =>
  (options: Options = {}): Report =>
    examine<Case, PenaltyEvidence>(
      {
        subject: 'penalty schedule',
        cases: fc.record({
          setting: settings,
          multiplier: magnitudes(-2, 4),
          penalty: magnitudes(0, 6),
          epsilon: magnitudes(-4, 0),
          before: fc.option(magnitudes(-3, 3), { nil: null }),
          share: fc.oneof(thousandths(0, 1.5), magnitudes(-4, 3)),
          noise: fc.oneof(fc.constant(0), thousandths(0, 2)),
        }),
        evidence: evidenceOf(schedule),
        laws: penaltyLaws,
      },
      options,
    )
