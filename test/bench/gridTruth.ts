/**
 * Validation losses over a dense grid of λ, a training from the initial weights at each: what the rivals are measured
 * against in docs/reproduction.md. It takes up again what its file has.
 *
 *     npx tsx test/bench/gridTruth.ts --preset mnist-mlp-1k-global --levels 57
 *     npx tsx test/bench/gridTruth.ts --preset mnist-mlp-1k --levels 15 --limit 50      at most 50 points this time
 *
 * Writes docs/results/truth/<preset>.json after every point. The split and the weights are those of the preset's seed.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import * as E from 'fp-ts/lib/Either.js'
import { decode } from '../../src/core/codec/Codec.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import { networkInterpreter, problemOf } from '../../src/shell/index.js'
import { gridOf, KeptTruth, truthFolder } from '../tools/gridTruth.js'
import { right } from './gpTiming.js'

const { values } = parseArgs({
  options: {
    preset: { type: 'string', default: 'mnist-mlp-1k-global' },
    levels: { type: 'string', default: '57' },
    limit: { type: 'string', default: 'Infinity' },
    backend: { type: 'string', default: 'auto' },
  },
})
const { preset } = values
const limit = Number(values.limit)
const levels = Number(values.levels)
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }
const named = right(fromPreset(preset))
const problem = right(await problemOf(named, silent)())
const backend = right(await choose(values.backend === 'wasm' ? 'wasm' : 'auto')())
const { space } = problem.hyperparameters

/** What a cold solve of a comparison takes: `solve.coldEpochs` and `solve.tolerance` of every method's defaults. */
const solve = { maxEpochs: 100, tolerance: 1e-3 }

mkdirSync(truthFolder, { recursive: true })
const path = join(truthFolder, `${preset}.json`)
const asked = { preset, levels, seed: named.config.seed, backend: backend.name, solve }
const before = existsSync(path) ? right(decode(KeptTruth)(JSON.parse(readFileSync(path, 'utf8')))) : null
for (const [key, value] of Object.entries(asked))
  if (before !== null && JSON.stringify(before[key as keyof typeof asked]) !== JSON.stringify(value))
    throw new Error(`${path} has another ${key}. Move it away to begin again.`)

const points = [...(before?.points ?? [])]
const has = (lambda: ReadonlyArray<number>): boolean =>
  points.some(point => JSON.stringify(point.lambda) === JSON.stringify(lambda))
const todo = gridOf(
  space.map(({ lower }) => lower),
  space.map(({ upper }) => upper),
  levels,
).filter(lambda => !has(lambda))
const interpreter = right(networkInterpreter(backend, problem, { workers: 1 }))
for (const [id, lambda] of todo.slice(0, limit).entries()) {
  const answer = await interpreter.answer({
    _tag: 'SolveLowerLevel',
    id,
    lambda,
    from: 'initial',
    ...solve,
  })()
  if (E.isLeft(answer)) throw new Error(JSON.stringify(answer.left))
  // A training that diverged is a point of the grid without a loss.
  const loss = answer.right._tag === 'LowerLevelSolved' ? answer.right.upper : null
  points.push({ lambda: [...lambda], upper: loss })
  const kept: KeptTruth = {
    ...asked,
    machine: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}`,
    date: new Date().toISOString().slice(0, 10),
    complete: todo.every(has),
    points,
  }
  writeFileSync(`${path}.part`, `${JSON.stringify(kept, null, 2)}\n`)
  renameSync(`${path}.part`, path)
  console.log(
    `${points.length} of ${points.length + todo.length - id - 1}: λ ${lambda.join(', ')}, F ${loss}`,
  )
}
interpreter.dispose()
