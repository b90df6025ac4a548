/**
 * From which share of lit pixels on a dense product is as fast as one that leaves the dark ones out (`mostLit` in
 * problem/SparseImages.ts): minibatch steps of 784-100-10 at batch 64, both ways in turn, on images of which random pixels
 * are dark.
 *
 *     npx tsx test/bench/sparsity.ts [--backend wasm] [--repeats 25]
 *
 * Writes docs/results/sparsity.json: milliseconds a step, and the median of ratios of neighbouring repeats.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { make, uniforms } from '../../src/core/numeric/Rng.js'
import { BackendName, choose } from '../../src/shell/backend/Backend.js'
import type { ImageSet } from '../../src/shell/data/ImageSet.js'
import { gradientOf, type Batch } from '../../src/shell/problem/Gradient.js'
import { mlp } from '../../src/shell/problem/mlp.js'
import { initialWeights } from '../../src/shell/problem/Network.js'
import { between, sparseRows } from '../../src/shell/problem/SparseImages.js'
import { median, write } from './gpTiming.js'

const { values: options } = parseArgs({
  options: { backend: { type: 'string', default: 'wasm' }, repeats: { type: 'string', default: '25' } },
})
const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(JSON.stringify(either.left))
}

const backend = right(await choose(right(BackendName.decode(options.backend)))())
const network = mlp([28, 28, 1], 10, [100])
const gradient = gradientOf(backend, network)
const weights = initialWeights(network)(0)
const count = 64
const pixels = 784
const steps = 20

const batchesOf = (share: number): Readonly<Record<'dense' | 'sparse', Batch>> => {
  const [chances] = uniforms(count * pixels)(make(0, 1))
  const images = Float32Array.from(uniforms(count * pixels)(make(0, 2))[0], (value, i) =>
    chances[i]! < share ? value : 0,
  )
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10)
  const set: ImageSet = { images, labels, shape: [28, 28, 1], classes: 10 }
  return { dense: { images, labels }, sparse: { images: between(sparseRows(set), 0, count), labels } }
}

const time = (batch: Batch): number => {
  const began = performance.now()
  for (let i = 0; i < steps; i++)
    gradient.lossAndGradient(weights, [{ batch, scale: 1 / count }], () => undefined)
  return (performance.now() - began) / steps
}

const before = loadavg()[0]!
const table = [0.05, 0.1, 0.19, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8].map(lit => {
  const { dense, sparse } = batchesOf(lit)
  const times = { dense: [] as number[], sparse: [] as number[] }
  for (let repeat = -3; repeat < Number(options.repeats); repeat++) {
    const [a, b] = [time(dense), time(sparse)]
    if (repeat < 0) continue
    times.dense.push(a)
    times.sparse.push(b)
  }
  const row = {
    lit,
    dense: median(times.dense),
    sparse: median(times.sparse),
    ratio: median(times.dense.map((each, i) => each / times.sparse[i]!)),
  }
  console.log(row)
  return row
})
write('sparsity', { unit: 'ms', backend: backend.name, load: [before, loadavg()[0]!], table })
