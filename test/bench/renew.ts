/**
 * Makes the runs of some methods anew in committed comparisons, with the same preset, seeds, budget and backend, and puts
 * them in the place of the old ones; all other rows stay. Refuses where the task or the data is another than it was.
 *
 *     npx tsx test/bench/renew.ts docs/results/compare/mnist-mlp-1k
 *     npx tsx test/bench/renew.ts --methods bilevel,hyperband --jobs 2 docs/results/compare/* docs/results/groups/groups-*
 *
 * Each of them is `bilevel compare` in runs/renew/<source>/<name>; stopped and started again, it goes on. The source is that of the
 * last commit, so what is not committed yet in src is refused (--uncommitted takes it nevertheless, and says so in the file).
 * Afterwards the documents are to be written again: test/bench/reproduction.ts, test/bench/many.ts.
 */
import { execFileSync } from 'node:child_process'
import { basename } from 'node:path'
import { parseArgs } from 'node:util'
import { renew, renewalFolder } from '../tools/renew.js'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    methods: { type: 'string', default: 'bilevel' },
    jobs: { type: 'string', default: '1' },
    uncommitted: { type: 'boolean', default: false },
  },
})
if (positionals.length === 0) throw new Error('Name the folders of the comparisons: docs/results/compare/…')

const git = (...args: ReadonlyArray<string>): string => execFileSync('git', args, { encoding: 'utf8' }).trim()
const changes = git('status', '--porcelain', '--', 'src', 'package-lock.json')
if (changes !== '' && !values.uncommitted)
  throw new Error(`There are changes that are not committed, so no commit says what is run:\n${changes}`)
// By the last commit that changed what is run, so that one to the documents does not begin all again.
const commit = git('log', '-1', '--format=%h', '--', 'src', 'package-lock.json')
const source = changes === '' ? commit : `${commit}-and-changes`
execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' })

for (const folder of positionals) {
  const name = basename(folder)
  console.log(`${name}: ${values.methods}, source ${source}`)
  await renew({
    folder,
    methods: values.methods.split(','),
    out: renewalFolder(source, name),
    jobs: Number(values.jobs),
    date: new Date().toISOString().slice(0, 10),
    source,
  })
}
