/**
 * How much of a measured gradient is signal, on each task, at the κ that the method `tracking` chooses by itself: at the λ that it
 * returns, and at three λ on each side of it, the same distance in every coordinate.
 *
 *     npm run bench:signal [-- task …]
 *
 * At each λ weights are trained as before a search; then λ stays where it is for some pairs, and κ is chosen after each. As many pairs are
 * taken with the last κ. The row is that of the last pair: the noise of one pair, that of the average over pairs which λ would follow, and the estimated bias, as shares of
 * the signal. Where the signal is below the noise of a pair, the method says that it is within its noise. Writes docs/results/signal.json and docs/results/signal.md; tasks that are not asked
 * for keep their rows. The whole takes some 40 minutes on two cores.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import * as t from 'io-ts'
import { Finite, nullable } from '../../src/core/codec/Codec.js'
import { presets } from '../../src/shell/config/presets.js'
import { markdownTable } from '../../src/shell/compare/text/markdown.js'
import { formatted } from '../tools/formatted.js'

const program = 'dist/bilevel.js'
const [jsonPath, markdownPath] = ['docs/results/signal.json', 'docs/results/signal.md']
const offsets = [-3, -2, -1, 0, 0.3, 0.6, 0.9]
/** Pairs at one λ: κ may change by its trusted factor after each. */
const pairs = 10
/** λ may not stand still, for a step is positive; this one moves it by nothing that counts. */
const still = 1e-9

type Config = Readonly<Record<string, unknown>> & { readonly method: Readonly<Record<string, unknown>> }

const presetOf = (name: string): Config => presets[name]?.config as Config

const tasks: Readonly<Record<string, Config>> = {
  'mnist-mlp-1k': presetOf('mnist-mlp-1k-tracking'),
  'mnist-mlp-5k': presetOf('mnist-mlp-5k-tracking'),
  'mnist-mlp-10k': presetOf('mnist-mlp-10k-tracking'),
  'mnist-deep-1k': presetOf('mnist-deep-1k-tracking'),
  'cifar10-lenet-10k': presetOf('cifar10-lenet-10k-tracking'),
}

const Row = t.type({
  task: t.string,
  offset: Finite,
  lambda: t.readonlyArray(Finite),
  kappa: Finite,
  signal: Finite,
  noise: Finite,
  deviation: Finite,
  bias: Finite,
})
type Row = t.TypeOf<typeof Row>
const Stored = t.type({ machine: t.string, date: t.string, rows: t.readonlyArray(Row) })

const Line = t.partial({
  info: t.partial({
    lambda: nullable(t.readonlyArray(Finite)),
    signal: Finite,
    noise: Finite,
    deviation: Finite,
    bias: Finite,
    coefficient: nullable(Finite),
  }),
})

const folder = mkdtempSync(join(tmpdir(), 'bilevel-signal-'))

/** Runs a configuration, and returns the lines of its log. */
const run = (name: string, config: unknown): ReadonlyArray<t.TypeOf<typeof Line>> => {
  const [file, out] = [join(folder, `${name}.json`), join(folder, name)]
  writeFileSync(file, JSON.stringify(config))
  execFileSync(process.execPath, [program, 'tune', file, '--out', out, '--backend', 'wasm'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  return readFileSync(join(out, 'run.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map(line => {
      const parsed: unknown = JSON.parse(line)
      if (!Line.is(parsed)) throw new Error(`${name}: not a line of a log: ${line.slice(0, 200)}`)
      return parsed
    })
}

const bare = { retrain: false, refit: false, annealed: 0 }

const rowsOf = (task: string, config: Config): ReadonlyArray<Row> => {
  const found = run(task, { ...config, method: { ...config.method, retrain: false, refit: false } })
  const lambda = found.findLast(({ info }) => (info?.lambda ?? null) !== null)?.info?.lambda ?? null
  if (lambda === null) throw new Error(`${task}: the run found no λ`)
  return offsets.flatMap(offset => {
    const at = lambda.map(component => component + offset)
    const method = {
      ...config.method,
      ...bare,
      start: { ...(config.method['start'] as object | undefined), lambda: at },
      step: { initial: still, max: still, min: still },
      budget: { outerIterations: pairs, effortEpochs: null, lowerLevelSolves: 15 },
      stop: { withinNoise: pairs + 1 },
    }
    const measured = (name: string, multiplier: object) => {
      const last = run(name, { ...config, method: { ...method, multiplier } })
        .flatMap(({ info }) => (info?.signal === undefined ? [] : [info]))
        .at(-1)
      const { signal = NaN, noise = NaN, deviation = NaN, bias = NaN, coefficient = null } = last ?? {}
      return { kappa: coefficient ?? NaN, signal, noise, deviation, bias }
    }
    try {
      const { kappa } = measured(`${task}${offset}`, {
        ...(config.method['multiplier'] as object | undefined),
      })
      // Pairs before κ was chosen have another bias, so all are taken again.
      const fixed = { initial: kappa, min: kappa, max: kappa }
      const row: Row = { task, offset, lambda: at, ...measured(`${task}${offset}again`, fixed) }
      console.log(JSON.stringify(row))
      return [row]
    } catch (cause) {
      // Beyond the bounds of λ there is nothing to measure.
      console.log(
        task,
        offset,
        String((cause as { readonly stderr?: unknown }).stderr ?? cause)
          .trim()
          .split('\n')
          .at(-1),
      )
      return []
    }
  })
}

const share = (part: number, whole: number): string => (whole > 0 ? (part / whole).toFixed(2) : '–')

const verdict = ({ signal, noise, deviation, bias }: Row): string =>
  signal <= noise
    ? 'within noise'
    : bias > 0.3 * signal || deviation > 0.3 * signal
      ? 'not known'
      : noise <= 0.3 * signal
        ? 'known from one pair'
        : 'known from the average'

const wanted = process.argv.slice(2)
const before: unknown = existsSync(jsonPath) ? JSON.parse(readFileSync(jsonPath, 'utf8')) : null
const kept = Stored.is(before) ? before.rows : []
const asked = Object.entries(tasks).filter(([task]) => wanted.length === 0 || wanted.includes(task))
const fresh = asked.flatMap(([task, config]) => rowsOf(task, config))
rmSync(folder, { recursive: true })
const rows = Object.keys(tasks).flatMap(task => {
  const made = fresh.filter(row => row.task === task)
  return made.length > 0 ? made : kept.filter(row => row.task === task)
})
const machine = `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown'}, Node ${process.version}`
const stored = { machine, date: new Date().toISOString().slice(0, 10), rows }
writeFileSync(jsonPath, `${JSON.stringify(stored, null, 1)}\n`)

const table = markdownTable(
  ['task', 'λ − λ*', 'κ', 'signal', 'noise of a pair', 'of the average', 'bias', 'the gradient is'],
  rows.map(row => [
    row.task,
    String(row.offset),
    row.kappa.toFixed(0),
    row.signal.toPrecision(2),
    share(row.noise, row.signal),
    share(row.deviation, row.signal),
    share(row.bias, row.signal),
    verdict(row),
  ]),
)
writeFileSync(
  markdownPath,
  await formatted(
    markdownPath,
    `<!-- Written by test/bench/signal.ts. -->

# How much of a measured gradient is signal

Seed 0, ${stored.machine}, ${stored.date}. λ* is the λ that \`tracking\` returns with the task's preset; λ − λ* is added in every coordinate.
κ is what the method chose there by itself. The signal is the length of the gradient averaged over ${pairs} pairs, in the unit cube. Noise and
bias are shares of it.

${table}
`,
  ),
)
console.log(table)
