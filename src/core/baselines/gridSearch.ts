/**
 * Grid search: complete trainings at the points of a full factorial design over the box of bounds.
 *
 * The number of levels of each hyperparameter follows from the budget: levels are added, one hyperparameter after the
 * other, until the grid has as many points as the budget has trainings. Ends of the bounds are included; one level is
 * the middle. The points are tried in an order that spreads: each is one of those farthest from all before it
 * (Johnson, Moore & Ylvisaker 1990, maximin distance, taken greedily), so that what a budget leaves out is missing
 * everywhere alike. The first is the one nearest to the middle.
 *
 * Reference: Bergstra & Bengio 2012, §1, for grid search as a rival and what it costs in many dimensions.
 */
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { roomOf } from '../protocol/Budget.js'
import { Count, nullable } from '../codec/Codec.js'
import { withDefaults } from '../codec/defaults.js'
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
    /** Levels of every hyperparameter; `null`: as many as the budget allows, more of the first ones where that does not come out even. */
    levels: nullable(Count),
  }),
  'GridSearchConfig',
)
/** What grid search is configured with. */
export type GridSearchConfig = t.TypeOf<typeof Full>

/** Every default. */
export const defaults = { ...trialDefaults, levels: null } as const

/** Points that a grid may have: to order them takes time by the square of their number. */
export const maxPoints = 4096

/** The least number of levels for each of d axes that makes at least `points` points, as even as can be. */
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

/** The points of a full factorial design over [0,1]^d, the last axis fastest. */
const factorial = (levels: Vec): ReadonlyArray<Vec> =>
  levels.reduce<ReadonlyArray<Vec>>(
    (points, count) => points.flatMap(point => axis(count).map(at => [...point, at])),
    [[]],
  )

/** The points from the one nearest to the middle on, each next one as far as can be from all before; ties in order. */
export const spread = (points: ReadonlyArray<Vec>): ReadonlyArray<Vec> => {
  const squared = (a: Vec, b: Vec): number => a.reduce((sum, value, k) => sum + (value - b[k]!) ** 2, 0)
  const middle = points[0]?.map(() => 0.5) ?? []
  // Minus the distance at first, so that the point nearest to the middle is the farthest.
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

/** Every λ of the grid, in the order in which they are tried. */
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
  config: withDefaults<GridSearchConfig>(Full, defaults),
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

/** Grid search as a method. */
export const gridSearch: Method<GridSearchConfig, GridSearchState> = trialMethod(strategy)
