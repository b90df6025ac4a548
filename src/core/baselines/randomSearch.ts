/**
 * Random search: complete trainings at λ drawn over the box of bounds, uniformly in λ, which is uniform in the logarithm
 * of the coefficient where the space is on the log scale (Bergstra & Bengio 2012); or at the points of a randomised
 * Sobol' sequence there (Sobol' 1967; Owen 1998), which covers the box more evenly.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as Rng from '../numeric/Rng.js'
import { withDefaults } from '../codec/defaults.js'
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
/** What random search is configured with. */
export type RandomSearchConfig = t.TypeOf<typeof Full>

/** Every default. Independent draws: what Bergstra & Bengio (2012) call random search. */
export const defaults = { ...trialDefaults, sequence: 'random' } as const

const Plan = t.readonly(t.strict({ rng: Rng.Rng }), 'RandomPlan')
type Plan = t.TypeOf<typeof Plan>

/** @internal */
export const strategy: Strategy<RandomSearchConfig, Plan> = {
  name: 'random',
  config: withDefaults<RandomSearchConfig>(Full, defaults),
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

/** The state of {@link randomSearch}. */
export type RandomSearchState = TrialState<RandomSearchConfig, Plan>

/** Random search as a method. */
export const randomSearch: Method<RandomSearchConfig, RandomSearchState> = trialMethod(strategy)
