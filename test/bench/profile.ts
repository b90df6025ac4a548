/**
 * Where the wall time of the preset mnist-mlp-1k goes, by V8's sampling profiler, and how long it takes to the first step.
 *
 *     npm run build && npx tsx test/bench/profile.ts [--backend wasm] [--workers 2]
 *
 * Gradient arithmetic is what a step is made of: all that runs in WebAssembly for a gradient (products, steps, passes of
 * L-BFGS; libtensorflow's kernels on node), and our loops over weights and logits on the host. Losses that are only looked at (how good
 * weights are on a set) are evaluation. Around kernels there are copies into and out of WebAssembly, lists of addresses, and tfjs'
 * bookkeeping. Shares are of the main thread's wall time; `insideArithmetic` is the share of it in which this thread or one that
 * trains beside it was at gradient arithmetic, and `insideGradients` counts what is around kernels, too. `afterStart` are the
 * same from the first step on. Writes docs/results/profile.json.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { SourceMap } from 'node:module'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as t from 'io-ts'
import { decode } from '../../src/core/codec/Codec.js'
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
      callFrame: t.type({
        functionName: t.string,
        url: t.string,
        lineNumber: t.number,
        columnNumber: t.number,
      }),
    }),
  ),
})
type Frame = t.TypeOf<typeof Profile>['nodes'][number]['callFrame']

const sourceMaps = new Map<string, SourceMap | null>()

/** A bundle's map. The bundler's own helpers have none. */
const sourceMapOf = (url: string): SourceMap | null => {
  const known = sourceMaps.get(url)
  if (known !== undefined) return known
  const path = `${fileURLToPath(url)}.map`
  const map = existsSync(path)
    ? new SourceMap(JSON.parse(readFileSync(path, 'utf8')) as ConstructorParameters<typeof SourceMap>[0])
    : null
  sourceMaps.set(url, map)
  return map
}

/** A frame with the source file and the name that its function had before it was bundled. */
const inSource = (frame: Frame): Frame => {
  if (!/^file:.*\/dist\/[^/]+\.js$/.test(frame.url) || frame.lineNumber < 0) return frame
  const entry = sourceMapOf(frame.url)?.findEntry(frame.lineNumber, frame.columnNumber)
  return {
    ...frame,
    functionName: frame.functionName.replace(/\$\d+$/, ''),
    url: entry !== undefined && 'originalSource' in entry ? entry.originalSource : frame.url,
  }
}

// What V8 sees of libtensorflow is who called it.
const nativeCalls = /^NodeJSKernelBackend\.(executeSingleOutput|executeMultipleOutputs|readSync)$/

/** First match wins. */
const kinds: ReadonlyArray<readonly [name: string, is: (frame: Frame) => boolean]> = [
  ['kernels', ({ url, functionName }) => url.startsWith('wasm://') || nativeCalls.test(functionName)],
  ['steps on the host', ({ url }) => /\/(Momentum|HostDescent)\.ts$/.test(url)],
  ['cross-entropy', ({ url }) => url.endsWith('/CrossEntropy.ts')],
  [
    'sums of gradients and penalties',
    ({ url }) => /\/(Losses|Hyperparameters)\.ts$|\/families\/\w+\.ts$/.test(url),
  ],
  ['L-BFGS on the host', ({ url }) => /\/(Polish|LbfgsMemory|Vector)\.ts$/.test(url)],
  ['minibatches', ({ url }) => /\/(Minibatches|Rng)\.ts$/.test(url) || url.includes('pure-rand')],
  [
    'around kernels',
    ({ url, functionName }) =>
      /tensorflow|\/kernels\/|\/(\w*Gradient|ExampleBatch|PlacedImages|LowerLevelSolver|Layer|Network|Backend)\.ts$/.test(
        url,
      ) || /JSToWasm|js-to-wasm/.test(functionName),
  ],
  ['the method', ({ url }) => url.includes('/src/core/') || url.includes('ml-matrix')],
  ['garbage collection', ({ functionName }) => functionName === '(garbage collector)'],
  ['waiting', ({ functionName }) => functionName === '(idle)'],
  ['all else', () => true],
]
const arithmetic = new Set([
  'kernels',
  'steps on the host',
  'cross-entropy',
  'sums of gradients and penalties',
  'L-BFGS on the host',
])

/** The kind of every node, where all that is beneath a look at losses is evaluation; and whether it is part of a training. */
const kindsOf = ({
  nodes,
}: t.TypeOf<typeof Profile>): ReadonlyMap<number, { readonly kind: string; readonly training: boolean }> => {
  const parents = new Map(nodes.flatMap(({ id, children }) => (children ?? []).map(child => [child, id])))
  const byId = new Map(nodes.map(node => [node.id, inSource(node.callFrame)]))
  const isUnder = (id: number | undefined, is: (frame: Frame) => boolean): boolean => {
    const frame = id === undefined ? undefined : byId.get(id)
    return frame !== undefined && (is(frame) || isUnder(parents.get(id!), is))
  }
  const evaluates = ({ functionName, url }: Frame): boolean =>
    (functionName === 'loss' || functionName === 'losses') && url.endsWith('Gradient.ts')
  const trains = ({ url }: Frame): boolean => url.endsWith('/LowerLevelSolver.ts')
  return new Map(
    [...byId].map(([id, frame]) => [
      id,
      {
        kind: isUnder(id, evaluates) ? 'evaluation' : kinds.find(([, is]) => is(frame))![0],
        training: isUnder(id, trains),
      },
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
      'dist/bilevel.js',
      'tune',
      '--preset',
      'mnist-mlp-1k',
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
      const { kind, training } = kindOf.get(id)!
      if (training) firstStep = Math.min(firstStep, (from - main!.startTime) / 1e6)
      if (arithmetic.has(kind)) busy.push([from, to])
      if (arithmetic.has(kind) || kind === 'around kernels') calling.push([from, to])
      if (profile !== main) return
      spent.set(kind, spent.get(kind)! + (to - from) / 1e6)
      length += (to - from) / 1e6
    })
  }
  const span: Interval = [main!.startTime, main!.startTime + length * 1e6]
  const inside = (intervals: ReadonlyArray<Interval>, within: Interval): number =>
    together(intervals, within) / (within[1] - within[0])
  const trained: Interval = [span[0] + firstStep * 1e6, span[1]]
  const result = {
    backend: options.backend,
    workers: Number(options.workers),
    threads: profiles.length,
    load: [before, loadavg()[0]!],
    wallSeconds,
    profiledSeconds: length,
    secondsToFirstStep: firstStep,
    insideArithmetic: inside(busy, span),
    insideGradients: inside(calling, span),
    afterStart: { insideArithmetic: inside(busy, trained), insideGradients: inside(calling, trained) },
    shares: Object.fromEntries([...spent].map(([name, seconds]) => [name, seconds / length])),
  }
  console.log(result)
  write('profile', result)
} finally {
  rmSync(folder, { recursive: true })
}
