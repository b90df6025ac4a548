/**
 * One run of the bilevel method on LeNet and CIFAR-10 to its end, in a process of its own: peak memory, seconds, what it found and
 * what its effort was spent on.
 *
 *     npm run build && npx tsx test/bench/lenetMemory.ts                           preset cifar10-lenet-5k, the fastest backend there is
 *     npx tsx test/bench/lenetMemory.ts --preset cifar10-lenet-2k --seed 1
 *     npx tsx test/bench/lenetMemory.ts --tiny                                     whether the script works: prints, and writes nothing
 *
 * Writes docs/results/lenet-5k.json, or -2k, after the size that the preset's name ends with. Memory is the most that the process ever held, all
 * threads and the loading of the data included (VmHWM of /proc; Linux). `npm run setup:native` makes the fastest backend work.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as t from 'io-ts'
import { decode } from '../../src/core/codec/Codec.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import { RunConfig } from '../../src/shell/config/RunConfig.js'
import { readRun } from '../../src/shell/report/ReadRun.js'
import { methods } from '../../src/shell/record/Methods.js'
import { phasesOf } from '../tools/diagnosis.js'
import { measuredRun } from '../support/peakMemory.js'
import { right, write } from './gpTiming.js'

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'cifar10-lenet-5k' },
    seed: { type: 'string', default: '0' },
    backend: { type: 'string', default: 'auto' },
    tiny: { type: 'boolean', default: false },
  },
})
const { preset, seed } = values

/** Enough for every phase of the method to be gone through. */
const tiny = {
  solver: { epochs: 1 },
  method: {
    solve: { coldEpochs: 3, warmEpochs: 2 },
    pair: { steps: 3 },
    budget: { lowerLevelSolves: 4, outerIterations: 1 },
  },
}

const folder = mkdtempSync(join(tmpdir(), 'bilevel-lenet-'))
const { config } = right(fromPreset(preset))
const { data, network, hyperparameters, solver, method } = RunConfig.encode(config)
const rest = { data, network, hyperparameters }
const file = join(folder, 'task.json')
const task = values.tiny
  ? { ...rest, solver: { ...config.solver, ...tiny.solver }, method: { ...method, ...tiny.method } }
  : { ...rest, solver, method }
writeFileSync(file, JSON.stringify({ ...task, seed: Number(seed) }))
const out = join(folder, 'run')
const began = ['dist/bilevel.js', 'tune', file, '--backend', values.backend, '--out', out]
const { seconds, megabytes } = await measuredRun(began)

const Timings = t.type({ totalSeconds: t.number, processor: t.type({ totalSeconds: t.number }) })
const timings = right(decode(Timings)(JSON.parse(readFileSync(join(out, 'timings.json'), 'utf8'))))
const { run } = right(readRun(methods)({ target: out, name: preset }))
rmSync(folder, { recursive: true })
const { header, outcome, steps } = run
const found = outcome?.rows.at(-1)
if (outcome === null || found === undefined) throw new Error('The run has no result.')
const result = {
  preset,
  seed: Number(seed),
  backend: header.backend,
  versions: header.versions,
  data: header.data,
  peakMegabytes: megabytes,
  seconds,
  processorSeconds: timings.processor.totalSeconds,
  stopReason: outcome.stopReason,
  lambda: found.lambda,
  trained: found.trained,
  refit: found.refit,
  bilevelWeights: found.bilevelWeights,
  lowerLevelSolves: found.lowerLevelSolves,
  epochsUntilFound: found.effort / header.data.train,
  epochs: phasesOf(header.data.train)(steps),
}
console.log(result)
if (!values.tiny) write(`lenet-${preset.split('-')[2] ?? preset}`, result)
