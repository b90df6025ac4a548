/**
 * Random search: complete trainings at λ drawn uniformly from the box of bounds (Bergstra & Bengio 2012). On the log
 * scale this is uniform in the logarithm of the coefficient. With `sequence: "sobol"` the λ are the points of a
 * randomised Sobol' sequence instead (Sobol' 1967; Owen 1998), which covers the box more evenly.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as Rng from '../numeric/Rng.js'
import { options } from '../codec/options.js'
import { seedRule } from '../codec/seed.js'
import type { Method } from '../protocol/Method.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { trialDefaults, trialFields, validated } from './TrialConfig.js'
import { sobolPoints, uniformPoints } from './points.js'
import { budgetSpent, completeTrainings, type Strategy, tryCompletely } from './Strategy.js'
import { best, bestWeights } from './Trial.js'
import { trialMethod, type TrialState } from './trialMethod.js'

const Full = t.readonly(
  t.strict({
    ...trialFields,
    /** `random`: independent draws; `sobol`: a low-discrepancy sequence. */
    sequence: t.keyof({ random: null, sobol: null }, '"random" or "sobol"'),
  }),
  'RandomSearchConfig',
)
/** The options of random search. */
export type RandomSearchConfig = t.TypeOf<typeof Full>

/** All defaults. Independent draws: the random search of Bergstra & Bengio (2012). */
export const defaults = { ...trialDefaults, sequence: 'random' } as const

const Plan = t.readonly(t.strict({ rng: Rng.Rng }), 'RandomPlan')
type Plan = t.TypeOf<typeof Plan>

/** @internal */
export const strategy: Strategy<RandomSearchConfig, Plan> = {
  name: 'random',
  config: options<RandomSearchConfig>(Full, { defaults, rules: [seedRule] }),
  plan: Plan,
  start: config =>
    pipe(
      validated(config),
      E.map(({ seed }) => ({ rng: Rng.make(seed, 4) })),
    ),
  propose: ({ config, plan, trials }, room) => {
    const count = completeTrainings(config, room)
    if (count === 0) return budgetSpent(trials.length)
    const { space, seed, sequence } = config
    const d = SearchSpace.dimension(space)
    const [drawn, rng] = uniformPoints(count, d)(plan.rng)
    const units = sequence === 'sobol' ? sobolPoints(seed, d, trials.length, count) : drawn
    return tryCompletely(config, { rng }, units.map(SearchSpace.fromUnit(space)))
  },
  choose: ({ trials }) => best(trials),
  keep: ({ trials }) => bestWeights(trials),
}

/**
 * The state of {@link randomSearch}.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, randomSearch, type RandomSearchState } from 'bilevel-hpo'
 *
 * const space = [{ name: 'l2', lower: -12, upper: 2, scale: 'log' }]
 * const begun = E.flatMap(randomSearch.init)(decode(randomSearch.config)({ space }))
 * const triedIn = ({ trials }: RandomSearchState): number => trials.length
 * E.map(({ state }: { state: RandomSearchState }) => triedIn(state))(begun) // => E.right(0)
 * ```
 */
export type RandomSearchState = TrialState<RandomSearchConfig, Plan>

/**
 * Random search as a method: trains at λ drawn uniformly from the search space, or along a Sobol' sequence, and returns
 * the λ whose weights validate best.
 *
 * Errors of `init`: `InvalidConfig` for a space or a budget that cannot be used. Source: Bergstra & Bengio 2012.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, randomSearch, type RandomSearchConfig } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config: E.Either<string, RandomSearchConfig> = decode(randomSearch.config)({ space, budget: { lowerLevelSolves: 20 } })
 * const run = E.isRight(config) ? Simulate.drive(randomSearch)(config.right, world) : null
 * const [found = NaN] = run?.transitions.at(-1)?.info.outcome?.rows.at(-1)?.lambda ?? []
 * // The optimum is ln ½ in [−6, 4].
 * Math.abs(found - Math.log(0.5)) < 1 // => true
 * ```
 */
export const randomSearch: Method<RandomSearchConfig, RandomSearchState> = trialMethod(strategy)
