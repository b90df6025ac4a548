/**
 * One training step of LeNet on our own WebAssembly and by tfjs' kernels on wasm, which trained it before, in turns in one
 * process. Both take the same minibatches from the same weights, and after three steps must agree.
 *
 *     npx tsx test/bench/convStep.ts [--repeats 40]
 *
 * Writes docs/results/conv-step.json: milliseconds a step, and medians of the ratios of neighbouring repeats.
 * `npx tsx test/bench/tables.ts` puts them into docs/performance.md.
 */
import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { make, normals, uniforms } from '../../src/core/numeric/Rng.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { lenet } from '../../src/shell/model/lenet.js'
import { initialWeights } from '../../src/shell/model/Network.js'
import { norm } from '../../src/shell/model/weightNorms.js'
import { convGradient } from '../../src/shell/train/gradient/convGradient.js'
import { tensorGradient } from '../../src/shell/train/gradient/tensorGradient.js'
import { minibatches } from '../../src/shell/train/Minibatches.js'
import { median, quantile, right, write } from './gpTiming.js'

const { values: options } = parseArgs({ options: { repeats: { type: 'string', default: '40' } } })
const repeats = Number(options.repeats)
const examples = 600
const wasm = right(await choose('wasm')())

const bench = (shape: readonly [number, number, number], batch: number) => {
  const network = lenet(shape, 10)
  const pixels = shape[0] * shape[1] * shape[2]
  const set = {
    images: Float32Array.from(uniforms(examples * pixels)(make(1))[0]),
    labels: Uint8Array.from({ length: examples }, (_, i) => i % 10),
    shape,
    classes: 10,
  }
  const [noise] = normals(network.size)(make(2))
  const start = initialWeights(network)(0).map((w, i) => w + 0.01 * noise[i]!)
  const decays = network.parameters.map(({ role }) => (role === 'kernel' ? 0.001 : 0))
  const sides = [convGradient(wasm, network, network.convolutional!), tensorGradient(wasm, network)].map(
    gradient => {
      const descent = gradient.descent(start, { decays, curved: null, termed: false })
      const draw = minibatches(set, batch, [0])
      const step = () => descent.step([{ batch: draw(), scale: 1 / batch }], { rate: 0.01, momentum: 0.5 })
      return { step, weights: descent.weights, times: [] as number[] }
    },
  )
  for (const { step } of sides) for (let i = 0; i < 3; i++) step()
  const [a, b] = sides.map(({ weights }) => weights().slice())
  const [way, apart] = [norm(b!.map((w, i) => w - start[i]!)), norm(b!.map((w, i) => w - a![i]!))]
  if (!(apart <= 1e-3 * way)) throw new Error(`${network.name}: ${apart} apart after a way of ${way}.`)

  const steps = Math.ceil(320 / batch)
  for (let repeat = -3; repeat < repeats; repeat++)
    for (const { step, times } of sides) {
      const began = performance.now()
      for (let i = 0; i < steps; i++) step()
      if (repeat >= 0) times.push((performance.now() - began) / steps)
    }
  const spread = (times: ReadonlyArray<number>) => ({
    median: median(times),
    p10: quantile(times, 0.1),
    p90: quantile(times, 0.9),
  })
  const [ours, theirs] = sides.map(({ times }) => times)
  const ratios = ours!.map((time, i) => time / theirs![i]!)
  const row = {
    network: network.name,
    batch,
    theirs: spread(theirs!),
    ours: spread(ours!),
    ratio: spread(ratios),
  }
  console.log(
    `${row.network} batch ${batch}: tfjs ${row.theirs.median.toFixed(1)} ms, ours ${row.ours.median.toFixed(1)} ` +
      `(${row.ours.p10.toFixed(1)} to ${row.ours.p90.toFixed(1)}), ratio ${row.ratio.median.toFixed(3)}`,
  )
  return row
}

const before = loadavg()[0]!
const table = ([28, 32] as const).flatMap(side =>
  [64, examples].map(batch => bench([side, side, side === 28 ? 1 : 3], batch)),
)
write('conv-step', { unit: 'ms', repeats, load: [before, loadavg()[0]!], table })
