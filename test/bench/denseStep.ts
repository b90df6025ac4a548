/**
 * What a step of MLP 784-100-10 consists of at batch 64, and so how much K solves of one problem could share, were they made
 * one batch: they draw the same minibatches, so the draw, the list of addresses and the sparse transpose; weights, products and
 * steps are each solve's own. On the main job's 600 training images.
 *
 *     npx tsx test/bench/denseStep.ts [--repeats 40]
 *
 * Writes docs/results/dense-step.json: processor milliseconds of a whole step, of what is each solve's own, and the
 * share of the rest, medians of neighbouring repeats.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import type { RowList } from '../../src/shell/backend/kernels/AssembledNetwork.js'
import { denseNetwork } from '../../src/shell/backend/kernels/DenseNetwork.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import { loadSplits } from '../../src/shell/data/loadSplits.js'
import { crossEntropy } from '../../src/shell/model/crossEntropy.js'
import { minibatches } from '../../src/shell/train/Minibatches.js'
import { initialWeights } from '../../src/shell/model/Network.js'
import { networkOf } from '../../src/shell/model/NetworkConfig.js'
import { placedImages } from '../../src/shell/train/gradient/PlacedImages.js'
import { median, quantile, right, write } from './gpTiming.js'

const { values: options } = parseArgs({ options: { repeats: { type: 'string', default: '40' } } })
const { config } = right(fromPreset('mnist-mlp-1k'))
const { train } = right(await loadSplits(config.data, { seed: config.seed, baseFolder: '.' })())
const network = right(networkOf(config.network, train.shape, train.classes))
const { batchSize } = config.solver

const computing = denseNetwork(network.dense!)
const images = placedImages(computing.memory, network.dense![0]!.inputs)
const place = computing.place()
computing.put(place, initialWeights(network)(0))
const logits = new Float32Array(batchSize * network.classes)
const slopes = new Float32Array(batchSize * network.classes)
const settings = { rate: 0.01, momentum: 0.5, decay: network.parameters.map(() => 0.01) }
const draw = minibatches(train, batchSize, [0])
const steps = 40

/** Of the processor: there is one thread, and the machine may have others' work to do. */
const milliseconds = (act: () => void): number => {
  const began = process.cpuUsage()
  for (let i = 0; i < steps; i++) act()
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000 / steps
}
const step = (rows: RowList, labels: Uint8Array): void => {
  computing.forward(place, rows, logits)
  crossEntropy(logits, labels, network.classes, slopes, 1 / batchSize)
  computing.step(place, rows, slopes, settings)
}
const drawn = draw()
const listed = images.rows([drawn])
// The same rows as their transpose's owner: made at the first step, there at all that follow.
const transposed: RowList = { ...listed, keep: { transposed: null } }

const before = loadavg()[0]!
const times = { whole: [] as number[], own: [] as number[], shared: [] as number[] }
for (let repeat = -5; repeat < Number(options.repeats); repeat++) {
  const whole = milliseconds(() => {
    const batch = draw()
    step(images.rows([batch]), batch.labels)
  })
  images.rows([drawn])
  const own = milliseconds(() => step(transposed, drawn.labels))
  if (repeat < 0) continue
  times.whole.push(whole)
  times.own.push(own)
  times.shared.push((whole - own) / whole)
}
const spread = (values: ReadonlyArray<number>) => ({
  median: median(values),
  p10: quantile(values, 0.1),
  p90: quantile(values, 0.9),
})
const result = {
  unit: 'ms',
  load: [before, loadavg()[0]!],
  batch: batchSize,
  whole: spread(times.whole),
  own: spread(times.own),
  shareThatCouldBeShared: spread(times.shared),
}
console.log(result)
write('dense-step', result)
