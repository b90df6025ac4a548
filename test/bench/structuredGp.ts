/**
 * The structured Gaussian process in time and memory: n = 16 solves with gradients in up to 20,000 dimensions, and
 * where it overtakes the dense one.
 *
 *     npx tsx test/bench/structuredGp.ts
 *
 * Writes docs/results/structured-gp.json: milliseconds (the first call in a process of its own, and the median of warm
 * ones), and megabytes: what the results of the first calls hold, and by how much the resident set of their process
 * exceeds at its peak what it was before them, garbage included. `condition` starts from plain observations;
 * `observe` is the value function's, with the check of the sample and standardization; `predict` has both gradients.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import * as Rng from '../../src/core/numeric/Rng.js'
import type { SearchSpace } from '../../src/core/protocol/SearchSpace.js'
import * as GaussianProcess from '../../src/core/surrogate/gp/GaussianProcess.js'
import * as StructuredGp from '../../src/core/surrogate/structured/StructuredGp.js'
import * as ValueFunction from '../../src/core/surrogate/ValueFunction.js'
import { growth, median, repeat, right, warmUp, write } from './gpTiming.js'

const n = 16
const seed = 3
const dimensions = [100, 1000, 10_000, 20_000]
const crossing = [2, 4, 8, 12, 16, 20, 30, 50]

const hyperparametersOf = (d: number): GaussianProcess.Hyperparameters => ({
  kernel: 'matern52',
  signalVariance: 1,
  lengthScales: Array.from({ length: d }, () => 0.5 * Math.sqrt(d)),
  noiseVariance: 1,
  gradientNoiseVariance: 1,
})

/** f(x) = Σ sin(3x_k + k)/√d at n points of the unit cube. */
const observationsOf = (d: number): ReadonlyArray<GaussianProcess.GpObservation> => {
  const [draws] = Rng.uniforms(n * d)(Rng.make(seed))
  return Array.from({ length: n }, (_, i) => {
    const x = draws.slice(i * d, (i + 1) * d)
    return {
      x,
      value: x.reduce((sum, xk, k) => sum + Math.sin(3 * xk + k), 0) / Math.sqrt(d),
      gradient: x.map((xk, k) => (3 * Math.cos(3 * xk + k)) / Math.sqrt(d)),
      valueNoise: 1e-6,
      gradientNoise: x.map(() => 1e-6),
    }
  })
}

const spaceOf = (d: number): SearchSpace =>
  Array.from({ length: d }, (_, k) => ({ name: `x${k}`, lower: 0, upper: 1, scale: 'linear' }))

const timed = <A>(act: () => A): readonly [number, A] => {
  const start = performance.now()
  const result = act()
  return [performance.now() - start, result]
}

interface Cold {
  readonly condition: number
  readonly predict: number
  readonly held: number
  readonly peak: number
}

/** Bytes in use after all else was collected. */
const held = (): number => {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** In a process of its own: the first calls, and the memory they take. */
const cold = (d: number): Cold => {
  const observations = observationsOf(d)
  const hyperparameters = hyperparametersOf(d)
  const at = observations[0]!.x.map(xk => 1 - xk)
  const before = held()
  const resident = process.memoryUsage.rss()
  const [condition, gp] = timed(() => right(StructuredGp.conditionOn(hyperparameters)(observations)))
  const [predict, posterior] = timed(() => StructuredGp.posterior(gp)(at))
  // In kilobytes.
  const peak = process.resourceUsage().maxRSS * 1024
  const after = held()
  if (!Number.isFinite(posterior.mean) || gp.observations !== observations)
    throw new Error('It is not there.')
  return { condition, predict, held: (after - before) / 1e6, peak: (peak - resident) / 1e6 }
}

const inOwnProcess = (d: number): Cold =>
  JSON.parse(
    execFileSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', fileURLToPath(import.meta.url), String(d)],
      { encoding: 'utf8' },
    ),
  ) as Cold

const warm = (d: number) => {
  const observations = observationsOf(d)
  const hyperparameters = hyperparametersOf(d)
  const at = observations[0]!.x.map(xk => 1 - xk)
  const condition = () => right(StructuredGp.conditionOn(hyperparameters)(observations))
  const gp = condition()
  const predict = () => StructuredGp.posterior(gp)(at)
  const samples = observations.map(({ x, value, gradient }) => ({ lambda: x, value: value!, gradient }))
  const empty = right(ValueFunction.make(spaceOf(d), { model: 'structured', fitRows: 144 }))
  const phi = samples.slice(1).reduce((held, sample) => right(ValueFunction.observe(sample)(held)), empty)
  const observe = () => right(ValueFunction.observe(samples[0]!)(phi))
  const times = [condition, predict, observe].map(act => {
    warmUp(400, act)
    return median(repeat(15, act))
  })
  return { condition: times[0]!, predict: times[1]!, observe: times[2]! }
}

const against = (d: number) => {
  const observations = observationsOf(d)
  const hyperparameters = hyperparametersOf(d)
  const acts = [
    () => right(GaussianProcess.conditionOn(hyperparameters)(observations)),
    () => right(StructuredGp.conditionOn(hyperparameters)(observations)),
    () => GaussianProcess.hyperGradient(right(GaussianProcess.conditionOn(hyperparameters)(observations))),
    () => StructuredGp.hyperGradient(right(StructuredGp.conditionOn(hyperparameters)(observations))),
  ]
  const [dense, structured, denseSlopes, structuredSlopes] = acts.map(act => {
    warmUp(200, act)
    return median(repeat(9, act))
  })
  return { dimension: d, dense, structured, denseSlopes, structuredSlopes }
}

const own = process.argv[2]
if (own !== undefined) console.log(JSON.stringify(cold(Number(own))))
else {
  const table = dimensions.map(d => {
    const row = { dimension: d, first: inOwnProcess(d), ...warm(d) }
    console.log(row)
    return row
  })
  const beyond = table.slice(1)
  const exponents = {
    condition: growth(beyond.map(({ dimension, condition }) => [dimension, condition])),
    predict: growth(beyond.map(({ dimension, predict }) => [dimension, predict])),
  }
  const crossover = crossing.map(d => {
    const row = against(d)
    console.log(row)
    return row
  })
  console.log(exponents)
  write('structured-gp', { solves: n, seed, unit: 'ms', table, exponents, crossover })
}
