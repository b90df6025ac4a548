/**
 * Writes the tables of measurements in the documents anew, from docs/results/*.json.
 *
 *     npx tsx test/bench/tables.ts
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { withTables } from '../tools/tables.js'

for (const document of ['docs/gp.md', 'docs/performance.md', 'docs/data.md', 'docs/rivals.md']) {
  writeFileSync(document, withTables(readFileSync(document, 'utf8')))
  console.log(document)
}
