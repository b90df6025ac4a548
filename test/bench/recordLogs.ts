/**
 * Records the logs that test/shell/record/oldLogs.test.ts replays from now on: one run with one hyperparameter, one with two
 * of a small network, and one with 196 of softmax regression, whose log packs its vectors; on the images in test/data, with the
 * version of the log and of the numerics that the code has now.
 *
 *     npx tsx test/bench/recordLogs.ts [name …]
 *
 * Writes test/data/logs/v<log>/numerics-<numerics>/<name>/{run.jsonl, summary.json}. Run it in the folder of the project,
 * once the numerics were raised. A released version's logs are never recorded anew, for they are what was released.
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { numerics } from '../../src/core/log/numerics.js'
import { versionFor } from '../../src/core/log/RunLog.js'
import { decodeRunConfig } from '../../src/shell/config/RunConfig.js'
import { methods } from '../../src/shell/record/Methods.js'
import { tune } from '../../src/shell/run/tune.js'
import { right, withFolder } from '../support/recordedRun.js'

const small = {
  data: {
    source: 'npz',
    // Relative to the folder of the project: a log names no machine's paths.
    train: 'test/data/mnist-1k-60-40/train_dataset_1k_60.npz',
    validation: 'test/data/mnist-1k-60-40/validation_dataset_1k_40.npz',
    test: null,
  },
  network: { kind: 'mlp', hidden: [8] },
  solver: { epochs: 20 },
  method: { name: 'bilevel' },
  seed: 1,
}

const l2 = { family: 'l2', lower: -6, upper: 4 }

const configs = {
  d1: { ...small, hyperparameters: { ...l2, per: 'model' } },
  d2: { ...small, hyperparameters: { ...l2, per: 'layer' } },
  d196: {
    ...small,
    network: { kind: 'linear' },
    hyperparameters: { ...l2, per: 'block', block: 2 },
    method: { name: 'bilevel', budget: { lowerLevelSolves: 8, outerIterations: 6 } },
  },
}

const quiet = { show: () => undefined, note: () => undefined, clear: () => undefined }
const deaf = { on: () => undefined, off: () => undefined, exit: () => undefined }

const named = process.argv.slice(2)

for (const [name, given] of Object.entries(configs)) {
  if (named.length > 0 && !named.includes(name)) continue
  const config = right(decodeRunConfig(name)(given))
  await withFolder(async folder => {
    const from = join(folder, 'run')
    const { summary, timings } = right(
      await tune({
        methods,
        named: { source: name, name, baseFolder: null, config },
        folder: from,
        backend: 'wasm',
        status: quiet,
        signals: deaf,
        // Threads are of the built program.
        workers: 1,
      })(),
    )
    const version = versionFor({ space: summary.hyperparameters })
    const to = join('test', 'data', 'logs', `v${version}`, `numerics-${numerics}`, name)
    rmSync(to, { recursive: true, force: true })
    mkdirSync(to, { recursive: true })
    for (const file of ['run.jsonl', 'summary.json']) copyFileSync(join(from, file), join(to, file))
    console.log(
      `${to}: ${summary.total.steps} steps, ${timings.totalSeconds.toFixed(1)} s. ${summary.message}`,
    )
  })
}
