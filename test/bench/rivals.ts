/**
 * How close the rivals come to known minima, and how long a step of Bayesian optimization takes.
 *
 *     npx tsx test/bench/rivals.ts > docs/results/rivals.json
 */
import { cpus } from 'node:os'
import { performance } from 'node:perf_hooks'
import {
  bayesianOptimization,
  decode,
  gridSearch,
  hyperband,
  type Method,
  randomSearch,
} from '../../src/core/index.js'
import { Simulate } from '../../src/core/laws/index.js'
import { box, landscapeWorld } from '../support/landscape.js'
import * as E from 'fp-ts/lib/Either.js'

type Vec = ReadonlyArray<number>

const forrester = ([x = 0]: Vec): number => (6 * x - 2) ** 2 * Math.sin(12 * x - 4)

const branin = ([u = 0, v = 0]: Vec): number => {
  const [x, y] = [15 * u - 5, 15 * v]
  const curve = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
  return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
}

/** Hartmann's function in six dimensions. */
const hartmann = (x: Vec): number => {
  const a = [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ]
  const p = [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
  ]
  return -[1, 1.2, 3, 3.2].reduce(
    (sum, weight, i) =>
      sum + weight * Math.exp(-a[i]!.reduce((s, c, k) => s + c * (x[k]! - p[i]![k]!) ** 2, 0)),
    0,
  )
}

/**
 * The shape that validation losses have over the logarithms of two L2 coefficients: flat where there is next to no
 * regularization, a wide valley, and a rise where there is too much; trainings differ by a percent.
 */
const regularization = ([u = 0, v = 0]: Vec): number => {
  const [first, second] = [14 * u - 10, 14 * v - 10]
  return (
    0.4 +
    0.14 / (1 + Math.exp(first + 3)) +
    (0.05 / 9) * Math.max(0, first - 0.5) ** 2 +
    0.11 / (1 + Math.exp((second + 1.5) / 1.2)) +
    0.01 * Math.max(0, second - 2) ** 2 +
    0.05 / (1 + Math.exp(-1.5 * (first + second - 4)))
  )
}

/** The least value on a grid of 400 × 400. */
const leastOf = (loss: (x: Vec) => number): number => {
  let least = Infinity
  for (let i = 0; i <= 400; i++)
    for (let j = 0; j <= 400; j++) least = Math.min(least, loss([i / 400, j / 400]))
  return least
}

const cases = [
  { name: 'Forrester', loss: forrester, d: 1, least: -6.020740055, noise: 0 },
  { name: 'Branin', loss: branin, d: 2, least: 0.397887358, noise: 0 },
  { name: 'regularization', loss: regularization, d: 2, least: leastOf(regularization), noise: 0.004 },
  { name: 'Hartmann 6', loss: hartmann, d: 6, least: -3.322368011, noise: 0 },
]

const seeds = 10
const trainings = 30
const coldEpochs = 100

const quantiles = (values: ReadonlyArray<number>) => {
  const sorted = [...values].sort((one, other) => one - other)
  const at = (share: number) => Number(sorted[Math.round(share * (sorted.length - 1))]!.toPrecision(2))
  return { median: at(0.5), worst: at(1) }
}

const measured =
  <C, S>(method: Method<C, S>) =>
  ({ loss, d, least, noise }: (typeof cases)[number]) => {
    const gaps: number[] = []
    const steps: number[] = []
    for (let seed = 0; seed < seeds; seed++) {
      const config = decode(method.config)({
        space: box(d),
        seed,
        trainingExamples: 1,
        solve: { coldEpochs },
        budget: { lowerLevelSolves: 10_000, effortEpochs: trainings * coldEpochs },
      })
      if (E.isLeft(config)) throw new Error(config.left)
      const timed: Method<C, S> = {
        ...method,
        step: observation => state => {
          const began = performance.now()
          const next = method.step(observation)(state)
          steps.push(performance.now() - began)
          return next
        },
      }
      const { transitions } = Simulate.drive(timed, { maxSteps: 10_000 })(
        config.right,
        landscapeWorld({
          loss,
          noise,
          seed,
          curve: (_, epochs) => (loss === regularization ? 1 / epochs : 0),
        }),
      )
      const [row] = transitions[transitions.length - 1]!.info.outcome?.rows ?? []
      gaps.push(row === undefined ? Infinity : loss(row.lambda) - least)
    }
    return { gap: quantiles(gaps), milliseconds: quantiles(steps) }
  }

const results = cases.map(one => ({
  name: one.name,
  dimension: one.d,
  least: Number(one.least.toPrecision(6)),
  noise: one.noise,
  grid: measured(gridSearch)(one).gap,
  random: measured(randomSearch)(one).gap,
  hyperband: measured(hyperband)(one).gap,
  bayesian: measured(bayesianOptimization)(one),
}))

console.log(
  JSON.stringify(
    {
      command: 'npx tsx test/bench/rivals.ts',
      date: new Date().toISOString().slice(0, 10),
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
      node: process.version,
      seeds,
      trainings,
      table: results,
    },
    null,
    2,
  ),
)
