/** The command that repeats a comparison; documents show it. */
import type { Plan } from '../result/Plan.js'

/**
 * The arguments of `bilevel` that repeat the runs of a plan on the same backend. `task` names its configuration:
 * `[file]`, or `['--preset', name]`. Methods and seeds are listed, since another version may have other defaults. The
 * methods' options are only in the configuration.
 */
export const again = (
  task: ReadonlyArray<string>,
  { contenders, seeds, budget, backend }: Plan,
): ReadonlyArray<string> => [
  'compare',
  ...task,
  ...['--methods', contenders.map(({ label }) => label).join(',')],
  // The comma makes one seed a list; without it, the number would be a count.
  ...['--seeds', seeds.length === 1 ? `${seeds[0]!},` : seeds.join(',')],
  ...['--budget', String(budget.solves)],
  ...['--backend', backend],
]
