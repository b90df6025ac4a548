/** Arbitrary valid configurations of the bilevel method, derived from its codec. The laws of the parts use them. */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as fc from 'fast-check'
import { BilevelConfig, validate } from '../../bilevel/BilevelConfig.js'
import type { Setting } from '../../bilevel/parts/Multipliers.js'
import { decode } from '../../codec/Codec.js'
import type { SearchSpace } from '../../protocol/SearchSpace.js'
import { fromCodec } from '../fromCodec.js'
import { magnitudes, thousandths } from '../numbers.js'

/**
 * Search spaces of 1 to `maxDimension` hyperparameters, on the log or the linear scale.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { isRight } from 'fp-ts/lib/Either.js'
 * import { SearchSpace } from 'bilevel-hpo'
 * import { spaces } from 'bilevel-hpo/laws'
 *
 * fc.sample(spaces(2), { seed: 1, numRuns: 20 }).every(space => isRight(SearchSpace.make(space))) // => true
 * ```
 */
export const spaces = (maxDimension = 3): fc.Arbitrary<SearchSpace> =>
  fc
    .array(
      fc.record({
        lower: fc.integer({ min: -8, max: 2 }),
        width: fc.integer({ min: 1, max: 8 }),
        scale: fc.constantFrom('log' as const, 'linear' as const),
      }),
      { minLength: 1, maxLength: maxDimension },
    )
    .map(parts =>
      parts.map(({ lower, width, scale }, k) => ({ name: `h${k}`, lower, upper: lower + width, scale })),
    )

const signs = fc.record({
  rule: fc.constant('signs' as const),
  initialStep: thousandths(0.01, 0.1),
  maxStep: thousandths(0.1, 0.3),
  minStep: fc.constant(1e-4),
  // Growth times shrinkage must be well below 1, or steps do not settle (Riedmiller & Braun: 1.2 and 0.5).
  growth: thousandths(1.05, 1.3),
  shrinkage: thousandths(0.3, 0.6),
})

const quasiNewton = fc.record({
  rule: fc.constant('quasiNewton' as const),
  initialStep: thousandths(0.01, 0.2),
  maxStep: thousandths(0.2, 1),
  minStep: fc.constant(1e-9),
  memory: fc.integer({ min: 2, max: 20 }),
  backtracks: fc.integer({ min: 4, max: 12 }),
})

const epsilon = fc
  .record({
    unit: fc.constantFrom('relative', 'absolute'),
    initial: magnitudes(-6, -1),
    factor: thousandths(0.05, 0.95),
    share: magnitudes(-6, -1),
  })
  .map(({ unit, initial, factor, share }) => ({ unit, initial, factor, final: initial * share }))

/** Arbitraries for fields that the configuration's own rules restrict, or that would make designs large. */
const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  'design.size': fc.integer({ min: 1, max: 12 }),
  'design.lower': fc.constant(null),
  'design.upper': fc.constant(null),
  descent: fc.oneof(signs, quasiNewton),
  'pair.stepCut': thousandths(0.1, 0.9),
  'pair.balance': thousandths(0.01, 0.5),
  'multiplier.initial': magnitudes(-1, 3),
  'multiplier.max': magnitudes(4, 8),
  'penalty.initial': magnitudes(-3, 1),
  'penalty.growth': thousandths(1.1, 20),
  'penalty.max': magnitudes(0, 8),
  'penalty.sufficientDecrease': thousandths(0.05, 0.95),
  epsilon,
}

/** Top-level fields of the configuration. */
export type Section = Exclude<keyof BilevelConfig, 'space'>

/** A configuration that prints as its chosen options only; the rest are defaults. */
const named = (options: Readonly<Record<string, unknown>>, config: BilevelConfig): BilevelConfig =>
  Object.assign({ [fc.toStringMethod]: () => JSON.stringify(options) }, config)

/**
 * Valid configurations of the bilevel method: arbitrary values, derived from the codec, in these sections, and defaults
 * everywhere else.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { bilevel } from 'bilevel-hpo'
 * import { configs } from 'bilevel-hpo/laws'
 *
 * const some = fc.sample(configs(['penalty']), { seed: 1, numRuns: 20 })
 * some.every(({ penalty }) => penalty.growth > 1) // => true
 * // Every other section has its default.
 * new Set(some.map(({ averaged }) => averaged)).size // => 1
 * some.every(bilevel.config.is) // => true
 * ```
 */
export const configs = (
  sections: ReadonlyArray<Section>,
  space: fc.Arbitrary<SearchSpace> = spaces(),
): fc.Arbitrary<BilevelConfig> =>
  pipe(
    fromCodec(BilevelConfig, { fields: { ...fields, space } }),
    // The walk succeeds for every codec of the configuration (a test checks it); otherwise there would be no cases.
    E.getOrElse((): fc.Arbitrary<BilevelConfig> => fc.constantFrom<ReadonlyArray<BilevelConfig>[number]>()),
  )
    .map(whole => {
      const chosen: ReadonlyArray<string> = ['space', ...sections]
      return Object.fromEntries(Object.entries(whole).filter(([key]) => chosen.includes(key)))
    })
    .map(options => E.map((config: BilevelConfig) => named(options, config))(decode(BilevelConfig)(options)))
    .filter(E.isRight)
    .map(({ right }) => right)
    .filter(config => E.isRight(validate(config)))

/**
 * A configuration with arbitrary sections for the dual parts, and the units of F and f.
 *
 * @example
 * ```ts
 * import * as fc from 'fast-check'
 * import { Parts } from 'bilevel-hpo'
 * import { settings } from 'bilevel-hpo/laws'
 *
 * const some = fc.sample(settings, { seed: 1, numRuns: 20 })
 * some.every(setting => Parts.defaults.tolerance.initial(setting) > 0) // => true
 * ```
 */
export const settings: fc.Arbitrary<Setting> = fc.record({
  config: configs(['pair', 'multiplier', 'penalty', 'epsilon'], spaces(1)),
  scales: fc.record({ upper: magnitudes(-3, 3), lower: magnitudes(-3, 3) }),
})
