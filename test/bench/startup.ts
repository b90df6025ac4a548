/**
 * How long the package takes to start, against an earlier build of it, in turns so that a busy machine slows both.
 *
 *     npm run build && npx tsx test/bench/startup.ts BEFORE [--now .] [--rounds 15] [--starts 0]
 *
 * BEFORE and `--now` are folders of the package: built checkouts, or `node_modules/bilevel-hpo` where a tarball was installed.
 * `--starts`: how often `npm start` is run in each, too; then both must be checkouts.
 *
 * An entry's time is that of `import(…)` alone; a command's is that of its process. Processor time is user and system time of
 * the whole process, so Node's own start is in it. Sizes are of an application that calls `solveBilevel`, bundled for a
 * browser by esbuild. Writes docs/results/startup.json.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import * as t from 'io-ts'
import { median, write } from './gpTiming.js'

const { values: options, positionals } = parseArgs({
  options: {
    now: { type: 'string', default: '.' },
    rounds: { type: 'string', default: '15' },
    starts: { type: 'string', default: '0' },
  },
  allowPositionals: true,
})
const [earlier] = positionals
if (earlier === undefined) throw new Error('Name the folder of the package as it was before.')
const folders = { before: resolve(earlier), now: resolve(options.now) }
type Side = keyof typeof folders
const sides = ['before', 'now'] as const

const Package = t.type({
  bin: t.type({ bilevel: t.string }),
  exports: t.record(t.string, t.union([t.string, t.type({ default: t.string })])),
})

const packageIn = (folder: string) => {
  const stated: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  if (!Package.is(stated)) throw new Error(`${folder} has no package.json of this package`)
  const { bin, exports } = stated
  return {
    program: join(folder, bin.bilevel),
    entry: (name: string): string => {
      const target = exports[name]
      if (typeof target !== 'object') throw new Error(`${folder} has no entry ${name}`)
      return join(folder, target.default)
    },
  }
}
const packages = { before: packageIn(folders.before), now: packageIn(folders.now) }

interface Times {
  readonly wall: number
  readonly processor: number
}

/** Milliseconds of one process, waited for by a shell that says what it and its children used. */
const processTimes = (command: string, cwd: string): Times => {
  const began = performance.now()
  const { status, stderr } = spawnSync('bash', ['-c', `TIMEFORMAT='%U %S'; time ${command} > /dev/null`], {
    cwd,
    encoding: 'utf8',
  })
  const wall = performance.now() - began
  if (status !== 0) throw new Error(`${command} ended with ${status ?? 'a signal'}:\n${stderr}`)
  const [user = NaN, system = NaN] = (stderr.trimEnd().split('\n').at(-1) ?? '').split(' ').map(Number)
  return { wall, processor: (user + system) * 1000 }
}

const Said = t.type({ wall: t.number, processor: t.number })

/** Milliseconds of one import, as its process measures it. */
const importTimes = (path: string | null): Times => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `const began = performance.now()
       ${path === null ? '' : `await import(${JSON.stringify(pathToFileURL(path).href)})`}
       const wall = performance.now() - began
       const { user, system } = process.cpuUsage()
       console.log(JSON.stringify({ wall, processor: (user + system) / 1000 }))`,
    ],
    { encoding: 'utf8' },
  )
  const said: unknown = stderr === '' ? JSON.parse(stdout) : null
  if (!Said.is(said)) throw new Error(stderr)
  return said
}

/** Medians of both sides, measured in turns, and what is left of the earlier one. */
const paired = (rounds: number, measure: (side: Side) => Times) => {
  const measured: Record<Side, Array<Times>> = { before: [], now: [] }
  for (const side of sides) measure(side)
  for (let round = 0; round < rounds; round++) for (const side of sides) measured[side].push(measure(side))
  const of = (side: Side): Times => ({
    wall: median(measured[side].map(({ wall }) => wall)),
    processor: median(measured[side].map(({ processor }) => processor)),
  })
  const [before, now] = [of('before'), of('now')]
  return {
    before,
    now,
    ratio: { wall: now.wall / before.wall, processor: now.processor / before.processor },
  }
}

const gzipped = async (side: Side): Promise<number> => {
  const { outputFiles } = await build({
    stdin: {
      contents: `import { solveBilevel } from ${JSON.stringify(packages[side].entry('.'))}; console.log(solveBilevel)`,
      resolveDir: folders[side],
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'error',
  })
  return outputFiles.reduce((sum, { contents }) => sum + gzipSync(contents, { level: 9 }).length, 0)
}

const rounds = Number(options.rounds)
const show = <A>(name: string, result: A): A => {
  console.log(name, JSON.stringify(result))
  return result
}

const node = show(
  'node alone',
  paired(rounds, () => importTimes(null)),
)
const entries = Object.fromEntries(
  ['.', './runs', './laws', './shell'].flatMap(name => {
    try {
      for (const side of sides) importTimes(packages[side].entry(name))
    } catch {
      console.log(`${name}: left out, for a package that it needs is not installed`)
      return []
    }
    return [
      [
        name,
        show(
          name,
          paired(rounds, side => importTimes(packages[side].entry(name))),
        ),
      ],
    ]
  }),
)
const commands = Object.fromEntries(
  ['--version', '--help'].map(argument => [
    argument,
    show(
      argument,
      paired(rounds, side =>
        processTimes(`"${process.execPath}" "${packages[side].program}" ${argument}`, folders[side]),
      ),
    ),
  ]),
)
const starts = Number(options.starts)
const out = mkdtempSync(join(tmpdir(), 'bilevel-startup-'))
let runs = 0
const start =
  starts === 0
    ? {}
    : {
        'npm start': show(
          'npm start',
          paired(starts, side =>
            processTimes(`npm start --silent -- --out "${join(out, String(runs++))}"`, folders[side]),
          ),
        ),
      }
rmSync(out, { recursive: true })
write('startup', {
  unit: 'ms',
  rounds,
  starts,
  node: node.now,
  entries,
  commands: { ...commands, ...start },
  gzippedBytes: { before: await gzipped('before'), now: await gzipped('now') },
})
