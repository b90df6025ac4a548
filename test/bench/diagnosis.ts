/**
 * Why a target of docs/reproduction.md may be missed, measured: how much a validation loss scatters at one λ with the initial
 * weights and the order of minibatches, and what the bilevel method spends its effort on.
 *
 *     npm run build && npx tsx test/bench/diagnosis.ts                                all committed comparisons that have none yet
 *     npx tsx test/bench/diagnosis.ts --anew --preset mnist-mlp-1k --draws 8          this one again, after the method has changed
 *
 * λ is the one that the bilevel method returned at the first seed of the committed comparison; the images are those of that seed.
 * Writes docs/results/diagnosis/<preset>.json; test/bench/reproduction.ts puts it into the document.
 */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import type { Backend } from '../../src/shell/backend/Backend.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import { networkInterpreter, problemOf } from '../../src/shell/index.js'
import { readRun } from '../../src/shell/report/ReadRun.js'
import { methods } from '../../src/shell/record/Methods.js'
import type { Comparison } from '../../src/shell/compare/result/Comparison.js'
import { diagnosisFolder, diagnosisPath, phasesOf, type Diagnosis } from '../tools/diagnosis.js'
import { measuredRun } from '../support/peakMemory.js'
import { kept } from '../tools/reproduction.js'
import { here, right } from './gpTiming.js'

const { values } = parseArgs({
  options: {
    preset: { type: 'string' },
    draws: { type: 'string', default: '8' },
    backend: { type: 'string', default: 'auto' },
    anew: { type: 'boolean', default: false },
  },
})
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }

/** A seed that draws nothing else in these runs. */
const firstDraw = 1000

const noiseAt = async (
  preset: string,
  backend: Backend,
  seed: number,
  lambda: ReadonlyArray<number>,
): Promise<Diagnosis['noise']> => {
  const named = right(fromPreset(preset))
  const problem = right(await problemOf({ ...named, config: { ...named.config, seed } }, silent)())
  const [validation, test]: [Array<number>, Array<number>] = [[], []]
  for (let draw = 0; draw < Number(values.draws); draw++) {
    const interpreter = right(
      networkInterpreter(backend, { ...problem, seed: firstDraw + draw }, { workers: 1 }),
    )
    const ask = async (question: Parameters<typeof interpreter.answer>[0]) =>
      right(await interpreter.answer(question)())
    // A complete training of a comparison.
    const solve = { from: 'initial', tolerance: 1e-3, maxEpochs: 100 }
    const solved = await ask({ _tag: 'SolveLowerLevel', id: 1, lambda, ...solve })
    if (solved._tag === 'LowerLevelSolved') {
      validation.push(solved.upper)
      const measured = await ask({ _tag: 'EvaluateLosses', id: 2, lambda, weights: 'w1' })
      if (measured._tag === 'LossesEvaluated' && measured.metrics.test !== null)
        test.push(measured.metrics.test.loss)
    }
    interpreter.dispose()
  }
  return { lambda: [...lambda], validation, test, diverged: Number(values.draws) - validation.length }
}

/** Epochs of one run of the bilevel method, as its preset is. */
const runOf = async (preset: string, backend: Backend, seed: number) => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-diagnosis-'))
  const out = join(folder, 'run')
  const settings = ['--seed', String(seed), '--backend', backend.name, '--out', out]
  await measuredRun(['dist/bilevel.js', 'tune', '--preset', preset, ...settings])
  const { run } = right(readRun(methods)({ target: out, name: preset }))
  rmSync(folder, { recursive: true })
  const found = run.outcome?.rows.at(-1)
  if (found === undefined) throw new Error(`The run of ${preset} has no result.`)
  const { train: examples } = run.header.data
  return {
    phases: phasesOf(examples)(run.steps),
    lowerLevelSolves: found.lowerLevelSolves,
    epochsUntilFound: found.effort / examples,
    examples,
  }
}

const diagnose = async (preset: string, { plan, runs }: Comparison): Promise<Diagnosis> => {
  const backend = right(
    await choose(values.backend === 'wasm' || values.backend === 'node' ? values.backend : 'auto')(),
  )
  const run = runs.find(
    one => one._tag === 'Finished' && one.label === 'bilevel' && one.seed === plan.seeds[0],
  )
  if (run?._tag !== 'Finished')
    throw new Error(`${preset} has no run of the bilevel method at its first seed.`)
  return {
    preset,
    ...here(),
    backend: backend.name,
    seed: run.seed,
    noise: await noiseAt(preset, backend, run.seed, run.result.lambda),
    ...(await runOf(preset, backend, run.seed)),
  }
}

mkdirSync(diagnosisFolder, { recursive: true })
for (const { name, comparison } of kept()) {
  if (values.preset !== undefined && values.preset !== name) continue
  if (existsSync(diagnosisPath(name)) && !values.anew) continue
  const found = await diagnose(name, comparison)
  writeFileSync(diagnosisPath(name), `${JSON.stringify(found, null, 1)}\n`)
  console.log(found)
}
