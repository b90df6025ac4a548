/**
 * Records the logs that test/shell/run/oldLogs.test.ts replays from now on: one run with one hyperparameter, one with two,
 * of a small network on the images in test/data, with the version of the log and of the numerics that the code has now.
 *
 *     npx tsx test/bench/recordLogs.ts
 *
 * Writes test/data/logs/v<log>/numerics-<numerics>/<name>/{run.jsonl, summary.json}. Run it in the folder of the project,
 * once the numerics were raised. A released version's logs are never recorded anew, for they are what was released.
 */
import { copyFileSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { numerics } from '../../src/core/protocol/Numerics.js'
import { version } from '../../src/core/protocol/RunLog.js'
import { decodeRunConfig } from '../../src/shell/config/RunConfig.js'
import { methods } from '../../src/shell/run/methods.js'
import { tune } from '../../src/shell/run/Tune.js'
import { right, withFolder } from '../support/recordedRun.js'

const configOf = (per: 'model' | 'layer') => ({
  data: {
    source: 'npz',
    // Relative to the folder of the project: a log names no machine's paths.
    train: 'test/data/mnist-1k-60-40/train_dataset_1k_60.npz',
    validation: 'test/data/mnist-1k-60-40/validation_dataset_1k_40.npz',
    test: null,
  },
  network: { kind: 'mlp', hidden: [8] },
  hyperparameters: { family: 'l2', per, lower: -6, upper: 4 },
  solver: { epochs: 20 },
  method: { name: 'bilevel' },
  seed: 1,
})

const quiet = { show: () => undefined, note: () => undefined, clear: () => undefined }
const deaf = { on: () => undefined, off: () => undefined, exit: () => undefined }

for (const [name, per] of [
  ['d1', 'model'],
  ['d2', 'layer'],
] as const) {
  const config = right(decodeRunConfig(name)(configOf(per)))
  await withFolder(async folder => {
    const from = join(folder, 'run')
    const { summary, timings } = right(
      await tune({
        methods,
        config: { source: name, name, baseFolder: null, config },
        folder: from,
        backend: 'wasm',
        status: quiet,
        signals: deaf,
      })(),
    )
    const to = join('test', 'data', 'logs', `v${version}`, `numerics-${numerics}`, name)
    rmSync(to, { recursive: true, force: true })
    mkdirSync(to, { recursive: true })
    for (const file of ['run.jsonl', 'summary.json']) copyFileSync(join(from, file), join(to, file))
    console.log(
      `${to}: ${summary.total.steps} steps, ${timings.totalSeconds.toFixed(1)} s. ${summary.message}`,
    )
  })
}
