/**
 * Hyperband (Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar 2018, JMLR 18:185). It trains random λ for a few epochs,
 * continues the best share 1/η of them for η times as many, and so on until some are trained completely. Several
 * brackets trade the number of λ against the epochs that each starts with. After the last bracket it starts again with
 * the first.
 *
 * A trial continues from its own weights. R units of resources are a complete training, `solve.coldEpochs`.
 *
 * Differs from the paper if the budget is finite. A bracket begins only if the budget covers all of it; otherwise it
 * has fewer λ, or a smaller bracket takes its place. A training that is abandoned for lack of budget would add no
 * information. Hyperband returns the λ with the best validation loss among those with the most epochs. Weights that
 * were stopped early are no measure of λ, so the returned λ is trained completely at the end.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import * as Rng from '../numeric/Rng.js'
import { affordable, fits, type Room } from '../protocol/Budget.js'
import { Natural, nullable, Positive } from '../codec/Codec.js'
import { initialWeights } from '../protocol/Command.js'
import { options } from '../codec/options.js'
import { seedRule } from '../codec/seed.js'
import type { Method } from '../protocol/Method.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { brackets, type Bracket, halvings } from './brackets.js'
import { trialDefaults, trialFields, validated } from './TrialConfig.js'
import { uniformPoints } from './points.js'
import { budgetSpent, type Known, type Proposal, type Strategy } from './Strategy.js'
import { best, bestWeights, isTrained, type Trained } from './Trial.js'
import { trialMethod, type TrialState } from './trialMethod.js'

const Full = t.readonly(
  t.strict({
    ...trialFields,
    /** The most resources of a trial, in units of the least; this much is a complete training. */
    R: Positive,
    /** One in this many trials continues. */
    eta: Positive,
    /** How many λ a bracket has: as in table 1 of the paper, or as in its algorithm 1, which has slightly more. */
    sizes: t.keyof({ table: null, algorithm: null }, '"table" or "algorithm"'),
  }),
  'HyperbandConfig',
)
/** The options of Hyperband. */
export type HyperbandConfig = t.TypeOf<typeof Full>

/**
 * All defaults. η: Li et al. 2018, §2.6, who recommend 3 or 4. R: the shortest training has 1/27 of the epochs of a
 * complete one, about 4 of 100; with fewer, weights would hardly leave the initial ones. The budget covers all brackets
 * once: 65 solves, most of them short, with the epochs of 12.7 complete trainings.
 */
export const defaults = {
  ...trialDefaults,
  budget: { lowerLevelSolves: 65, effortEpochs: null },
  R: 27,
  eta: 3,
  sizes: 'table',
} as const

const Plan = t.readonly(
  t.strict({
    rng: Rng.Rng,
    /** Index of the next bracket. */
    next: Natural,
    running: nullable(
      t.readonly(
        t.strict({
          bracket: Natural,
          rung: Natural,
          /** The most trials of each rung. */
          sizes: t.readonlyArray(Natural),
          /** Index of the rung's first trial. */
          first: Natural,
        }),
        'Running',
      ),
    ),
  }),
  'HyperbandPlan',
)
type Plan = t.TypeOf<typeof Plan>
type Running = NonNullable<Plan['running']>
type State = Known<HyperbandConfig, Plan>

const most = { R: 1e6, eta: 1e6 } as const

const checked = (config: HyperbandConfig): E.Either<MethodError, HyperbandConfig> => {
  if (!(config.R >= 1 && config.R <= most.R))
    return E.left(invalidConfig('R', `The field \`R\` is ${config.R}; it must be between 1 and ${most.R}.`))
  return config.eta >= 2 && config.eta <= most.eta
    ? E.right(config)
    : E.left(
        invalidConfig('eta', `The field \`eta\` is ${config.eta}; it must be between 2 and ${most.eta}.`),
      )
}

/** Epochs per unit of resources. */
const unitOf = ({ solve, R }: HyperbandConfig): number => solve.coldEpochs / R

/** Epochs of each trial of a rung, beyond those of the previous rung. */
const stretch = (config: HyperbandConfig, { rungs }: Bracket, i: number): number =>
  (rungs[i]!.r - (i === 0 ? 0 : rungs[i - 1]!.r)) * unitOf(config)

/** Whether the budget covers a bracket that starts n trials. */
const covered = (config: HyperbandConfig, bracket: Bracket, room: Room, n: number): boolean => {
  const sizes = halvings(n, bracket.s, config.eta)
  return fits(
    room,
    sizes.reduce((sum, size) => sum + size, 0),
    sizes.reduce((sum, size, i) => sum + size * stretch(config, bracket, i), 0),
  )
}

/** The most trials, up to its own number, that the bracket can start and still bring one to the end; 0 if none. */
const affordableSize = (config: HyperbandConfig, bracket: Bracket, room: Room): number => {
  let [least, largest] = [Math.ceil(config.eta ** bracket.s * (1 - 1e-9)), bracket.rungs[0]!.n]
  if (!covered(config, bracket, room, least)) return 0
  while (least < largest) {
    const middle = Math.ceil((least + largest) / 2)
    if (covered(config, bracket, room, middle)) least = middle
    else largest = middle - 1
  }
  return least
}

const rungMessage = (config: HyperbandConfig, { s, rungs }: Bracket, rung: number, n: number): string =>
  `Bracket s = ${s}, rung ${rung}: ${n} λ with ${(rungs[rung]!.r * unitOf(config)).toPrecision(3)} epochs each.`

const tried = (
  { config }: State,
  bracket: Bracket,
  rung: number,
  plan: Plan,
  trials: ReadonlyArray<Pick<Trained, 'lambda' | 'weights'>>,
): Proposal<Plan> => ({
  _tag: 'Try',
  plan,
  trials: trials.map(({ lambda, weights }) => ({ lambda, from: weights })),
  maxEpochs: stretch(config, bracket, rung),
  epochs: bracket.rungs[rung]!.r * unitOf(config),
  message: rungMessage(config, bracket, rung, trials.length),
})

/** Begins the next bracket that the budget covers at least in part, with new λ. */
const begin = (known: State, room: Room): Proposal<Plan> => {
  const { config, plan, trials } = known
  const all = brackets(config)
  const from = all.slice(plan.next % all.length)
  for (const bracket of from) {
    const n = affordableSize(config, bracket, room)
    if (n === 0) continue
    const index = all.indexOf(bracket)
    const [units, rng] = uniformPoints(n, SearchSpace.dimension(config.space))(plan.rng)
    const sizes = halvings(n, bracket.s, config.eta)
    const running: Running = { bracket: index, rung: 0, sizes, first: trials.length }
    return tried(
      known,
      bracket,
      0,
      { rng, next: (index + 1) % all.length, running },
      units.map(SearchSpace.fromUnit(config.space)).map(lambda => ({ lambda, weights: initialWeights })),
    )
  }
  return budgetSpent(trials.length)
}

const byLoss = (one: Trained, other: Trained): number => one.upper - other.upper

/** The trials of the last rung that continue, the best first. */
const survivors = ({ trials }: State, { first, sizes, rung }: Running): ReadonlyArray<Trained> =>
  trials
    .slice(first)
    .filter(isTrained)
    .sort(byLoss)
    .slice(0, sizes[rung + 1] ?? 0)

const propose = (known: State, room: Room): Proposal<Plan> => {
  const { config, plan, trials } = known
  const { running } = plan
  if (running === null) return begin(known, room)
  const bracket = brackets(config)[running.bracket]
  const rung = running.rung + 1
  const going = survivors(known, running)
  if (bracket === undefined || going.length === 0) return begin({ ...known, plan }, room)
  // Less than was reserved is left only if trainings cost more than they were allowed.
  const count = Math.min(going.length, affordable(room, stretch(config, bracket, rung)))
  return count === 0
    ? budgetSpent(trials.length)
    : tried(
        known,
        bracket,
        rung,
        { ...plan, running: { ...running, rung, first: trials.length } },
        going.slice(0, count),
      )
}

/** @internal */
export const strategy: Strategy<HyperbandConfig, Plan> = {
  name: 'hyperband',
  config: options<HyperbandConfig>(Full, { defaults, rules: [seedRule] }),
  plan: Plan,
  start: config =>
    pipe(
      validated(config),
      E.flatMap(checked),
      E.map(({ seed }) => ({ rng: Rng.make(seed, 7), next: 0, running: null })),
    ),
  propose,
  choose: ({ trials }) => best(trials),
  keep: ({ trials }) => bestWeights(trials),
}

/** The state of {@link hyperband}. */
export type HyperbandState = TrialState<HyperbandConfig, Plan>

/**
 * Hyperband as a method: successive halving in several brackets. Many λ are trained for few epochs; one in η of them
 * continues for η times as many.
 *
 * Errors of `init`: `InvalidConfig` for a space, a budget or an η that cannot be used. Source: Li et al. 2018.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, hyperband, type HyperbandConfig, type HyperbandState } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config: E.Either<string, HyperbandConfig> = decode(hyperband.config)({ space })
 * const run: Simulate.Run<HyperbandState> | null = E.isRight(config) ? Simulate.drive(hyperband)(config.right, world) : null
 * // Once through all brackets takes 65 trainings, most of them short.
 * run?.transitions.at(-1)?.info.outcome?.rows.at(-1)?.lowerLevelSolves // => 65
 * ```
 */
export const hyperband: Method<HyperbandConfig, HyperbandState> = trialMethod(strategy)
