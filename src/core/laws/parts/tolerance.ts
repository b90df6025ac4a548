/** The laws of a tolerance schedule. */
import * as fc from 'fast-check'
import type { Setting } from '../../bilevel/parts/Multipliers.js'
import type { ToleranceSchedule } from '../../bilevel/parts/ToleranceSchedule.js'
import { examine, type Options } from '../examine.js'
import { every, type Law, silent, unless } from '../Law.js'
import { magnitudes, thousandths } from '../numbers.js'
import type { Report } from '../Report.js'
import { settings } from './configs.js'

interface Case {
  readonly setting: Setting
  /** ε/ε₀ before. */
  readonly epsilon: number
  /** The violation that was measured, in multiples of ε. */
  readonly violation: number
  /** The loss, in multiples of its scale. */
  readonly lower: number
}

export interface ToleranceEvidence {
  readonly initial: number
  readonly final: number
  readonly before: number
  readonly violation: number
  readonly next: number
  /** ε after this many outer iterations in each of which nothing was violated. */
  readonly eventually: (iterations: number) => number
}

type ToleranceLaw = Law<ToleranceEvidence>

/** Iterations after which a schedule has to have arrived. */
const patience = 2000

const described = ({ before, next, violation, final }: ToleranceEvidence): string =>
  `ε goes from ${before} to ${next} (final: ${final}) after a violation of ${violation}`

const degenerate = 'docs/method.md: at ε = 0 constraint qualifications fail and the multiplier diverges'

export const tolerancePositive: ToleranceLaw = {
  name: 'tolerance is positive',
  meaning: 'ε₀, the final ε and every ε between are finite and greater than zero.',
  source: degenerate,
  check: evidence =>
    unless(
      [evidence.initial, evidence.final, evidence.next].every(value => value > 0 && Number.isFinite(value)),
      () => `ε₀ is ${evidence.initial}, the final ε ${evidence.final}; ${described(evidence)}`,
    ),
}

export const toleranceNeverGrows: ToleranceLaw = {
  name: 'tolerance never grows',
  meaning: 'ε is never raised: what was reached once is asked for from then on.',
  source: 'the relaxed optimum tends to the true one as ε falls (core/bilevel/tolerance.ts)',
  check: evidence => unless(evidence.next <= evidence.before, () => described(evidence)),
}

export const toleranceWaits: ToleranceLaw = {
  name: 'tolerance waits for the violation',
  meaning:
    'ε is kept where the violation is more than twice of it: a tolerance that is not reached is not worth lowering.',
  source: 'core/bilevel/tolerance.ts',
  check: evidence =>
    evidence.violation > 2.0001 * evidence.before
      ? unless(evidence.next === evidence.before, () => described(evidence))
      : silent,
}

export const toleranceNotBelow: ToleranceLaw = {
  name: 'tolerance not below its final value',
  meaning:
    'ε is not lowered below the value that the schedule calls final, for rounding leaves nothing visible there.',
  source: 'core/bilevel/tolerance.ts (finalEpsilon)',
  check: evidence =>
    unless(evidence.next >= Math.min(evidence.before, evidence.final) * (1 - 1e-12), () =>
      described(evidence),
    ),
}

export const toleranceArrives: ToleranceLaw = {
  name: 'tolerance reaches its final value',
  meaning: 'Where nothing is violated, ε comes down to its final value, and so the relaxation vanishes.',
  source: 'arXiv 2208.12118: the result is to satisfy f = φ; the distance is of order √ε',
  check: evidence => {
    const last = evidence.eventually(patience)
    return every([
      unless(
        last <= Math.min(evidence.initial, evidence.final) * (1 + 1e-9),
        () =>
          `after ${patience} iterations without a violation ε is ${last}; its final value is ${evidence.final}`,
      ),
    ])
  },
}

/** Every law of a tolerance schedule. */
export const toleranceLaws = [
  tolerancePositive,
  toleranceNeverGrows,
  toleranceWaits,
  toleranceNotBelow,
  toleranceArrives,
] as const

const evidenceOf =
  (schedule: ToleranceSchedule) =>
  ({ setting, ...relative }: Case): ToleranceEvidence => {
    const initial = schedule.initial(setting)
    const lower = relative.lower * setting.scales.lower
    const before = initial * relative.epsilon
    const violation = relative.violation * before
    return {
      initial,
      final: schedule.final(setting)(lower),
      before,
      violation,
      next: schedule.next(setting)({ violation, lower })(before),
      eventually: iterations => {
        let epsilon = initial
        for (let i = 0; i < iterations; i++)
          epsilon = schedule.next(setting)({ violation: 0, lower })(epsilon)
        return epsilon
      },
    }
  }

/** Examines a tolerance schedule. */
export const toleranceSchedule =
  (schedule: ToleranceSchedule) =>
  (options: Options = {}): Report =>
    examine<Case, ToleranceEvidence>(
      {
        subject: 'tolerance schedule',
        cases: fc.record({
          setting: settings,
          epsilon: fc.oneof(fc.constant(1), magnitudes(-6, -1)),
          violation: fc.oneof(thousandths(0, 4), magnitudes(0, 3)),
          lower: thousandths(-3, 3),
        }),
        evidence: evidenceOf(schedule),
        laws: toleranceLaws,
      },
      options,
    )
