/** Comparisons written by hand. */
import type { SetMetrics } from '../../src/core/protocol/Observation.js'
import {
  format,
  version,
  type Comparison,
  type FinishedRun,
  type RunEntry,
} from '../../src/shell/compare/result/Comparison.js'
import { folderOf, type Plan } from '../../src/shell/compare/result/Plan.js'

export const metrics = (validation: number, test: number): SetMetrics => ({
  train: { loss: validation / 2, accuracy: 1 },
  validation: { loss: validation, accuracy: 0.8 },
  test: { loss: test, accuracy: 1 - test },
})

export const planOf = (overrides: Partial<Plan> = {}): Plan => ({
  name: 'task',
  task: { data: { source: 'mnist', train: 600, validation: 400 }, solver: { epochs: 50 } },
  budget: { solves: 30, epochsPerSolve: 100, epochs: 3000 },
  backend: 'wasm',
  contenders: [
    { label: 'bilevel', method: 'bilevel', options: { budget: { effortEpochs: 3000 } } },
    { label: 'random', method: 'random', options: {} },
  ],
  seeds: [0, 1],
  ...overrides,
})

export const finished = (
  label: string,
  seed: number,
  overrides: Partial<FinishedRun> = {},
  result: Partial<FinishedRun['result']> = {},
): FinishedRun => ({
  _tag: 'Finished',
  label,
  seed,
  folder: folderOf(label, seed),
  data: { train: 600, validation: 400, test: 10_000, fingerprint: `data-${seed}` },
  versions: { 'bilevel-hpo': '0.0.0' },
  hyperparameters: ['l2'],
  stopReason: 'budgetSpent',
  message: 'The budget is spent.',
  result: {
    lambda: [1],
    trained: metrics(0.4, 0.5),
    refit: metrics(0.01, 0.3),
    bilevelWeights: null,
    lowerLevelSolves: 10,
    effortEpochs: 900,
    ...result,
  },
  total: { steps: 20, lowerLevelSolves: 11, effortEpochs: 1100 },
  trajectory: { retrained: [{ effortEpochs: 100, loss: 0.4 }], trained: [{ effortEpochs: 100, loss: 0.4 }] },
  timings: { seconds: 10, processorSeconds: 9, totalSeconds: 12, totalProcessorSeconds: 11 },
  ...overrides,
})

export const comparisonOf = (runs: ReadonlyArray<RunEntry>, plan: Partial<Plan> = {}): Comparison => ({
  format,
  version,
  plan: planOf(plan),
  machine: { processor: 'a processor', processors: 2, memoryGiB: 8, jobs: 2 },
  runs,
})
