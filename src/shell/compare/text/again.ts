/** The command that makes a comparison again. */
import type { Plan } from '../result/Plan.js'

/**
 * The arguments of `bilevel` by which the runs of a plan are made again, on the same backend. `task` is what named its
 * configuration: `[file]`, or `['--preset', name]`. Methods and seeds are listed, for the defaults of another version
 * may be others. Options of methods are in the configuration, and nowhere else.
 */
export const again = (
  task: ReadonlyArray<string>,
  { contenders, seeds, budget, backend }: Plan,
): ReadonlyArray<string> => [
  'compare',
  ...task,
  ...['--methods', contenders.map(({ label }) => label).join(',')],
  // One seed is a list by its comma; without it, it would be how many.
  ...['--seeds', seeds.length === 1 ? `${seeds[0]!},` : seeds.join(',')],
  ...['--budget', String(budget.solves)],
  ...['--backend', backend],
]
