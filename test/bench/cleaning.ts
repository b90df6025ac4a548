/**
 * Data cleaning: 5,000 images of MNIST train, half of them with their label replaced at random, 5,000 clean ones validate;
 * the bilevel method learns a weight for each training image.
 *
 *     npm run build && npx tsx test/bench/cleaning.ts [--preset cleaning-mnist] [--seeds 5] [--backend wasm]
 *
 * Each seed is `bilevel tune --preset …` in a process of its own, so that wall time and peak memory are a user's. The weights
 * it finds are held against the true labels, which nothing is trained or chosen by. Beside them stand trainings from zero
 * with the same solver and L2 coefficient: on all images with the labels they have, on those with a right label alone, on
 * training and validation set together, and, with the validation set, on the images that were kept (weight > ½) and on those with a
 * right label.
 * Writes docs/results/cleaning/<preset>.json after each seed, and takes up what is there.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as t from 'io-ts'
import { decode } from '../../src/core/codec/Codec.js'
import { initialWeights } from '../../src/core/protocol/Command.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import type { ImageSet } from '../../src/shell/data/set/ImageSet.js'
import { networkInterpreter, problemOf } from '../../src/shell/index.js'
import { hyperparametersOf } from '../../src/shell/model/Hyperparameters.js'
import { joined } from '../../src/shell/train/Problem.js'
import { CleaningResult, type CleaningRun } from '../tools/cleaningResult.js'
import { subset, separation } from '../support/cleaning.js'
import { measuredRun } from '../support/peakMemory.js'
import { here, right } from './gpTiming.js'

const { values: options } = parseArgs({
  options: {
    preset: { type: 'string', default: 'cleaning-mnist' },
    seeds: { type: 'string', default: '5' },
    backend: { type: 'string', default: 'wasm' },
  },
})
const { preset } = options
const place = join('docs', 'results', 'cleaning')
const file = join(place, `${preset}.json`)
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }
const backend = right(await choose(options.backend === 'node' ? 'node' : 'wasm')())

const Losses = t.type({ loss: t.number, accuracy: t.number })
const Sets = t.type({ validation: Losses, test: Losses })
const Summary = t.type({
  rows: t.array(
    t.type({
      name: t.string,
      lambda: t.array(t.number),
      lowerLevelSolves: t.number,
      effortEpochs: t.number,
      trained: t.union([t.null, Sets]),
      refit: t.union([t.null, t.type({ test: Losses })]),
    }),
  ),
})

/** The coefficient that the preset holds fixed, and the most epochs that a solve of a comparison may take. */
const [l2, maxEpochs] = [3, 100]

const run = async (seed: number): Promise<CleaningRun> => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-cleaning-'))
  const out = join(folder, 'run')
  const { seconds, megabytes } = await measuredRun([
    'dist/bilevel.js',
    'tune',
    '--preset',
    preset,
    '--seed',
    String(seed),
    '--backend',
    backend.name,
    '--out',
    out,
  ])
  const summary = right(decode(Summary)(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))))
  rmSync(folder, { recursive: true })
  const found = summary.rows.find(({ name }) => name === 'bilevel')
  if (found?.trained === null || found?.trained === undefined || found.refit === null)
    throw new Error(`Seed ${seed} has no weights trained at the λ it found.`)

  const named = right(fromPreset(preset))
  const problem = right(await problemOf({ ...named, config: { ...named.config, seed } }, silent)())
  const { train, validation } = problem.splits
  const plain = right(hyperparametersOf(problem.network, { family: 'l2', per: 'model', lower: 0, upper: 8 }))
  /** Test accuracy and loss of weights trained from zero on a set, every image counting alike. */
  const trainedOn = async (set: ImageSet) => {
    const interpreter = right(
      networkInterpreter(
        backend,
        {
          ...problem,
          splits: { ...problem.splits, train: set },
          hyperparameters: plain,
        },
        { workers: 1 },
      ),
    )
    const ask = async (question: Parameters<typeof interpreter.answer>[0]) =>
      right(await interpreter.answer(question)())
    await ask({
      _tag: 'SolveLowerLevel',
      id: 1,
      lambda: [l2],
      from: initialWeights,
      tolerance: 1e-3,
      maxEpochs,
    })
    const measured = await ask({ _tag: 'EvaluateLosses', id: 2, lambda: [l2], weights: 'w1' })
    interpreter.dispose()
    const test = measured._tag === 'LossesEvaluated' ? measured.metrics.test : null
    if (test?.accuracy === null || test?.accuracy === undefined) throw new Error('Nothing was measured.')
    return { accuracy: test.accuracy, loss: test.loss, examples: set.labels.length }
  }
  const { labels, truth = labels } = train
  const clean = subset(i => labels[i] === truth[i])(train)
  return {
    seed,
    seconds,
    megabytes,
    lowerLevelSolves: found.lowerLevelSolves,
    solvesOfEffort: found.effortEpochs / maxEpochs,
    ...separation(train)(found.lambda),
    learned: { ...found.trained.test, validationLoss: found.trained.validation.loss },
    refit: found.refit.test,
    plain: await trainedOn(train),
    clean: await trainedOn(clean),
    together: await trainedOn(joined(train, validation)),
    keptAndValidation: await trainedOn(joined(subset(i => found.lambda[i]! > 0)(train), validation)),
    cleanAndValidation: await trainedOn(joined(clean, validation)),
  }
}

const earlier = existsSync(file)
  ? right(decode(CleaningResult)(JSON.parse(readFileSync(file, 'utf8'))))
  : null
const runs: Array<CleaningRun> = [...(earlier?.runs ?? [])]
mkdirSync(place, { recursive: true })
for (let seed = 0; seed < Number(options.seeds); seed++) {
  if (runs.some(run => run.seed === seed)) continue
  const one = await run(seed)
  console.log(one)
  runs.push(one)
  const result: CleaningResult = {
    script: 'test/bench/cleaning.ts',
    ...here(),
    preset,
    backend: backend.name,
    runs,
  }
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
}
