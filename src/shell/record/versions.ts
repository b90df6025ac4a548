/** What this program is, read from its own package. */
import { readFileSync } from 'node:fs'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import * as t from 'io-ts'
import { numerics, numericsKey } from '../../core/log/numerics.js'

const Package = t.type({ version: t.string })

/** This program's version; `unknown` where its package.json is not where it was installed. */
export const programVersion = (): string =>
  pipe(
    E.tryCatch(
      (): unknown => JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')),
      () => 'unknown',
    ),
    E.filterOrElse(Package.is, () => 'unknown'),
    E.match(
      unknown => unknown,
      ({ version }) => version,
    ),
  )

/** What a run's results depend on, by name. */
export const versionsOf = (backend: Readonly<Record<string, string>>): Readonly<Record<string, string>> => ({
  'bilevel-hpo': programVersion(),
  [numericsKey]: String(numerics),
  node: process.version,
  ...backend,
})
