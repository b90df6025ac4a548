/**
 * Appending one observation (a value and its gradient, d = 2) to N rows against conditioning on all of them anew.
 *
 *     npx tsx test/bench/gpAppend.ts
 *
 * Writes docs/results/gp-append.json: medians in milliseconds, and the exponents p of t ≈ c·N^p.
 */
import * as Rng from '../../src/core/numeric/Rng.js'
import * as GaussianProcess from '../../src/core/surrogate/gp/GaussianProcess.js'
import { growth, median, repeat, right, warmUp, write } from './gpTiming.js'

const sizes = [200, 500, 1000, 2000]
const d = 2
const repeats = { append: 101, refit: 9 }

const hyperparameters: GaussianProcess.Hyperparameters = {
  kernel: 'matern52',
  signalVariance: 1,
  lengthScales: [0.5, 0.7],
  noiseVariance: 1,
  gradientNoiseVariance: 1,
}
const last = Math.ceil(Math.max(...sizes) / (d + 1)) + 1
const [draws] = Rng.uniforms(last * d)(Rng.make(3))
const observations = Array.from({ length: last }, (_, i): GaussianProcess.GpObservation => {
  const x = draws.slice(i * d, (i + 1) * d)
  return {
    x,
    value: Math.sin(3 * x[0]!) + Math.cos(2 * x[1]!),
    gradient: [3 * Math.cos(3 * x[0]!), -2 * Math.sin(2 * x[1]!)],
    valueNoise: 1e-6,
    gradientNoise: [1e-4, 1e-4],
  }
})

const table = sizes.map(size => {
  const n = Math.round(size / (d + 1))
  const all = observations.slice(0, n + 1)
  const held = right(GaussianProcess.conditionOn(hyperparameters)(all.slice(0, n)))
  const append = () => right(GaussianProcess.append(all[n]!)(held))
  const refit = () => right(GaussianProcess.conditionOn(hyperparameters)(all))
  const same = JSON.stringify(append().weights) === JSON.stringify(refit().weights)
  if (!same) throw new Error(`Appending and conditioning anew differ at ${held.targets.length} rows.`)
  warmUp(300, append)
  const appends = repeat(repeats.append, append)
  warmUp(300, refit)
  const row = {
    rows: held.targets.length,
    append: median(appends),
    refit: median(repeat(repeats.refit, refit)),
  }
  console.log(row)
  return row
})
const exponents = {
  append: growth(table.map(({ rows, append }) => [rows, append])),
  refit: growth(table.map(({ rows, refit }) => [rows, refit])),
}
console.log(exponents)
write('gp-append', { dimension: d, unit: 'ms, median', repeats, table, exponents })
