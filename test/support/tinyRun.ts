/** A whole run of some twenty steps in less than a second: 600 images train a 784-4-10 network, on small steps. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeRunConfig } from '../../src/shell/config/RunConfig.js'
import type { NamedConfig } from '../../src/shell/config/configSource.js'
import { right } from './recordedRun.js'

const npzFolder = fileURLToPath(new URL('../data/mnist-1k-60-40', import.meta.url))
const npz = (name: 'train' | 'validation'): string =>
  join(npzFolder, `${name}_dataset_1k_${name === 'train' ? 60 : 40}.npz`)

/** The configuration as a file has it. */
export const tinyConfig = {
  data: { source: 'npz', train: npz('train'), validation: npz('validation'), test: npz('validation') },
  network: { kind: 'mlp', hidden: [4] },
  hyperparameters: { family: 'l2', per: 'layer', lower: -4, upper: 4 },
  solver: { epochs: 2 },
  method: {
    name: 'bilevel',
    design: { kind: 'sobol', size: 3 },
    solve: { coldEpochs: 4, warmEpochs: 2 },
    pair: { steps: 5 },
    budget: { lowerLevelSolves: 6, outerIterations: 3 },
  },
  seed: 3,
} as const

export const tiny: NamedConfig = {
  source: 'tiny',
  name: 'tiny',
  config: right(decodeRunConfig('tiny')(tinyConfig)),
  baseFolder: null,
}

/** Nobody watches, and nothing is stopped. */
export const silent = {
  status: { show: () => undefined, note: () => undefined, clear: () => undefined },
  signals: { on: () => undefined, off: () => undefined, exit: () => undefined },
  workers: 1,
} as const
