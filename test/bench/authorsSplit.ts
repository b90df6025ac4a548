/**
 * One L2 coefficient for the whole 784-100-10 network on the authors' 600/400 split of MNIST, over [−10, 4]: what
 * the bilevel method finds from a design over the whole range and from a bad one (only in [−10, −4]), against a grid
 * of 57 points, by the same solver with the same seed.
 *
 *     npx tsx test/bench/authorsSplit.ts [--seeds 5] [--backend auto]
 *
 * Writes docs/results/authors-split.json (after every seed) and docs/results/authors-split.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { bilevel } from '../../src/core/bilevel/Bilevel.js'
import { decode } from '../../src/core/codec/Codec.js'
import { isQuestion, type Question } from '../../src/core/protocol/Command.js'
import type { Observation } from '../../src/core/protocol/Observation.js'
import type { SearchSpace } from '../../src/core/protocol/SearchSpace.js'
import { BackendChoice, type Backend } from '../../src/shell/backend/Backend.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { loadSplits } from '../../src/shell/data/loadSplits.js'
import type { Splits } from '../../src/shell/data/set/ImageSet.js'
import { decodeRunConfig, methodConfig } from '../../src/shell/config/RunConfig.js'
import { hyperparametersOf } from '../../src/shell/model/Hyperparameters.js'
import { networkOf } from '../../src/shell/model/NetworkConfig.js'
import type { Interpreter } from '../../src/shell/record/Interpreter.js'
import { networkInterpreter } from '../../src/shell/work/networkInterpreter.js'

const right = <A>(either: E.Either<string | { readonly message: string }, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(typeof either.left === 'string' ? either.left : either.left.message)
}

const { values: options } = parseArgs({
  options: { seeds: { type: 'string', default: '5' }, backend: { type: 'string', default: 'auto' } },
})

const folder = 'test/data/mnist-1k-60-40'
const config = right(
  decodeRunConfig('of this experiment')({
    data: {
      source: 'npz',
      train: `${folder}/train_dataset_1k_60.npz`,
      validation: `${folder}/validation_dataset_1k_40.npz`,
      test: 'mnist',
    },
    network: { kind: 'mlp', hidden: [100] },
    hyperparameters: { family: 'l2', per: 'model', lower: -10, upper: 4 },
    solver: {},
    method: { name: 'bilevel' },
    seed: 0,
  }),
)

const interpreterOf = (backend: Backend, splits: Splits, seed: number) => {
  const network = right(networkOf(config.network, splits.train.shape, splits.train.classes))
  const hyperparameters = right(hyperparametersOf(network, config.hyperparameters))
  const interpreter = right(
    networkInterpreter(backend, { splits, network, hyperparameters, solver: config.solver, seed }),
  )
  return { interpreter, space: hyperparameters.space }
}

const methodOptions = (space: SearchSpace, seed: number, design: object) =>
  right(
    methodConfig(bilevel)(
      'of this experiment',
      { ...config, seed, method: { name: 'bilevel', design } },
      space,
    ),
  )

const ask = async (interpreter: Interpreter, question: Question): Promise<Observation> =>
  right(await interpreter.answer(question)())

interface Found {
  readonly lambda: number
  readonly validation: number
  readonly test: number
  readonly refitTest: number
  readonly bestInitialValidation: number
  readonly lowerLevelSolves: number
  readonly effortEpochs: number
  readonly seconds: number
  readonly stopReason: string
}

const search = async (backend: Backend, splits: Splits, seed: number, design: object): Promise<Found> => {
  const { interpreter, space } = interpreterOf(backend, splits, seed)
  const began = performance.now()
  let transition = right(bilevel.init(methodOptions(space, seed, design)))
  let open: ReadonlyArray<Question> = []
  let seconds = 0
  while (transition.info.outcome === null) {
    for (const command of transition.commands) if (!isQuestion(command)) interpreter.release(command.weights)
    open = [...open, ...transition.commands.filter(isQuestion)]
    const [question, ...rest] = open
    open = rest
    transition = right(bilevel.step(await ask(interpreter, question!))(transition.state))
    if (seconds === 0 && transition.info.phase === 'finishing') seconds = (performance.now() - began) / 1000
  }
  interpreter.dispose()
  const { rows, stopReason } = transition.info.outcome
  const [initial, found] = rows
  return {
    lambda: found!.lambda[0]!,
    validation: found!.trained!.validation.loss,
    test: found!.trained!.test!.loss,
    refitTest: found!.refit!.test!.loss,
    bestInitialValidation: initial!.trained!.validation.loss,
    lowerLevelSolves: found!.lowerLevelSolves,
    effortEpochs: found!.effort / splits.train.labels.length,
    seconds,
    stopReason,
  }
}

interface GridPoint {
  readonly lambda: number
  readonly validation: number
  readonly effortEpochs: number
}

const grid = async (backend: Backend, splits: Splits, seed: number): Promise<ReadonlyArray<GridPoint>> => {
  const { interpreter, space } = interpreterOf(backend, splits, seed)
  const { solve } = methodOptions(space, seed, {})
  const points: GridPoint[] = []
  for (let i = 0; i < 57; i++) {
    const lambda = -10 + i / 4
    const solved = await ask(interpreter, {
      _tag: 'SolveLowerLevel',
      id: i,
      lambda: [lambda],
      from: 'initial',
      tolerance: solve.tolerance,
      maxEpochs: solve.coldEpochs,
    })
    if (solved._tag !== 'LowerLevelSolved') throw new Error(`λ = ${lambda} could not be trained`)
    points.push({
      lambda,
      validation: solved.upper,
      effortEpochs: solved.effort / splits.train.labels.length,
    })
    interpreter.release([solved.weights])
  }
  interpreter.dispose()
  return points
}

const mean = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0) / values.length

const backend = right(await choose(right(decode(BackendChoice)(options.backend)))())
console.log(backend.oneLine)
const designs = {
  'whole range': {},
  'only [−10, −4]': { lower: [-10], upper: [-4] },
} as const

interface SeedResult {
  readonly seed: number
  readonly best: GridPoint
  readonly grid: ReadonlyArray<GridPoint>
  readonly runs: Readonly<Record<string, Found & { readonly aboveGrid: number }>>
}

const results: SeedResult[] = []
mkdirSync('docs/results', { recursive: true })
for (let seed = 0; seed < Number(options.seeds); seed++) {
  const splits = right(await loadSplits(config.data, { seed, baseFolder: '.' })())
  const truth = await grid(backend, splits, seed)
  const best = truth.reduce((a, b) => (b.validation < a.validation ? b : a))
  const runs: Record<string, Found & { readonly aboveGrid: number }> = {}
  for (const [name, design] of Object.entries(designs)) {
    const found = await search(backend, splits, seed, design)
    runs[name] = { ...found, aboveGrid: found.validation / best.validation - 1 }
    console.log(
      `seed ${seed}, design ${name}: λ ${found.lambda.toFixed(3)}, validation ${found.validation.toFixed(4)}, ` +
        `${(100 * runs[name].aboveGrid).toFixed(2)} % above the grid's best (${best.validation.toFixed(4)} at ${best.lambda}), ` +
        `refit test ${found.refitTest.toFixed(4)}, ${found.lowerLevelSolves} solves, ${found.effortEpochs.toFixed(0)} epochs, ` +
        `${found.seconds.toFixed(1)} s`,
    )
  }
  results.push({ seed, best, grid: truth, runs })
  writeFileSync(
    'docs/results/authors-split.json',
    `${JSON.stringify(
      {
        script: 'test/bench/authorsSplit.ts',
        date: new Date().toISOString().slice(0, 10),
        machine: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}`,
        backend: backend.oneLine,
        results,
      },
      null,
      1,
    )}\n`,
  )
}

const percent = (value: number): string => `${(100 * value).toFixed(2)} %`
const lines = results.flatMap(({ seed, best, runs }) =>
  Object.entries(runs).map(
    ([name, run]) =>
      `| ${seed} | ${name} | ${run.lambda.toFixed(3)} | ${run.validation.toFixed(4)} | ${best.validation.toFixed(4)} at ${best.lambda} | ` +
      `${percent(run.aboveGrid)} | ${run.bestInitialValidation.toFixed(4)} | ${run.test.toFixed(4)} | ${run.refitTest.toFixed(4)} | ` +
      `${run.lowerLevelSolves} | ${run.effortEpochs.toFixed(0)} | ${run.seconds.toFixed(1)} |`,
  ),
)
const summary = Object.keys(designs).map(name => {
  const runs = results.map(result => result.runs[name]!)
  return (
    `Design ${name}: mean refit test loss ${mean(runs.map(run => run.refitTest)).toFixed(4)}; ` +
    `worst distance from the grid's best ${percent(Math.max(...runs.map(run => run.aboveGrid)))}; ` +
    `at most ${Math.max(...runs.map(run => run.lowerLevelSolves))} lower-level solves.`
  )
})
writeFileSync(
  'docs/results/authors-split.md',
  `<!-- Written by test/bench/authorsSplit.ts. -->

# The authors' split, one L2 coefficient

${backend.oneLine} ${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}.
Test losses use the 10,000 MNIST test images. The columns “validation” and “test” belong to weights retrained on the 600
training images, “refit test” to weights trained on all 1,000 images at the same λ. Solves, epochs and seconds exclude
finishing. Each grid of 57 points costs 57 solves.

| seed | design | λ | validation | grid's best | above it | best initial sample | test | refit test | solves | epochs | seconds |
|---|---|---|---|---|---|---|---|---|---|---|---|
${lines.join('\n')}

${summary.join('\n')}
`,
)
console.log(summary.join('\n'))
