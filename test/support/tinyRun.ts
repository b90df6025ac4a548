/** A whole run of some twenty steps in a tenth of a second: 120 images train a 100-4-10 network, on small steps. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeRunConfig } from '../../src/shell/config/RunConfig.js'
import type { NamedConfig } from '../../src/shell/config/configSource.js'
import type { Audience } from '../../src/shell/run/conduct.js'
import { npyFile, npzFile } from '../shell/data/Fixtures.js'
import { right } from './recordedRun.js'

const folder = fileURLToPath(new URL('../../node_modules/.cache/bilevel-test', import.meta.url))
const side = 10
const pixels = side * side

/** Noise that is the same every time, with a bright line of pixels by which the class is known. */
const pixel = (i: number): number => {
  const [image, at] = [Math.floor(i / pixels), i % pixels]
  const noise = Math.imul(i + 1, 2654435761) >>> 24
  return Math.floor(at / side) === image % side ? 128 + (noise >> 1) : noise >> 1
}

/** The path of a file with images from `first` on. It is put into its place whole, since two processes of tests may write it. */
const images = (name: string, first: number, count: number): string => {
  const path = join(folder, `${name}.npz`)
  mkdirSync(folder, { recursive: true })
  const draft = `${path}.${process.pid}`
  const x = Uint8Array.from({ length: count * pixels }, (_, i) => pixel(first * pixels + i))
  const y = Uint8Array.from({ length: count }, (_, i) => (first + i) % side)
  writeFileSync(draft, npzFile(npyFile('|u1', [count, side, side], x), npyFile('|u1', [count], y)))
  renameSync(draft, path)
  return path
}

const [train, validation] = [images('train', 0, 120), images('validation', 120, 80)]

/** The configuration as a file has it. */
export const tinyConfig = {
  data: { source: 'npz', train, validation, test: validation },
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

/** The same, but the run is stopped as if by Ctrl-C after so many steps. */
export const stoppedAfter = (steps: number): Audience => {
  const listeners: Array<() => void> = []
  let count = 0
  return {
    ...silent,
    signals: { ...silent.signals, on: (_, listener) => listeners.push(listener) },
    onStep: () => {
      if (++count === steps) listeners[0]?.()
    },
  }
}
