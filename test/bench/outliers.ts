/**
 * What trainings that diverge to a finite loss do to Bayesian optimization, and samples like that to φ̂.
 *
 *     npx tsx test/bench/outliers.ts > docs/results/outliers.json
 *
 * F = .3 + .02(λ + 3)² on [−10, 4], and a huge loss where λ is large; seeds 0 to 59. A run is bad where it returns a λ at
 * which more than .001 worse was measured than elsewhere. `gap`: F at the λ that is returned, less the minimum, .3.
 */
import { cpus } from 'node:os'
import * as E from 'fp-ts/lib/Either.js'
import { bayesianOptimization, decode, type SearchSpace, ValueFunction } from '../../src/core/index.js'
import { Simulate } from '../../src/core/laws/index.js'
import { landscapeWorld } from '../support/landscape.js'

type Vec = ReadonlyArray<number>

const seeds = 60
const [lower, upper] = [-10, 4]

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isLeft(either)) throw new Error(JSON.stringify(either.left))
  return either.right
}

const quantiles = (values: Vec) => {
  const sorted = [...values].sort((one, other) => one - other)
  const at = (share: number) => Number(sorted[Math.round(share * (sorted.length - 1))]!.toPrecision(2))
  return { median: at(0.5), worst: at(1) }
}

/** The λ that are tried and the one that is returned, by one run. */
const searched = (loss: (lambda: Vec) => number, noise: number, seed: number, solves: number) => {
  const config = right(
    decode(bayesianOptimization.config)({
      space: [{ name: 'lambda', lower, upper, scale: 'log' }],
      seed,
      budget: { lowerLevelSolves: solves },
      retrain: false,
    }),
  )
  const { transitions } = Simulate.drive(bayesianOptimization, { maxSteps: 1000 })(
    config,
    landscapeWorld({ loss, noise, seed }),
  )
  const { state, info } = transitions[transitions.length - 1]!
  const returned = info.outcome!.rows[0]!.lambda
  const losses = state.trials.map(trial => trial.upper ?? Infinity)
  const at = state.trials.findIndex(({ lambda }) => lambda[0] === returned[0])
  return { regret: losses[at]! - Math.min(...losses), gap: loss(returned) - 0.3 }
}

const searches = [
  { share: 1 / 14, size: 10 },
  { share: 1 / 14, size: 100 },
  { share: 1 / 14, size: 1000 },
  { share: 1 / 14, size: 1e6 },
  { share: 1 / 14, size: 1e12 },
  { share: 1 / 14, size: 1e300 },
  { share: 1 / 4, size: 1000 },
  { share: 0.4, size: 1000 },
  { share: 0.4, size: 1e6 },
].flatMap(({ share, size }) =>
  [5, 15].map(trials => {
    const from = upper - share * (upper - lower)
    const loss = ([x = 0]: Vec): number => (x > from ? size : 0.3 + 0.02 * (x + 3) ** 2)
    const runs = Array.from({ length: seeds }, (_, seed) => searched(loss, 0, seed, trials))
    return {
      share: Number(share.toFixed(3)),
      size,
      trials,
      bad: runs.filter(({ regret }) => regret > 0.001).length,
      gap: quantiles(runs.map(({ gap }) => gap)),
    }
  }),
)

const space: SearchSpace.SearchSpace = [{ name: 'lambda', lower: -4, upper: 4, scale: 'log' }]
const phi = (lambda: number): number => 1 / (1 + Math.exp(-lambda))

/** The largest error of φ̂ between the ends, where the middle one of n solves ended with another value. */
const misled = (
  model: ValueFunction.ModelName,
  gradients: boolean,
  count: number,
  size: number | null,
): number => {
  const start = right(ValueFunction.make(space, { model }))
  const learnt = Array.from({ length: count }, (_, i) => -4 + (8 * i) / (count - 1)).reduce(
    (held, lambda, i) =>
      right(
        ValueFunction.observe({
          lambda: [lambda],
          value: size !== null && i === Math.floor(count / 2) ? size : phi(lambda),
          gradient: gradients ? [phi(lambda) * (1 - phi(lambda))] : null,
        })(held),
      ),
    start,
  )
  const fitted = right(ValueFunction.refit(learnt))
  const errors = Array.from({ length: 81 }, (_, i) => -4 + i / 10).map(lambda =>
    Math.abs(ValueFunction.predict([lambda])(fitted).mean - phi(lambda)),
  )
  return Number(Math.max(...errors).toPrecision(2))
}

const surrogates = (['dense', 'structured'] as const).flatMap(model =>
  [true, false].flatMap(gradients =>
    [5, 9].map(count => ({
      model,
      gradients,
      samples: count,
      errors: [null, 100, 1e4, 1e8, 1e300].map(size => misled(model, gradients, count, size)),
    })),
  ),
)

console.log(
  JSON.stringify(
    {
      command: 'npx tsx test/bench/outliers.ts',
      date: new Date().toISOString().slice(0, 10),
      machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
      node: process.version,
      seeds,
      searches,
      surrogates,
    },
    null,
    2,
  ),
)
