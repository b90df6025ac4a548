/**
 * LeNet on 1,200 + 800 images of CIFAR-10: what a lower-level solve costs, and why pixels are scaled and not
 * standardised. At each λ, one for the whole network, weights are trained as the preset says: on pixels in [0, 1],
 * on pixels less their channel's mean over the training set, in units of its standard deviation, and on the first with
 * the step size of the other presets.
 *
 *     npx tsx test/bench/lenet.ts [backend]
 *
 * Writes docs/results/lenet.json: validation losses, processor seconds and epochs of each solve, tensors before
 * and after all of them, peak memory of the first half. Downloads CIFAR-10 where it is not cached.
 */
import * as tf from '@tensorflow/tfjs-core'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import { size, type ImageSet, type Splits } from '../../src/shell/data/set/ImageSet.js'
import { loadSplits } from '../../src/shell/data/loadSplits.js'
import { hyperparametersOf } from '../../src/shell/model/Hyperparameters.js'
import { networkOf } from '../../src/shell/model/NetworkConfig.js'
import type { BackendChoice } from '../../src/shell/backend/Backend.js'
import { networkInterpreter } from '../../src/shell/work/networkInterpreter.js'
import { right, write } from './gpTiming.js'

const lambdas = [0, 2, 3, 4]
const [backendName = 'wasm'] = process.argv.slice(2) as [BackendChoice?]

const { config } = right(fromPreset('cifar10-lenet-2k-global'))
const backend = right(await choose(backendName)())

const began = performance.now()
const splits = right(await loadSplits(config.data, { seed: config.seed, baseFolder: '.' })())
const loadSeconds = (performance.now() - began) / 1000

const channels = [0, 1, 2]
const moments = ({ images }: ImageSet) =>
  channels.map(channel => {
    const values = images.filter((_, i) => i % 3 === channel)
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
    return { mean, deviation: Math.sqrt(variance) }
  })

const standardised = ({ train, validation }: Splits): Splits => {
  const found = moments(train)
  const set = (given: ImageSet): ImageSet => ({
    ...given,
    images: given.images.map((x, i) => (x - found[i % 3]!.mean) / found[i % 3]!.deviation),
  })
  return { train: set(train), validation: set(validation), test: null }
}

const network = right(networkOf(config.network, splits.train.shape, splits.train.classes))
const hyperparameters = right(hyperparametersOf(network, config.hyperparameters))

const solve = async (
  pixels: string,
  sets: Splits,
  lambda: number,
  learningRate = config.solver.learningRate,
) => {
  const interpreter = right(
    networkInterpreter(backend, {
      splits: sets,
      network,
      hyperparameters,
      solver: { ...config.solver, learningRate },
      seed: config.seed,
    }),
  )
  const start = process.cpuUsage()
  // The method's own accuracy and budget of a solve.
  const solved = right(
    await interpreter.answer({
      _tag: 'SolveLowerLevel',
      id: 0,
      from: 'initial',
      lambda: [lambda],
      tolerance: 1e-3,
      maxEpochs: 100,
    })(),
  )
  const spent = process.cpuUsage(start)
  // Of the processor, not of the clock: the machine may have other work.
  const seconds = (spent.user + spent.system) / 1e6
  interpreter.dispose()
  const row =
    solved._tag === 'LowerLevelSolved'
      ? {
          pixels,
          learningRate,
          lambda,
          validationLoss: solved.upper,
          lowerLoss: solved.lower,
          epochs: solved.effort / size(sets.train),
          seconds,
        }
      : { pixels, learningRate, lambda, validationLoss: null, lowerLoss: null, epochs: null, seconds }
  console.log(row)
  return row
}

const tensorsBefore = tf.memory().numTensors
const table = []
for (const lambda of lambdas) table.push(await solve('[0, 1]', { ...splits, test: null }, lambda))
for (const lambda of [2, 3]) table.push(await solve('[0, 1]', { ...splits, test: null }, lambda, 0.3))
// Before there are copies that a run does not make.
const peakMegabytes = process.resourceUsage().maxRSS / 1024
for (const lambda of lambdas) table.push(await solve('standardised', standardised(splits), lambda))

write('lenet', {
  backend: backend.name,
  seed: config.seed,
  loadSeconds,
  tensorsBefore,
  tensorsAfter: tf.memory().numTensors,
  peakMegabytes,
  table,
})
