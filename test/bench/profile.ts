/**
 * Where the wall time of the main job goes, by V8's sampling profiler, and how long it takes to the first step.
 *
 *     npm run build && npx tsx test/bench/profile.ts [--backend wasm] [--workers 2]
 *
 * Gradient arithmetic is what a step is made of: kernels that are called for a gradient (on wasm all that runs in
 * WebAssembly), and our loops over weights and logits, L-BFGS directions with them. Losses that are only looked at (how good
 * weights are on a set) are evaluation. Calls to kernels are tfjs' bookkeeping around them. Shares are of the main thread's wall
 * time; `insideArithmetic` is the share of it in which this thread or one that trains beside it was at gradient arithmetic, and
 * `insideGradients` counts the calls to kernels, too. Writes docs/results/profile.json.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as t from 'io-ts'
import { decode } from '../../src/core/protocol/Codec.js'
import { right, write } from './gpTiming.js'

const { values: options } = parseArgs({
  options: { backend: { type: 'string', default: 'wasm' }, workers: { type: 'string', default: '2' } },
})

const Profile = t.type({
  startTime: t.number,
  samples: t.array(t.number),
  timeDeltas: t.array(t.number),
  nodes: t.array(
    t.type({
      id: t.number,
      children: t.union([t.array(t.number), t.undefined]),
      callFrame: t.type({ functionName: t.string, url: t.string }),
    }),
  ),
})
type Frame = t.TypeOf<typeof Profile>['nodes'][number]['callFrame']

// What V8 sees of libtensorflow is who called it.
const nativeCalls = /^NodeJSKernelBackend\.(executeSingleOutput|executeMultipleOutputs|readSync)$/

/** First match wins. */
const kinds: ReadonlyArray<readonly [name: string, is: (frame: Frame) => boolean]> = [
  ['kernels', ({ url, functionName }) => url.startsWith('wasm://') || nativeCalls.test(functionName)],
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
const arithmetic = new Set([
  'kernels',
  'steps of momentum',
  'cross-entropy',
  'sums of gradients and penalties',
  'directions of L-BFGS',
])

/** The kind of every node; all that is beneath a look at losses is evaluation. */
const kindsOf = ({ nodes }: t.TypeOf<typeof Profile>): ReadonlyMap<number, string> => {
  const parents = new Map(nodes.flatMap(({ id, children }) => (children ?? []).map(child => [child, id])))
  const byId = new Map(nodes.map(node => [node.id, node]))
  const evaluates = (id: number | undefined): boolean => {
    const frame = id === undefined ? undefined : byId.get(id)?.callFrame
    if (frame === undefined) return false
    return (
      (frame.functionName === 'loss' && frame.url.endsWith('/Gradient.js')) || evaluates(parents.get(id!))
    )
  }
  return new Map(
    nodes.map(({ id, callFrame }) => [
      id,
      evaluates(id) ? 'evaluation' : kinds.find(([, is]) => is(callFrame))![0],
    ]),
  )
}

type Interval = readonly [from: number, to: number]

/** How long at least one of the intervals lasts, within [from, to). */
const together = (intervals: ReadonlyArray<Interval>, [from, to]: Interval): number => {
  let total = 0
  let until = from
  for (const [a, b] of [...intervals].sort((p, q) => p[0] - q[0])) {
    const end = Math.min(b, to)
    total += Math.max(0, end - Math.max(a, until))
    until = Math.max(until, end)
  }
  return total
}

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
      '--workers',
      options.workers,
    ],
    { stdio: 'ignore' },
  )
  const wallSeconds = (performance.now() - began) / 1000
  const profiles = readdirSync(folder)
    .filter(name => name.endsWith('.cpuprofile'))
    .map(file => right(decode(Profile)(JSON.parse(readFileSync(join(folder, file), 'utf8')))))
    .sort((p, q) => p.startTime - q.startTime)
  // The main thread is first to begin.
  const [main] = profiles
  const spent = new Map<string, number>([...kinds.map(([name]) => name), 'evaluation'].map(name => [name, 0]))
  const busy: Array<Interval> = []
  const calling: Array<Interval> = []
  let firstStep = Infinity
  let length = 0
  for (const profile of profiles) {
    const kindOf = kindsOf(profile)
    let now = profile.startTime
    profile.samples.forEach((id, i) => {
      // A sample stands for the time until the next one.
      const [from, to] = [
        now + profile.timeDeltas[i]!,
        now + profile.timeDeltas[i]! + (profile.timeDeltas[i + 1] ?? 0),
      ]
      now = from
      const kind = kindOf.get(id)!
      if (kind === 'steps of momentum') firstStep = Math.min(firstStep, (from - main!.startTime) / 1e6)
      if (arithmetic.has(kind)) busy.push([from, to])
      if (arithmetic.has(kind) || kind === 'calls to kernels') calling.push([from, to])
      if (profile !== main) return
      spent.set(kind, spent.get(kind)! + (to - from) / 1e6)
      length += (to - from) / 1e6
    })
  }
  const span: Interval = [main!.startTime, main!.startTime + length * 1e6]
  const result = {
    backend: options.backend,
    workers: Number(options.workers),
    threads: profiles.length,
    load: [before, loadavg()[0]!],
    wallSeconds,
    profiledSeconds: length,
    secondsToFirstStep: firstStep,
    insideArithmetic: together(busy, span) / (span[1] - span[0]),
    insideGradients: together(calling, span) / (span[1] - span[0]),
    shares: Object.fromEntries([...spent].map(([name, seconds]) => [name, seconds / length])),
  }
  console.log(result)
  write('profile', result)
} finally {
  rmSync(folder, { recursive: true })
}
