/** The laws of a constraint form. */
import * as fc from 'fast-check'
import type { ConstraintForm } from '../../bilevel/parts/ConstraintForm.js'
import { examine, type Options } from '../examine.js'
import { magnitudes, thousandths } from '../numbers.js'
import type { Report } from '../Report.js'
import { settings } from './configs.js'
import {
  type ConstraintCase,
  type ConstraintEvidence,
  evidenceOf,
  type Terms,
} from './constraint/evidence.js'
import { gradientIsDerivative } from './constraint/gradient.js'
import {
  forceGrows,
  forceNotNegative,
  multiplierAnswers,
  multiplierFollows,
  multiplierInRange,
  multiplierNotNegative,
} from './constraint/multiplier.js'
import {
  balancedAtSolution,
  complementary,
  relaxedByEpsilon,
  violationIsDistance,
  violationNotNegative,
} from './constraint/violation.js'

/** Every law of a constraint form. */
export const constraintLaws = [
  multiplierInRange,
  multiplierNotNegative,
  multiplierFollows,
  multiplierAnswers,
  forceNotNegative,
  forceGrows,
  violationNotNegative,
  violationIsDistance,
  relaxedByEpsilon,
  gradientIsDerivative,
  complementary,
  balancedAtSolution,
] as const

const terms: fc.Arbitrary<Terms> = fc.record({
  upper: fc.record({ slope: thousandths(-3, 3), curvature: thousandths(-3, 3) }),
  phi: thousandths(0.1, 3),
  gap: thousandths(0.1, 3),
  rate: thousandths(-1, 1),
  lambda: thousandths(-1, 1),
})

/**
 * Examines a constraint form.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws } from 'bilevel-hpo/laws'
 *
 * Laws.passed(Laws.constraintForm(Parts.defaults.constraint)({ runs: 20 })) // => true
 * // A multiplier that is not a number.
 * Laws.passed(Laws.constraintForm({ ...Parts.defaults.constraint, next: () => () => () => NaN })({ runs: 20 })) // => false
 * ```
 */
export const constraintForm =
  (form: ConstraintForm) =>
  (options: Options = {}): Report =>
    examine<ConstraintCase, ConstraintEvidence>(
      {
        subject: 'constraint form',
        cases: fc.record({
          setting: settings,
          multiplier: fc.oneof(
            fc.constantFrom(0, 1, -1),
            fc.tuple(magnitudes(-6, -1), fc.constantFrom(1, -1)).map(([size, sign]) => size * sign),
          ),
          penalty: magnitudes(-3, 3),
          epsilon: magnitudes(-6, -1),
          excess: fc.oneof(fc.constant(1), thousandths(-1, 4), magnitudes(0, 4)),
          kappa: fc.oneof(thousandths(0, 3), magnitudes(0, 3)),
          terms: fc.array(terms, { minLength: 1, maxLength: 3 }),
        }),
        evidence: evidenceOf(form),
        laws: constraintLaws,
      },
      options,
    )
