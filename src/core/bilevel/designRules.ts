/**
 * Rules for the initial design of a new configuration: a box within the search space, and no more points than the
 * budget has solves. Logs of earlier versions may break these rules, and replay all the same.
 */
import type { Rule } from '../codec/options.js'
import { quoted } from '../codec/shown.js'
import type { SearchSpace } from '../protocol/SearchSpace.js'

/** The part of a configuration that these rules read. */
interface Designed {
  readonly space: SearchSpace
  readonly design: {
    readonly kind: string
    readonly size: number
    readonly lower: ReadonlyArray<number> | null
    readonly upper: ReadonlyArray<number> | null
  }
  readonly budget: { readonly lowerLevelSolves: number }
}

/** The most points: the surrogate takes time of the third power of their number. */
const mostPoints = 1024

const pointsOf = ({ space, design: { kind, size } }: Designed): number =>
  kind === 'grid' ? size ** space.length : size

const sizeRule: Rule<Designed> = {
  field: 'design.size',
  broken: config => {
    const points = pointsOf(config)
    return points <= mostPoints
      ? null
      : `asks for ${points === config.design.size ? '' : `a grid of ${config.space.length} axes and `}${points} points; a ` +
          `design has at most ${mostPoints}`
  },
}

const budgetRule: Rule<Designed> = {
  field: 'budget.lowerLevelSolves',
  broken: config => {
    const [points, { lowerLevelSolves }] = [pointsOf(config), config.budget]
    return points <= lowerLevelSolves
      ? null
      : `is ${lowerLevelSolves}, but the initial design takes ${points}: raise it, or lower \`design.size\``
  },
}

/** The first bound outside the search space. */
const boundRule = (side: 'lower' | 'upper'): Rule<Designed> => ({
  field: `design.${side}`,
  broken: ({ space, design }) => {
    const bounds = design[side]
    // `init` refuses a bound without a number for each hyperparameter.
    if (bounds?.length !== space.length) return null
    const k = space.findIndex(({ lower, upper }, i) => bounds[i]! < lower || bounds[i]! > upper)
    const outside = space[k]
    return outside === undefined
      ? null
      : `must lie in the search space, but its component ${k} is ${bounds[k]!}, and ${quoted(outside.name)} is between ` +
          `${outside.lower} and ${outside.upper}`
  },
})

const crossedRule: Rule<Designed> = {
  field: 'design.lower',
  broken: ({ space, design: { lower, upper } }) => {
    // Without bounds of its own the design has those of the space, which `init` checks.
    if (lower === null && upper === null) return null
    if ([lower, upper].some(bounds => bounds !== null && bounds.length !== space.length)) return null
    const k = space.findIndex(
      (parameter, i) => (lower?.[i] ?? parameter.lower) > (upper?.[i] ?? parameter.upper),
    )
    const crossed = space[k]
    return crossed === undefined
      ? null
      : `must be at most \`design.upper\`, but its component ${k} is ${lower?.[k] ?? crossed.lower}, and that of ` +
          `\`design.upper\` is ${upper?.[k] ?? crossed.upper}`
  },
}

export const designRules: ReadonlyArray<Rule<Designed>> = [
  sizeRule,
  budgetRule,
  boundRule('lower'),
  boundRule('upper'),
  crossedRule,
]
