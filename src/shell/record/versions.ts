/** The versions that a run's log names. */
import { numerics, numericsKey } from '../../core/log/numerics.js'
import { programVersion } from '../base/package.js'

/** What a run's results depend on, by name. */
export const versionsOf = (backend: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  'bilevel-hpo': programVersion(),
  [numericsKey]: String(numerics),
  node: process.version,
  ...backend,
})
