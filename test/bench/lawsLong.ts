/**
 * The unbroken method and its parts through the whole law kit, 10,000 cases a law in a row, with a seed that differs
 * from the tests':
 *
 *     npx tsx test/bench/lawsLong.ts [cases] [seed]
 *
 * Writes docs/results/laws.json; ends with exit code 1 where a law is broken.
 */
import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { Laws } from '../../src/core/laws/index.js'
import { unbroken } from '../laws/subjects.js'

const [runs, seed] = [Number(process.argv[2] ?? 10_000), Number(process.argv[3] ?? 20_221)]

const results = unbroken.map(({ name, examine }) => {
  const start = performance.now()
  const report = examine({ runs, seed })
  const seconds = Math.round((performance.now() - start) / 1000)
  console.log(`${Laws.format(report)}\n  ${seconds} s\n`)
  return { name, laws: report.findings.length, passed: Laws.passed(report), seconds }
})

const summary = {
  command: `npx tsx test/bench/lawsLong.ts ${runs} ${seed}`,
  date: new Date().toISOString().slice(0, 10),
  machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.versions.node}`,
  casesPerLaw: runs,
  seed,
  results,
}
writeFileSync('docs/results/laws.json', `${JSON.stringify(summary, null, 2)}\n`)
if (results.some(({ passed }) => !passed)) process.exitCode = 1
