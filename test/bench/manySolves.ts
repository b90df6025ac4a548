/**
 * K lower-level solves of MLP 784-100-10 (one problem, K different λ) given at once, against one alone, on every backend
 * that is present. Build before, for the threads are those of the package:
 *
 *     npm run build && npx tsx test/bench/manySolves.ts
 *
 * Writes docs/results/many-solves.json: medians over the repeats of the ratio to one solve alone, measured in turns so
 * that a busy machine slows both; whether answers equal those given one by one; the memory that threads add.
 */
import { availableParallelism, loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import type * as Shell from '../../src/shell/index.js'
import type { Question } from '../../src/core/protocol/Command.js'
import { median, quantile, right, write } from './gpTiming.js'

// The build's own modules, so that threads and this process run the same code.
const from = new URL('../../dist/shell/', import.meta.url)
const shell = (await import(new URL('index.js', from).href)) as typeof Shell
const { availableBackends, chooseBackend, decodeRunConfig, networkInterpreter, presets, problemOf } = shell

const repeats = Number(process.argv[2] ?? 5)
const counts = [1, 2, 5, 10]
const preset = presets['mnist-mlp-1k']!
const config = right(decodeRunConfig('the preset')(preset.config))
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }
const problem = right(await problemOf({ config, baseFolder: null }, silent)())

/** Each is the paper's 50 epochs and ten of polishing, the same work whatever λ. */
const solves = (count: number): ReadonlyArray<Question> =>
  Array.from({ length: count }, (_, id) => ({
    _tag: 'SolveLowerLevel',
    id,
    lambda: [-2 + 0.4 * id, -2 + 0.4 * id],
    from: 'initial',
    tolerance: 1e-12,
    maxEpochs: 60,
  }))

const results: Record<string, object> = {}
for (const { name, present, detail } of await availableBackends()) {
  // One solve in plain JavaScript takes minutes.
  if (!present || name === 'cpu') {
    results[name] = present ? { leftOut: 'a solve takes minutes' } : { absent: detail }
    continue
  }
  const backend = right(await chooseBackend(name)())
  const workers = availableParallelism()
  const alone = right(networkInterpreter(backend, problem, { workers: 1 }))
  const crew = right(networkInterpreter(backend, problem, { workers }))
  const all = async (interpreter: typeof crew, count: number) => {
    const began = performance.now()
    const answers = await Promise.all(
      solves(count).map(async question => right(await interpreter.answer(question)())),
    )
    return { answers: JSON.stringify(answers), ms: performance.now() - began }
  }
  const before = process.memoryUsage().rss
  // Threads are made, and code is compiled, before anything is measured.
  await all(crew, workers + 1)
  const threadMegabytes = (process.memoryUsage().rss - before) / 2 ** 20
  let oneByOne = '['
  for (const question of solves(10))
    oneByOne += `${oneByOne === '[' ? '' : ','}${JSON.stringify(right(await alone.answer(question)()))}`
  oneByOne += ']'
  const ratios = new Map<number, Array<number>>(counts.map(count => [count, []]))
  const single: Array<number> = []
  let equal = true
  for (let i = 0; i < repeats; i++)
    for (const count of counts) {
      const one = (await all(alone, 1)).ms
      const { ms, answers } = await all(crew, count)
      const after = (await all(alone, 1)).ms
      single.push(one, after)
      ratios.get(count)!.push(ms / ((one + after) / 2))
      if (count === 10) equal &&= answers === oneByOne
    }
  alone.dispose()
  crew.dispose()
  results[name] = {
    workers,
    backendThreads: backend.threads,
    oneSolveMs: median(single),
    answersEqualOneByOne: equal,
    threadMegabytes,
    ratioToOneAlone: Object.fromEntries(
      [...ratios].map(([count, values]) => [
        count,
        { median: median(values), p10: quantile(values, 0.1), p90: quantile(values, 0.9) },
      ]),
    ),
  }
  console.log(name, JSON.stringify(results[name], null, 2))
}
write('many-solves', { repeats, loadAverage: loadavg()[0], network: problem.network.name, ...results })
