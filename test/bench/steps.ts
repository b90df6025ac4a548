/**
 * One training step, side by side in one process: tfjs' own (tape, optimizer) and ours, on every backend that is here.
 *
 *     npm run bench:steps [-- --repeats 40 --backends wasm,node]
 *
 * A step is gradient and Nesterov update of cross-entropy plus L2 penalty; ours is `descend` of the lower-level solver.
 * Both draw their minibatches; stock gathers them from a tensor on the backend. A repeat is up to 20 steps of the one (200 ms of
 * stock's), then as many of the other. Before timing, both take three steps from equal weights and must agree.
 * Where a share of pixels is said to be lit, both are given images of which the others are zeros, as four fifths of MNIST's are.
 * Stock tfjs cannot train LeNet on wasm: there it is given a kernel that convolves naively (steps/naive.ts).
 *
 * Writes docs/results/steps.json: milliseconds a step. `npx tsx test/bench/tables.ts` puts them into docs/performance.md.
 */
import { createRequire } from 'node:module'
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import * as tf from '@tensorflow/tfjs-core'
import * as E from 'fp-ts/lib/Either.js'
import { make, normals, uniforms } from '../../src/core/numeric/Rng.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import type { Backend, BackendName } from '../../src/shell/backend/Backend.js'
import { gradientOf } from '../../src/shell/train/gradient/gradientOf.js'
import { hyperparametersOf } from '../../src/shell/model/Hyperparameters.js'
import { lenet } from '../../src/shell/model/lenet.js'
import { descend } from '../../src/shell/train/lowerLevelSolver.js'
import { mlp } from '../../src/shell/model/mlp.js'
import { initialWeights, type Network } from '../../src/shell/model/Network.js'
import { pausesOf } from '../../src/shell/train/Pauses.js'
import { SolverConfig } from '../../src/shell/train/SolverConfig.js'
import { median, quantile, write } from './gpTiming.js'
import { kernelsOf, use } from './steps/kernels.js'
import { naiveFilterGradient } from './steps/naive.js'
import { lenetForward, mlpForward, stockRun, type Forward } from './steps/stock.js'

// tfjs' gradients, which tfjs-core by itself registers none of. Modules that Node takes only by way of `require` (and tsx).
createRequire(import.meta.url)('@tensorflow/tfjs-core/dist/register_all_gradients.js')

const { values: options } = parseArgs({
  options: {
    repeats: { type: 'string', default: '40' },
    backends: { type: 'string', default: 'node,wasm,cpu' },
    seed: { type: 'string', default: '0' },
  },
})
const repeats = Number(options.repeats)
const seed = Number(options.seed)
const names = options.backends.split(',') as ReadonlyArray<BackendName>
const tfNames = { node: 'tensorflow', wasm: 'wasm', cpu: 'cpu' } as const
const packages = {
  node: '@tensorflow/tfjs-node',
  wasm: '@tensorflow/tfjs-backend-wasm',
  cpu: '@tensorflow/tfjs-backend-cpu',
} as const

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(JSON.stringify(either.left))
}

const rate = 0.01
const momentum = 0.5
const examples = 600

interface Case {
  readonly name: string
  readonly network: Network
  readonly forward: Forward
  readonly batchSize: number
  /** The share of pixels that are not zero, drawn at random. */
  readonly lit: number
}

/** As many as in MNIST. */
const mnistLit = 0.19

const cases: ReadonlyArray<Case> = [
  { network: mlp([28, 28, 1], 10, [100]), forward: mlpForward, lit: 1 },
  { network: mlp([28, 28, 1], 10, [100]), forward: mlpForward, lit: mnistLit },
  { network: lenet([28, 28, 1], 10), forward: lenetForward, lit: 1 },
  { network: lenet([32, 32, 3], 10), forward: lenetForward, lit: 1 },
].flatMap(part =>
  [64, examples].map(batchSize => ({
    ...part,
    name: part.network.name + (part.lit < 1 ? `, ${100 * part.lit} % lit` : ''),
    batchSize,
  })),
)

const spread = (times: ReadonlyArray<number>) => ({
  median: median(times),
  p10: quantile(times, 0.1),
  p90: quantile(times, 0.9),
})

const milliseconds = async (f: () => unknown): Promise<number> => {
  const began = performance.now()
  await f()
  return performance.now() - began
}

const bench = async (
  backend: Backend,
  { name, network, forward, batchSize, lit }: Case,
  {
    naive,
    ...kernels
  }: {
    readonly naive: boolean
    readonly stock: ReturnType<typeof kernelsOf>
    readonly ours: ReturnType<typeof kernelsOf>
  },
) => {
  const tfName = tfNames[backend.name]
  await tf.setBackend(tfName)
  const pixels = network.inputShape.reduce((product, side) => product * side, 1)
  const chances = uniforms(examples * pixels)(make(seed, 3))[0]
  const images = Float32Array.from(uniforms(examples * pixels)(make(seed, 1))[0], (value, i) =>
    chances[i]! < lit ? value : 0,
  )
  const set = {
    images,
    labels: Uint8Array.from({ length: examples }, (_, i) => i % network.classes),
    shape: network.inputShape,
    classes: network.classes,
  }
  const noise = normals(network.size)(make(seed, 2))[0]
  const start = initialWeights(network)(seed).map((w, i) => w + 0.01 * noise[i]!)
  const { lowerTerms } = right(
    hyperparametersOf(network, { family: 'l2', per: 'model', lower: -10, upper: 4 }),
  )
  const terms = lowerTerms([1], examples)
  const solver = {
    ...right(SolverConfig.decode({})),
    learningRate: rate,
    momentum,
    descentMomentum: 0.5,
    descentFinalShare: 1,
  }
  const context = { gradient: gradientOf(backend, network, [set]), chunkSize: 1000, pauses: pausesOf(null) }
  const ours = async (steps: number, size: number | null): Promise<Float32Array> => {
    const objective = [{ coefficient: 1, loss: { set, terms } }]
    const finalShare = solver.descentFinalShare
    const how = {
      steps,
      batchSize: size,
      seed,
      stream: 0,
      stepScale: 1,
      finalShare,
      onProgress: () => undefined,
    }
    return right(await descend(context, solver)(objective, how)(start)).weights
  }
  const settings = { rate, momentum, decay: Math.max(...terms.decay.map(Number)) }

  // Both must do the same thing before it is worth knowing which does it faster.
  use(tfName, kernels.stock)
  const check = stockRun(network, forward, set, null, start, settings)
  for (let i = 0; i < 3; i++) check.step()
  const theirs = check.weights()
  check.dispose()
  use(tfName, kernels.ours)
  const own = await ours(3, null)
  const way = Math.sqrt(own.reduce((sum, w, i) => sum + (w - start[i]!) ** 2, 0))
  const apart = Math.sqrt(own.reduce((sum, w, i) => sum + (w - theirs[i]!) ** 2, 0))
  if (!(apart <= 1e-3 * way))
    throw new Error(`${backend.name}, ${name}: ${apart} apart after a way of ${way}.`)

  const size = batchSize === examples ? null : batchSize
  use(tfName, kernels.stock)
  const stock = stockRun(network, forward, set, size, start, settings)
  stock.step()
  const steps = Math.max(1, Math.min(20, Math.round(200 / (await milliseconds(() => stock.step())))))
  const times = { stock: [] as number[], ours: [] as number[] }
  for (let repeat = -3; repeat < repeats; repeat++) {
    use(tfName, kernels.stock)
    const theirs = await milliseconds(() => {
      for (let i = 0; i < steps; i++) stock.step()
    })
    use(tfName, kernels.ours)
    const own = await milliseconds(() => ours(steps, size))
    if (repeat < 0) continue
    times.stock.push(theirs / steps)
    times.ours.push(own / steps)
  }
  stock.dispose()
  const row = {
    backend: backend.name,
    network: name,
    batch: batchSize,
    naive: naive && forward === lenetForward,
    stock: spread(times.stock),
    ours: spread(times.ours),
    ratio: median(times.stock.map((time, i) => time / times.ours[i]!)),
  }
  console.log(
    `${row.backend.padEnd(5)} ${name.padEnd(26)} batch ${String(batchSize).padStart(3)}: ` +
      `stock${row.naive ? ' with a naive kernel' : ''} ${row.stock.median.toFixed(2)} ms, ` +
      `ours ${row.ours.median.toFixed(2)} (${row.ours.p10.toFixed(2)} to ${row.ours.p90.toFixed(2)}), ` +
      `${row.ratio.toFixed(2)} times as fast`,
  )
  return row
}

const table = []
const absent: string[] = []
const before = loadavg()[0]!
for (const name of names) {
  // The package registers its kernels when it is loaded, before `choose` installs ours.
  const present = await import(packages[name]).then(
    () => true,
    () => false,
  )
  if (!present) {
    absent.push(name)
    console.log(`${name}: not installed`)
    continue
  }
  const tfName = tfNames[name]
  const plain = kernelsOf(tfName)
  const stock = plain.has(tf.Conv2DBackpropFilter)
    ? plain
    : new Map([...plain, [tf.Conv2DBackpropFilter, naiveFilterGradient(tfName)] as const])
  const backend = right(await choose(name)())
  const ours = kernelsOf(tfName)
  for (const each of cases)
    if (name !== 'cpu' || (each.forward === mlpForward && each.batchSize === 64))
      table.push(await bench(backend, each, { naive: stock !== plain, stock, ours }))
}
write('steps', { unit: 'ms', repeats, seed, load: [before, loadavg()[0]!], absent, table })
