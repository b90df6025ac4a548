/**
 * How long the built entries take to load, each in a process of its own, and how many modules come with them.
 *
 *     npm run build && npx tsx test/bench/load.ts
 *
 * Writes docs/results/load.json: milliseconds of 15 processes each.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { join } from 'node:path'
import { median, quantile, write } from './gpTiming.js'

const dist = fileURLToPath(new URL('../../dist', import.meta.url))

/** Milliseconds of one import, and the files that it loaded. */
const load = (path: string): { readonly ms: number; readonly files: ReadonlyArray<string> } => {
  const url = pathToFileURL(join(dist, path)).href
  const said = execFileSync(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { createRequire } from 'node:module'
       const began = performance.now()
       await import(${JSON.stringify(url)})
       const ms = performance.now() - began
       console.log(JSON.stringify({ ms, files: Object.keys(createRequire('/x.js').cache) }))`,
    ],
    { encoding: 'utf8' },
  )
  return JSON.parse(said) as ReturnType<typeof load>
}

const entry = (path: string) => {
  load(path)
  const runs = Array.from({ length: 15 }, () => load(path))
  const times = runs.map(({ ms }) => ms)
  const commonJs = runs[0]!.files
  return {
    median: median(times),
    p90: quantile(times, 0.9),
    min: Math.min(...times),
    commonJsModules: commonJs.length,
    tfjsModules: commonJs.filter(file => /tensorflow|tfjs/.test(file)).length,
  }
}

const result = {
  unit: 'ms',
  'bilevel-hpo': entry('core/index.js'),
  'bilevel-hpo/runs': entry('shell/runs.js'),
  'bilevel-hpo/shell': entry('shell/index.js'),
}
console.log(result)
write('load', result)
