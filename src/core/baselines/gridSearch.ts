/**
 * Grid search: complete trainings at the points of a full factorial design over the box of bounds.
 *
 * The budget determines the number of levels of each hyperparameter: levels are added, one hyperparameter after the
 * other, until the grid has as many points as the budget has trainings. The bounds are included; a single level is the
 * middle. The points are tried in an order that spreads out: the first is the one nearest to the middle, and each next
 * one is farthest from all before it (greedy maximin distance; Johnson, Moore & Ylvisaker 1990). So the points that a
 * budget omits are spread evenly.
 *
 * Reference: Bergstra & Bengio 2012, §1, for grid search as a rival and its cost in many dimensions.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { roomOf } from '../protocol/Budget.js'
import { Count, nullable } from '../codec/Codec.js'
import { options } from '../codec/options.js'
import { seedRule } from '../codec/seed.js'
import type { Method } from '../protocol/Method.js'
import { invalidConfig, type MethodError } from '../protocol/MethodError.js'
import * as SearchSpace from '../protocol/SearchSpace.js'
import { trialDefaults, trialFields, validated } from './TrialConfig.js'
import { budgetSpent, completeTrainings, type Strategy, tryCompletely } from './Strategy.js'
import { best, bestWeights } from './Trial.js'
import { trialMethod, type TrialState } from './trialMethod.js'

type Vec = ReadonlyArray<number>

const Full = t.readonly(
  t.strict({
    ...trialFields,
    /**
     * Levels of every hyperparameter; `null`: as many as the budget covers, with more for the first ones if that is
     * uneven.
     */
    levels: nullable(Count),
  }),
  'GridSearchConfig',
)
/** The options of grid search. */
export type GridSearchConfig = t.TypeOf<typeof Full>

/** All defaults. */
export const defaults = { ...trialDefaults, levels: null } as const

/** The most points of a grid: the time to order them grows with the square of their number. */
export const maxPoints = 4096

/** The smallest numbers of levels for d axes that give at least `points` points, as even as possible. */
export const levelsFor = (points: number, d: number): Vec => {
  const levels = new Array<number>(d).fill(1)
  let product = 1
  for (let k = 0; product < points; k = (k + 1) % d) {
    product = (product / levels[k]!) * (levels[k]! + 1)
    levels[k] = levels[k]! + 1
  }
  return levels
}

const axis = (levels: number): Vec =>
  levels === 1 ? [0.5] : Array.from({ length: levels }, (_, i) => i / (levels - 1))

/** The points of a full factorial design over [0,1]^d; the last axis varies fastest. */
const factorial = (levels: Vec): ReadonlyArray<Vec> =>
  levels.reduce<ReadonlyArray<Vec>>(
    (points, count) => points.flatMap(point => axis(count).map(at => [...point, at])),
    [[]],
  )

/**
 * Orders points from the one nearest to the middle; each next one is as far as possible from all before. Ties keep
 * order.
 */
export const spread = (points: ReadonlyArray<Vec>): ReadonlyArray<Vec> => {
  const squared = (a: Vec, b: Vec): number => a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0)
  const middle = points[0]?.map(() => 0.5) ?? []
  // Start with the negative distance, so that the point nearest to the middle comes first.
  const away = Float64Array.from(points, point => -squared(point, middle))
  const ordered: Array<Vec> = []
  const taken = new Uint8Array(points.length)
  while (ordered.length < points.length) {
    let next = -1
    for (let i = 0; i < points.length; i++)
      if (taken[i] === 0 && (next < 0 || away[i]! > away[next]! + 1e-12)) next = i
    const point = points[next]!
    taken[next] = 1
    for (let i = 0; i < points.length; i++) {
      const distance = squared(points[i]!, point)
      away[i] = ordered.length === 0 ? distance : Math.min(away[i]!, distance)
    }
    ordered.push(point)
  }
  return ordered
}

const levelsOf = (config: GridSearchConfig): Vec => {
  const d = SearchSpace.dimension(config.space)
  if (config.levels !== null) return Array.from({ length: d }, () => config.levels ?? 1)
  const room = roomOf(config, { lowerLevelSolves: 0, effort: 0 })
  return levelsFor(completeTrainings(config, room, maxPoints + 1), d)
}

/** Every λ of the grid, in the order of the trials. */
const gridOf = (config: GridSearchConfig): ReadonlyArray<Vec> =>
  spread(factorial(levelsOf(config))).map(SearchSpace.fromUnit(config.space))

const checked = (config: GridSearchConfig): E.Either<MethodError, GridSearchConfig> => {
  const points = levelsOf(config).reduce((product, count) => product * count, 1)
  return points <= maxPoints
    ? E.right(config)
    : E.left(
        invalidConfig(
          config.levels === null ? 'budget' : 'levels',
          `The grid would have ${points} points, more than ${maxPoints}. ` +
            'Set fewer `levels`, or use random search, which spends so large a budget better.',
        ),
      )
}

/** @internal */
export const strategy: Strategy<GridSearchConfig, null> = {
  name: 'grid',
  config: options<GridSearchConfig>(Full, { defaults, rules: [seedRule] }),
  plan: t.null,
  start: config =>
    pipe(
      validated(config),
      E.flatMap(checked),
      E.map(() => null),
    ),
  propose: ({ config, plan, trials }, room) => {
    const points = gridOf(config)
    if (trials.length >= points.length)
      return {
        _tag: 'Stop',
        stopReason: 'searched',
        message: `All ${points.length} points of the grid were tried.`,
      }
    const next = points.slice(trials.length, trials.length + completeTrainings(config, room))
    return next.length === 0 ? budgetSpent(trials.length) : tryCompletely(config, plan, next)
  },
  choose: ({ trials }) => best(trials),
  keep: ({ trials }) => bestWeights(trials),
}

/** The state of {@link gridSearch}. */
export type GridSearchState = TrialState<GridSearchConfig, null>

/**
 * Grid search as a method: trains at every point of a full factorial grid over the search space, beginning in the
 * middle, and returns the λ whose weights validate best.
 *
 * Errors of `init`: `InvalidConfig` for an unusable space or budget, or for a grid of more than 4,096 points.
 *
 * @example
 * ```ts
 * import * as E from 'fp-ts/lib/Either.js'
 * import { decode, gridSearch, type GridSearchConfig, type GridSearchState } from 'bilevel-hpo'
 * import { Simulate } from 'bilevel-hpo/laws'
 *
 * const { space, world } = Simulate.ridge({ a: [3], b: [2] })
 * const config: E.Either<string, GridSearchConfig> = decode(gridSearch.config)({ space, budget: { lowerLevelSolves: 11 } })
 * const run: Simulate.Run<GridSearchState> | null = E.isRight(config) ? Simulate.drive(gridSearch)(config.right, world) : null
 * // Of 11 points from −6 to 4 the best is −1: the optimum is ln ½.
 * run?.transitions.at(-1)?.info.outcome?.rows.at(-1)?.lambda // => [-1]
 * ```
 */
export const gridSearch: Method<GridSearchConfig, GridSearchState> = trialMethod(strategy)
