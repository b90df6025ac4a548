/** The versions in the header of a run's log. */
import { numericsKey, numericsOf } from '../../core/log/numerics.js'
import { programVersion } from '../base/package.js'

/** The versions on which the results of a run of a method depend, by name. */
export const versionsOf = (
  method: string,
  backend: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> => ({
  'bilevel-hpo': programVersion(),
  [numericsKey]: String(numericsOf(method)),
  node: process.version,
  ...backend,
})
