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
  /** The measured violation, in multiples of ε. */
  readonly violation: number
  /** The loss f, in multiples of its scale. */
  readonly lower: number
}

export interface ToleranceEvidence {
  readonly initial: number
  readonly final: number
  readonly before: number
  readonly violation: number
  readonly next: number
  /** ε after this many outer iterations without a violation. */
  readonly eventually: (iterations: number) => number
}

type ToleranceLaw = Law<ToleranceEvidence>

/** Iterations within which a schedule must reach its final value. */
const patience = 2000

const described = ({ before, next, violation, final }: ToleranceEvidence): string =>
  `ε goes from ${before} to ${next} (final: ${final}) after a violation of ${violation}`

const degenerate = 'docs/method.md: at ε = 0 constraint qualifications fail and the multiplier diverges'

export const tolerancePositive: ToleranceLaw = {
  name: 'tolerance is positive',
  meaning: 'ε₀, the final ε and every ε between them are finite and greater than zero.',
  source: degenerate,
  check: evidence =>
    unless(
      [evidence.initial, evidence.final, evidence.next].every(value => value > 0 && Number.isFinite(value)),
      () => `ε₀ is ${evidence.initial}, the final ε ${evidence.final}; ${described(evidence)}`,
    ),
}

export const toleranceNeverGrows: ToleranceLaw = {
  name: 'tolerance never grows',
  meaning: 'ε is never raised: a tolerance, once reached, stays required.',
  source: 'the relaxed optimum tends to the true one as ε falls (core/bilevel/tolerance.ts)',
  check: evidence => unless(evidence.next <= evidence.before, () => described(evidence)),
}

export const toleranceWaits: ToleranceLaw = {
  name: 'tolerance waits for the violation',
  meaning:
    'ε is kept if the violation is more than 2ε: lowering a tolerance that is not yet reached gains nothing.',
  source: 'core/bilevel/tolerance.ts',
  check: evidence =>
    evidence.violation > 2.0001 * evidence.before
      ? unless(evidence.next === evidence.before, () => described(evidence))
      : silent,
}

export const toleranceNotBelow: ToleranceLaw = {
  name: 'tolerance not below its final value',
  meaning: 'ε is not lowered below the final value of the schedule: rounding hides any smaller violation.',
  source: 'core/bilevel/tolerance.ts (finalEpsilon)',
  check: evidence =>
    unless(evidence.next >= Math.min(evidence.before, evidence.final) * (1 - 1e-12), () =>
      described(evidence),
    ),
}

export const toleranceArrives: ToleranceLaw = {
  name: 'tolerance reaches its final value',
  meaning: 'Without violations ε falls to its final value, so the relaxation vanishes.',
  source: 'arXiv 2208.12118: the result must satisfy f = φ; the distance is of order √ε',
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

/**
 * Examines a tolerance schedule.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * // An ε that grows.
 * const growing = { ...Parts.defaults.tolerance, next: () => () => (epsilon: number) => 2 * epsilon }
 * Laws.passed(Laws.toleranceSchedule(growing)({ runs: 20 })) // => false
 * Laws.passed(Laws.toleranceSchedule(Parts.defaults.tolerance)({ runs: 20 })) // => true
 * ```
 */
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
