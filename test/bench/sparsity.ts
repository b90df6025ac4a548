/**
 * From which share of lit pixels on a product with all pixels is as fast as one that leaves the dark ones out (`mostLit` in
 * train/gradient/PlacedImages.ts): minibatch steps of 784-100-10 at batch 64, both ways in turn, on images of which random pixels
 * are dark.
 *
 *     npx tsx test/bench/sparsity.ts [--repeats 25]
 *
 * Writes docs/results/sparsity.json: milliseconds a step, and the median of ratios of neighbouring repeats.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { make, uniforms } from '../../src/core/numeric/Rng.js'
import { denseNetwork } from '../../src/shell/backend/kernels/DenseNetwork.js'
import type { ImageSet } from '../../src/shell/data/set/ImageSet.js'
import { mlp } from '../../src/shell/model/mlp.js'
import { initialWeights } from '../../src/shell/model/Network.js'
import { placedImages } from '../../src/shell/train/gradient/PlacedImages.js'
import { median, write } from './gpTiming.js'

const { values: options } = parseArgs({ options: { repeats: { type: 'string', default: '25' } } })

const network = mlp([28, 28, 1], 10, [100])
const computing = denseNetwork(network.dense!)
const place = computing.place()
computing.put(place, initialWeights(network)(0))
const count = 64
const pixels = 784
const steps = 20
const examples = Int32Array.from({ length: count }, (_, i) => i)
const logits = new Float32Array(10 * count)
// What a step's gradient is of costs no more or less where it is nothing.
const slopes = new Float32Array(10 * count)

const setOf = (share: number): ImageSet => {
  const [chances] = uniforms(count * pixels)(make(0, 1))
  return {
    images: Float32Array.from(uniforms(count * pixels)(make(0, 2))[0], (value, i) =>
      chances[i]! < share ? value : 0,
    ),
    labels: new Uint8Array(count),
    shape: [28, 28, 1],
    classes: 10,
  }
}

const images = {
  dense: placedImages(computing.memory, pixels, { sparse: () => false }),
  sparse: placedImages(computing.memory, pixels, { sparse: () => true }),
}
const settings = { rate: 0.01, momentum: 0.5, decay: network.parameters.map(() => 0.01) }

const time = (way: keyof typeof images, set: ImageSet): number => {
  const began = performance.now()
  for (let i = 0; i < steps; i++) {
    const rows = images[way].rows([{ set, examples }])
    computing.forward(place, rows, logits)
    computing.step(place, rows, slopes, settings)
  }
  return (performance.now() - began) / steps
}

const before = loadavg()[0]!
const table = [0.05, 0.1, 0.19, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1].map(lit => {
  const set = setOf(lit)
  const times = { dense: [] as number[], sparse: [] as number[] }
  for (let repeat = -3; repeat < Number(options.repeats); repeat++) {
    const [a, b] = [time('dense', set), time('sparse', set)]
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
write('sparsity', { unit: 'ms', load: [before, loadavg()[0]!], table })
