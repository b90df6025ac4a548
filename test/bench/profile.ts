/**
 * Where the wall time of the main job goes, by V8's sampling profiler, and how long it takes to the first step.
 *
 *     npm run build && npx tsx test/bench/profile.ts [--backend wasm]
 *
 * Gradient arithmetic is what a step is made of: the backend's kernels (on wasm all that runs in WebAssembly), and our loops
 * over weights and logits. Calls to kernels are tfjs' bookkeeping around them. Writes docs/results/profile.json.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as t from 'io-ts'
import { decode } from '../../src/core/protocol/Codec.js'
import { right, write } from './gpTiming.js'

const { values: options } = parseArgs({ options: { backend: { type: 'string', default: 'wasm' } } })

const Profile = t.type({
  startTime: t.number,
  samples: t.array(t.number),
  timeDeltas: t.array(t.number),
  nodes: t.array(t.type({ id: t.number, callFrame: t.type({ functionName: t.string, url: t.string }) })),
})
type Frame = t.TypeOf<typeof Profile>['nodes'][number]['callFrame']

/** First match wins. */
const kinds: ReadonlyArray<readonly [name: string, is: (frame: Frame) => boolean]> = [
  ['kernels', ({ url }) => url.startsWith('wasm://')],
  // The engine inlines them where they are called.
  ['steps of momentum', ({ url }) => /\/(Momentum|LowerLevelSolver)\.js$/.test(url)],
  ['cross-entropy', ({ url }) => url.endsWith('/CrossEntropy.js')],
  ['sums of gradients and penalties', ({ url }) => /\/(Losses|Hyperparameters)\.js$/.test(url)],
  ['directions of L-BFGS', ({ url }) => /\/(Polish|QuasiNewton|Vector)\.js$/.test(url)],
  ['minibatches', ({ url }) => /\/(Minibatches|Rng)\.js$/.test(url) || url.includes('pure-rand')],
  ['calls to kernels', ({ url }) => /tensorflow|\/(Gradient|Layer|Network|Backend)\.js$/.test(url)],
  ['the method', ({ url }) => url.includes('/dist/core/') || url.includes('ml-matrix')],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['waiting', ({ functionName }) => functionName === '(idle)'],
  ['all else', () => true],
]
const arithmetic = ['kernels', 'steps of momentum', 'cross-entropy', 'sums of gradients and penalties']

const folder = mkdtempSync(join(tmpdir(), 'bilevel-profile-'))
const before = loadavg()[0]!
try {
  const began = performance.now()
  execFileSync(
    process.execPath,
    [
      '--cpu-prof',
      `--cpu-prof-dir=${folder}`,
      'dist/shell/cli/main.js',
      'tune',
      '--out',
      join(folder, 'run'),
      '--backend',
      options.backend,
    ],
    { stdio: 'ignore' },
  )
  const wallSeconds = (performance.now() - began) / 1000
  const file = readdirSync(folder).find(name => name.endsWith('.cpuprofile'))!
  const profile = right(decode(Profile)(JSON.parse(readFileSync(join(folder, file), 'utf8'))))
  const kindOf = new Map(
    profile.nodes.map(({ id, callFrame }) => [id, kinds.find(([, is]) => is(callFrame))![0]]),
  )
  const spent = new Map<string, number>(kinds.map(([name]) => [name, 0]))
  let now = 0
  let firstStep = Infinity
  profile.samples.forEach((id, i) => {
    const kind = kindOf.get(id)!
    now += profile.timeDeltas[i]! / 1e6
    if (kind === 'steps of momentum') firstStep = Math.min(firstStep, now)
    spent.set(kind, spent.get(kind)! + profile.timeDeltas[i]! / 1e6)
  })
  const shares = Object.fromEntries([...spent].map(([name, seconds]) => [name, seconds / now]))
  const result = {
    backend: options.backend,
    load: [before, loadavg()[0]!],
    wallSeconds,
    profiledSeconds: now,
    secondsToFirstStep: firstStep,
    arithmetic: arithmetic.reduce((sum, name) => sum + shares[name]!, 0),
    shares,
  }
  console.log(result)
  write('profile', result)
} finally {
  rmSync(folder, { recursive: true })
}
