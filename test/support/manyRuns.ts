/**
 * Small real runs with many hyperparameters, on the committed images: example weights, and L2 per pixel or per block.
 */
import { cpSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeRunConfig } from '../../src/shell/config/RunConfig.js'
import { methods } from '../../src/shell/record/Methods.js'
import { tune } from '../../src/shell/run/tune.js'
import { deep } from './cases.js'
import { right } from './recordedRun.js'

const committed = fileURLToPath(new URL('../data/mnist-1k-60-40', import.meta.url))
const files = { train: 'train_dataset_1k_60.npz', validation: 'validation_dataset_1k_40.npz' }

const deaf = { on: () => undefined, off: () => undefined, exit: () => undefined }
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }

/** A run's length where its numbers matter, and where only its form does; in depth every run has the first. */
export const budgets = {
  whole: { lowerLevelSolves: 14, outerIterations: 12 },
  brief: deep ? { lowerLevelSolves: 14, outerIterations: 12 } : { lowerLevelSolves: 6, outerIterations: 4 },
}

/** A folder with its own data set, which a test may remove, and a run of a configuration on it. */
export const manyRun = async (
  folder: string,
  name: string,
  hyperparameters: object,
  { labelNoise = 0, budget = budgets.brief } = {},
): Promise<string> => {
  const place = join(folder, `${name}-config`)
  mkdirSync(place, { recursive: true })
  for (const file of Object.values(files)) cpSync(join(committed, file), join(place, file))
  const config = right(
    decodeRunConfig('test')({
      data: { source: 'npz', ...files, ...(labelNoise === 0 ? {} : { labelNoise }) },
      network: { kind: 'linear' },
      hyperparameters,
      solver: { epochs: 4 },
      method: {
        name: 'bilevel',
        solve: { coldEpochs: 8, warmEpochs: 4 },
        pair: { steps: 10 },
        budget,
      },
      seed: 1,
    }),
  )
  const target = join(folder, name)
  right(
    await tune({
      methods,
      named: { source: 'test', name, baseFolder: place, config },
      folder: target,
      backend: 'wasm',
      status: silent,
      signals: deaf,
      workers: 1,
    })(),
  )
  return target
}
