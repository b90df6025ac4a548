/**
 * Keeps comparisons that have ended in docs/results/compare/<name>, and writes docs/reproduction.md from all that are there.
 *
 *     npx tsx test/bench/reproduction.ts                                     the document alone
 *     npx tsx test/bench/reproduction.ts runs/compare-mnist-mlp-1k …         keep these first, each under its plan's name
 *
 * `remarks.md` beside a kept comparison, written by hand, is taken into its section.
 */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdown } from '../../src/shell/compare/text/markdown.js'
import { complete, documentPath, kept, reproduction, resultsFolder } from '../tools/reproduction.js'
import { formatted } from '../tools/formatted.js'

for (const folder of process.argv.slice(2)) {
  const comparison = complete(join(folder, 'comparison.json'))
  const place = join(resultsFolder, comparison.plan.name.replace(/[^\w.-]+/g, '-'))
  mkdirSync(place, { recursive: true })
  copyFileSync(join(folder, 'comparison.json'), join(place, 'comparison.json'))
  const page = join(place, 'comparison.md')
  writeFileSync(page, await formatted(page, markdown(comparison)))
  console.log(place)
}
writeFileSync(documentPath, await reproduction(kept()))
console.log(documentPath)
