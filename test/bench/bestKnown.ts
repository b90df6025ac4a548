/**
 * The least validation losses known of softmax regression with an L2 coefficient for each of d blocks of pixels: what
 * docs/many.md measures the methods against. Two ways that have nothing in common:
 *
 * - `implicit`: the gradient of the validation loss by λ through the implicit function theorem, from exact lower-level minima
 *   (test/support/softmaxRegression.ts), and a projected quasi-Newton method on λ, from the minimum for fewer, larger blocks. Of a
 *   problem of this size and convexity one can have it; of a deep network one cannot.
 * - `long`: the bilevel method with many times the iterations that its preset has.
 *
 *     npm run build && npx tsx test/bench/bestKnown.ts                       both, all d, seeds 0 and 1
 *     npx tsx test/bench/bestKnown.ts --only long --anew                     the runs again, after the method has changed
 *     npx tsx test/bench/bestKnown.ts --only implicit --dimensions 1,4 --seeds 0
 *
 * Writes docs/results/groups/best-known.json after each, and takes up what is there.
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import * as t from 'io-ts'
import { minimize } from '../../src/core/numeric/Lbfgs.js'
import { decode } from '../../src/core/codec/Codec.js'
import { choose } from '../../src/shell/backend/chooseBackend.js'
import { fromPreset } from '../../src/shell/config/configSource.js'
import { RunConfig } from '../../src/shell/config/RunConfig.js'
import { networkInterpreter, problemOf } from '../../src/shell/index.js'
import { describeData } from '../../src/shell/run/describeData.js'
import {
  bestKnown,
  bestKnownFile,
  dimensions,
  groupsFolder,
  sides,
  type BestKnown,
  type Implicit,
  type Long,
} from '../tools/bestKnown.js'
import { measuredRun } from '../support/peakMemory.js'
import { blocks, softmaxRegression } from '../support/softmaxRegression.js'
import { here, right } from './gpTiming.js'

const { values } = parseArgs({
  options: {
    dimensions: { type: 'string', default: dimensions.join(',') },
    seeds: { type: 'string', default: '0,1' },
    only: { type: 'string' },
    anew: { type: 'boolean', default: false },
    iterations: { type: 'string', default: '150' },
    backend: { type: 'string', default: 'wasm' },
  },
})
const numbers = (text: string): ReadonlyArray<number> => text.split(',').map(Number)
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }
const width = 28

const sideOf = (dimension: number): number => {
  const side = sides[dimension]
  if (side === undefined) throw new Error(`There is no preset with ${dimension} blocks.`)
  return side
}
const taskOf = (dimension: number, seed: number) => {
  const named = right(fromPreset(`groups-mnist-${dimension}`))
  return { ...named, config: { ...named.config, seed } }
}

/** λ of coarser or finer blocks, each the mean over its pixels. */
const regrouped = (
  lambda: ReadonlyArray<number>,
  from: Int32Array,
  to: Int32Array,
): ReadonlyArray<number> => {
  const sums = new Map<number, { sum: number; count: number }>()
  to.forEach((k, pixel) => {
    const { sum, count } = sums.get(k) ?? { sum: 0, count: 0 }
    sums.set(k, { sum: sum + lambda[from[pixel]!]!, count: count + 1 })
  })
  return Array.from({ length: sums.size }, (_, k) => sums.get(k)!.sum / sums.get(k)!.count)
}

/** What training at λ with the solver of the runs comes to. */
const trainedAt = async (
  problem: Parameters<typeof networkInterpreter>[1],
  lambda: ReadonlyArray<number>,
): Promise<Pick<Implicit, 'retrained' | 'refitTest'>> => {
  const backend = right(await choose(values.backend === 'node' ? 'node' : 'wasm')())
  const interpreter = right(networkInterpreter(backend, problem, { workers: 1 }))
  const solve = { lambda, tolerance: 1e-3, maxEpochs: 100 }
  const ask = async (question: Parameters<typeof interpreter.answer>[0]) =>
    right(await interpreter.answer(question)())
  await ask({ _tag: 'SolveLowerLevel', id: 1, from: 'initial', ...solve })
  const trained = await ask({ _tag: 'EvaluateLosses', id: 2, lambda, weights: 'w1' })
  const refit = await ask({ _tag: 'Refit', id: 3, ...solve })
  interpreter.dispose()
  if (trained._tag !== 'LossesEvaluated' || refit._tag !== 'Refitted') throw new Error('A training failed.')
  const [test, refitTest] = [trained.metrics.test, refit.metrics.test]
  if (test === null || refitTest === null) throw new Error('There is no test set.')
  return {
    retrained: { validation: trained.metrics.validation.loss, test: test.loss },
    refitTest: refitTest.loss,
  }
}

const implicit = async (dimension: number, seed: number, known: BestKnown): Promise<Implicit> => {
  const began = performance.now()
  const problem = right(await problemOf(taskOf(dimension, seed), silent)())
  const { train, validation, test } = problem.splits
  if (test === null) throw new Error('There is no test set.')
  const groupOf = blocks(width, sideOf(dimension))
  const regression = softmaxRegression(train, validation, groupOf)
  const { space } = problem.hyperparameters
  const coarser = known.implicit
    .filter(one => one.seed === seed && one.dimension < dimension)
    .sort((a, b) => b.dimension - a.dimension)[0]
  const starts =
    coarser === undefined
      ? [space.map(() => 2), space.map(() => -2)]
      : [regrouped(coarser.lambda, blocks(width, sideOf(coarser.dimension)), groupOf)]
  let evaluations = 0
  const minima = starts.map(start =>
    minimize({
      objective: lambda => {
        const { upper, gradient } = regression.hypergradient(lambda)
        evaluations++
        return { value: upper, gradient }
      },
      start,
      lower: space.map(({ lower }) => lower),
      upper: space.map(({ upper }) => upper),
      maxIterations: Number(values.iterations),
      maxEvaluations: 2 * Number(values.iterations),
      gradientTolerance: 1e-5,
      valueTolerance: 1e-6,
    }),
  )
  for (const { value, status, iterations } of minima) console.log(dimension, seed, value, status, iterations)
  const least = minima.reduce((a, b) => (b.value < a.value ? b : a))
  const solution = regression.solve(least.x)
  return {
    dimension,
    seed,
    fingerprint: describeData(problem.splits).fingerprint,
    ...here(),
    exact: { validation: least.value, test: regression.lossOn(test, solution) },
    ...(await trainedAt(problem, least.x)),
    status: least.status,
    projectedGradient: least.projectedGradient,
    evaluations,
    seconds: (performance.now() - began) / 1000,
    atBounds: [
      least.x.filter((x, k) => x <= space[k]!.lower).length,
      least.x.filter((x, k) => x >= space[k]!.upper).length,
    ],
    lambda: least.x.map(x => Number(x.toFixed(4))),
  }
}

const Sets = t.type({ validation: t.type({ loss: t.number }), test: t.type({ loss: t.number }) })
const Summary = t.type({
  data: t.type({ fingerprint: t.string }),
  stopReason: t.string,
  rows: t.array(
    t.type({
      name: t.string,
      lowerLevelSolves: t.number,
      effortEpochs: t.number,
      trained: t.union([t.null, Sets]),
      refit: t.union([t.null, Sets]),
    }),
  ),
})

/** So many outer iterations, and no end before the steps are next to nothing. */
const longer = { budget: { lowerLevelSolves: 160, outerIterations: 150 }, stop: { step: 1e-4 } }

const long = async (dimension: number, seed: number): Promise<Long> => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-long-'))
  const { data, network, hyperparameters, solver, method } = RunConfig.encode(taskOf(dimension, seed).config)
  const file = join(folder, 'task.json')
  const task = { data, network, hyperparameters, solver, method: { ...method, ...longer }, seed }
  writeFileSync(file, JSON.stringify(task))
  const out = join(folder, 'run')
  const command = ['dist/bilevel.js', 'tune', file, '--backend', values.backend, '--out', out]
  const { seconds, megabytes } = await measuredRun(command)
  const found = right(decode(Summary)(JSON.parse(readFileSync(join(out, 'summary.json'), 'utf8'))))
  rmSync(folder, { recursive: true })
  const row = found.rows.at(-1)
  if (row === undefined || row.trained === null || row.refit === null)
    throw new Error(`The run with ${dimension} hyperparameters at seed ${seed} has no weights to measure.`)
  return {
    dimension,
    seed,
    fingerprint: found.data.fingerprint,
    ...here(),
    method: longer,
    stopReason: found.stopReason,
    retrained: { validation: row.trained.validation.loss, test: row.trained.test.loss },
    refitTest: row.refit.test.loss,
    lowerLevelSolves: row.lowerLevelSolves,
    effortEpochs: row.effortEpochs,
    seconds,
    megabytes,
  }
}

type Entry = { readonly dimension: number; readonly seed: number }
const inOrder = <A extends Entry>(entries: ReadonlyArray<A>, added: A): ReadonlyArray<A> =>
  [...entries.filter(one => one.dimension !== added.dimension || one.seed !== added.seed), added].sort(
    (a, b) => a.dimension - b.dimension || a.seed - b.seed,
  )

/** Others may have written meanwhile, so what is there is read again. */
const keep = (change: (known: BestKnown) => BestKnown): void => {
  const path = join(groupsFolder, bestKnownFile)
  writeFileSync(`${path}.part`, `${JSON.stringify(change(bestKnown()), null, 1)}\n`)
  renameSync(`${path}.part`, path)
}

for (const dimension of numbers(values.dimensions))
  for (const seed of numbers(values.seeds)) {
    const there = (entries: ReadonlyArray<Entry>): boolean =>
      !values.anew && entries.some(one => one.dimension === dimension && one.seed === seed)
    if (values.only !== 'long' && !there(bestKnown().implicit)) {
      const found = await implicit(dimension, seed, bestKnown())
      keep(known => ({ ...known, implicit: inOrder(known.implicit, found) }))
      console.log({ ...found, lambda: found.lambda.length })
    }
    if (values.only !== 'implicit' && !there(bestKnown().long)) {
      const found = await long(dimension, seed)
      keep(known => ({ ...known, long: inOrder(known.long, found) }))
      console.log(found)
    }
  }
