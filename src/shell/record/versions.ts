/** The versions in the header of a run's log. */
import { numerics, numericsKey } from '../../core/log/numerics.js'
import { programVersion } from '../base/package.js'

/** The versions on which a run's results depend, by name. */
export const versionsOf = (backend: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  'bilevel-hpo': programVersion(),
  [numericsKey]: String(numerics),
  node: process.version,
  ...backend,
})
