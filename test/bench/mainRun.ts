/**
 * The main job as its user runs it (`bilevel tune`, the default preset, seed 0), with what it prints, what it took and
 * where. Build before: `npm run build && npx tsx test/bench/mainRun.ts`. Writes docs/results/main-run.md, and its table
 * into the README.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'

const folder = mkdtempSync(join(tmpdir(), 'bilevel-main-'))
const program = 'dist/bilevel.js'
const began = performance.now()
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [program, 'tune', '--out', join(folder, 'run')],
  { encoding: 'utf8' },
)
const seconds = (performance.now() - began) / 1000
if (status !== 0) throw new Error(`The run ended with ${status}: ${stderr}`)
// libtensorflow may say something of its own first.
const backend = stderr.split('\n').find(line => line.startsWith('Backend ')) ?? ''
const replay = execFileSync(process.execPath, [program, 'replay', join(folder, 'run')], { encoding: 'utf8' })
const header: unknown = JSON.parse(
  readFileSync(join(folder, 'run', 'run.jsonl'), 'utf8').split('\n')[0] ?? '',
)
const versions =
  typeof header === 'object' && header !== null && 'versions' in header ? JSON.stringify(header.versions) : ''
rmSync(folder, { recursive: true })

const table = stdout
  .split('\n')
  .filter(line => !line.startsWith('Run folder'))
  .map(line => line.trimEnd())
  .join('\n')
  .replace(/^\n+|\n+$/g, '')

writeFileSync(
  'docs/results/main-run.md',
  `# The main job

\`npm start\`: one L2 coefficient for each layer of the 784-100-10 network. 600 images of MNIST train, 400 validate, 10,000 test;
seed 0. Written by \`test/bench/mainRun.ts\` on ${new Date().toISOString().slice(0, 10)}; ${availableParallelism()} cores
(${cpus()[0]?.model.trim() ?? 'unknown'}), Node ${process.version}. Wall time with the data in the cache: ${seconds.toFixed(0)} s.

\`\`\`text
${table}
\`\`\`

${backend} Replay: all ${/all (\d+) steps/.exec(replay)?.[1] ?? '?'} steps as logged.
Versions: \`${versions}\`.
`,
)

const quoted = /(<!-- main-run: .*?-->\n\n)[\s\S]*?(\n\n<!-- \/main-run -->)/
const readme = readFileSync('README.md', 'utf8')
if (!quoted.test(readme)) throw new Error('The README has no place for the table.')
writeFileSync(
  'README.md',
  readme.replace(
    quoted,
    (_, before: string, after: string) => `${before}\`\`\`text\n${table}\n\`\`\`${after}`,
  ),
)
