/**
 * K lower-level solves of MLP 784-100-10 (one problem, K different λ) given at once, against one alone, on every backend
 * that is present. Build before, for the threads are those of the package:
 *
 *     npm run build && npx tsx test/bench/manySolves.ts [repeats] [--before folder]
 *
 * `--before`: another build of the package (a checkout of an earlier commit, built), whose one solve alone is measured in the same turns.
 *
 * Writes docs/results/many-solves.json: medians over the repeats of the ratio to one solve alone, measured in turns so
 * that a busy machine slows both; whether answers equal those given one by one; the memory that threads add.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { performance } from 'node:perf_hooks'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type * as Shell from '../../src/shell/index.js'
import type { Question } from '../../src/core/protocol/Command.js'
import { median, quantile, right, write } from './gpTiming.js'

const { values: options, positionals } = parseArgs({
  options: { before: { type: 'string' } },
  allowPositionals: true,
})
const repeats = Number(positionals[0] ?? 5)
const counts = [1, 2, 5, 10]
const silent = { show: () => undefined, note: () => undefined, clear: () => undefined }

/** A build's own modules, so that threads and this process run the same code; and the problem, as that build makes it. */
const built = async (folder: string) => {
  const at = (path: string): string => new URL(path, pathToFileURL(resolve(folder) + '/')).href
  const { exports } = JSON.parse(readFileSync(new URL(at('package.json')), 'utf8')) as {
    readonly exports: { readonly './shell': { readonly default: string } }
  }
  const shell = (await import(at(exports['./shell'].default))) as typeof Shell
  const config = right(shell.decodeRunConfig('the preset')(shell.presets['mnist-mlp-1k']!.config))
  return { ...shell, problem: right(await shell.problemOf({ config, baseFolder: null }, silent)()) }
}
const now = await built('.')
const then = options.before === undefined ? null : await built(options.before)
const { availableBackends, chooseBackend, networkInterpreter, problem } = now

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
  const earlier =
    then && right(then.networkInterpreter(right(await then.chooseBackend(name)()), then.problem, {}))
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
  const toEarlier: Array<number> = []
  if (earlier) await all(earlier, 1)
  let equal = true
  for (let i = 0; i < repeats; i++)
    for (const count of counts) {
      const one = (await all(alone, 1)).ms
      const { ms, answers } = await all(crew, count)
      const after = (await all(alone, 1)).ms
      single.push(one, after)
      ratios.get(count)!.push(ms / ((one + after) / 2))
      if (count !== 10) continue
      equal &&= answers === oneByOne
      if (earlier) toEarlier.push(ms / (await all(earlier, 1)).ms)
    }
  alone.dispose()
  crew.dispose()
  const spread = (values: ReadonlyArray<number>) => ({
    median: median(values),
    p10: quantile(values, 0.1),
    p90: quantile(values, 0.9),
  })
  results[name] = {
    workers,
    backendThreads: backend.threads,
    oneSolveMs: median(single),
    answersEqualOneByOne: equal,
    threadMegabytes,
    ratioToOneAlone: Object.fromEntries([...ratios].map(([count, values]) => [count, spread(values)])),
    ...(toEarlier.length === 0 ? {} : { tenToOneAloneBefore: spread(toEarlier) }),
  }
  console.log(name, JSON.stringify(results[name], null, 2))
}
write('many-solves', { repeats, loadAverage: loadavg()[0], network: problem.network.name, backends: results })
