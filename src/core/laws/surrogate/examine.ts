/** Examines a surrogate: tests its laws on value functions known in closed form. */
import * as fc from 'fast-check'
import { configs, spaces } from '../parts/configs.js'
import { examine, type Options } from '../examine.js'
import { thousandths, units } from '../numbers.js'
import type { Report } from '../Report.js'
import { ridges } from '../simulate/problems.js'
import { evidenceOf, type Subject, type SurrogateCase, type SurrogateEvidence } from './evidence.js'
import { surrogateLaws } from './laws.js'

/** The points in their order, without any that nearly equals an earlier one. */
const apart = (points: ReadonlyArray<ReadonlyArray<number>>): ReadonlyArray<ReadonlyArray<number>> =>
  points.filter((point, i) =>
    points.slice(0, i).every(other => other.some((value, k) => Math.abs(value - point[k]!) >= 0.05)),
  )

/** Evenly spaced points on the diagonal from corner to corner. */
const evenly = (dimension: number): fc.Arbitrary<ReadonlyArray<ReadonlyArray<number>>> =>
  fc
    .integer({ min: 5, max: 7 })
    .map(count =>
      Array.from({ length: count }, (_, i) => Array.from({ length: dimension }, () => i / (count - 1))),
    )

const cases: fc.Arbitrary<SurrogateCase> = ridges(2).chain(ridge => {
  const d = ridge.a.length
  return fc.record({
    ridge: fc.constant(ridge),
    config: configs(['kernel', 'linearInCoefficients'], spaces(1)),
    points: fc.oneof(fc.array(units(d), { minLength: 2, maxLength: 7 }).map(apart), evenly(d)),
    extra: units(d),
    query: units(d),
    gradients: fc.boolean(),
    noise: fc.oneof(fc.constant(0), fc.constant(null), thousandths(0.001, 0.1)),
    units: fc.record({
      shift: fc.integer({ min: -3, max: 3 }),
      doublings: fc.integer({ min: -8, max: 8 }),
      offset: fc.integer({ min: -5, max: 5 }),
      stretch: fc.constantFrom(1, 2, 0.5, 0.25),
    }),
  })
})

/**
 * Examines a surrogate.
 *
 * @example
 * ```ts
 * import { Parts } from 'bilevel-hpo'
 * import { Laws, type Subject } from 'bilevel-hpo/laws'
 *
 * const subject: Subject<Parts.GaussianProcessState> = Parts.defaults.surrogate
 * Laws.passed(Laws.surrogate(subject)({ runs: 3 })) // => true
 * ```
 */
export const surrogate =
  <V>(subject: Subject<V>) =>
  (options: Options = {}): Report =>
    examine<SurrogateCase, SurrogateEvidence>(
      { subject: 'surrogate', cases, evidence: evidenceOf(subject), laws: surrogateLaws },
      options,
    )
