/**
 * Writes the example of docs/report.md: a report of the committed log with two hyperparameters.
 *
 *     npm run figures
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeReport } from '../../src/shell/report/writeReport.js'
import { committed } from '../support/reportRuns.js'
import { right } from '../support/recordedRun.js'

const output = join(fileURLToPath(new URL('../../docs/figures/', import.meta.url)), 'report.html')
const { bytes, files } = right(
  await writeReport([committed('d2')], { output, title: 'A run of the bilevel method' })(),
)
console.log(`${output}: ${bytes} bytes, ${files.length} files beside it`)
