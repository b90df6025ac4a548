/** 5,000 hyperparameters, one for each training image: the log stays small, and a killed run ends with the same bytes. */
import { cpSync, existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as t from 'io-ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { deep } from '../support/cases.js'
import { readJson, scratch, startBilevel, writeConfig, carryOut } from './support.js'

const folder = scratch()
const side = 6
const [train, validation] = [5000, 300]

/** An IDX file of bytes. */
const idx = (sizes: ReadonlyArray<number>, byte: (i: number) => number): Buffer => {
  const header = Buffer.alloc(4 + 4 * sizes.length)
  header.writeUInt32BE(0x800 + sizes.length)
  sizes.forEach((size, k) => header.writeUInt32BE(size, 4 + 4 * k))
  const count = sizes.reduce((product, size) => product * size, 1)
  return Buffer.concat([header, Buffer.from(Uint8Array.from({ length: count }, (_, i) => byte(i)))])
}

const pixels = side * side
/** Noise that is the same every time, with a bright line of pixels by which the class is known. */
const pixel = (i: number): number => {
  const [image, at] = [Math.floor(i / pixels), i % pixels]
  return Math.floor(at / side) === image % side
    ? 200 + (Math.imul(i, 40503) & 31)
    : Math.imul(i, 2654435) & 127
}
const count = train + validation
writeFileSync(join(folder, 'images'), idx([count, side, side], pixel))
writeFileSync(
  join(folder, 'labels'),
  idx([count], i => i % side),
)

const outerIterations = 4
const config = writeConfig(join(folder, 'config.json'), {
  seed: 0,
  data: {
    source: 'idx',
    images: 'images',
    labels: 'labels',
    train,
    validation,
    classes: side,
    labelNoise: 0.5,
  },
  network: { kind: 'linear' },
  hyperparameters: [
    { family: 'exampleWeights', lower: -5, upper: 5 },
    { family: 'l2', per: 'model', fixed: 0 },
  ],
  solver: { epochs: 2 },
  method: {
    name: 'bilevel',
    solve: { coldEpochs: 10, warmEpochs: 5 },
    pair: { steps: 20 },
    budget: { lowerLevelSolves: 8, outerIterations },
  },
})

const text = (run: string, name = 'run.jsonl'): string => readFileSync(join(run, name), 'utf8')
const linesOf = (run: string): ReadonlyArray<string> =>
  existsSync(join(run, 'run.jsonl')) ? text(run).split('\n').slice(0, -1) : []
const tuning = (run: string): ReadonlyArray<string> => ['tune', config, '--backend', 'wasm', '--out', run]

const whole = join(folder, 'whole')
beforeAll(async () => {
  const { code, err } = await carryOut(tuning(whole))
  expect(code, err).toBe(0)
})

const Line = t.type({ info: t.type({ outerIteration: t.number, phase: t.string }) })

const expectWhole = (run: string): void => {
  expect(text(run) === text(whole)).toBe(true)
  expect(text(run, 'summary.json') === text(whole, 'summary.json')).toBe(true)
  for (const name of readdirSync(join(whole, 'weights')))
    expect(readFileSync(join(run, 'weights', name)).equals(readFileSync(join(whole, 'weights', name)))).toBe(
      true,
    )
}

describe('a run with 5,000 hyperparameters', () => {
  it('takes less than 200 KB of its log for an outer iteration', () => {
    const [header = '', ...records] = linesOf(whole)
    expect(JSON.parse(header)).toMatchObject({ version: 2 })
    const bytes = new Map<number, number>()
    for (const record of records) {
      const line: unknown = JSON.parse(record)
      if (!Line.is(line)) throw new Error('no record')
      const { phase, outerIteration } = line.info
      if (phase === 'minimising' || phase === 'refining')
        bytes.set(outerIteration, (bytes.get(outerIteration) ?? 0) + record.length + 1)
    }
    const all = [...bytes.values()].reduce((sum, size) => sum + size, 0)
    expect(bytes.size).toBeGreaterThanOrEqual(outerIterations)
    expect(all / outerIterations).toBeLessThan(200_000)
  })

  it('replays, and says what it decided in plain numbers', async () => {
    const { code, out, err } = await carryOut(['replay', whole, '--json'])
    expect(code, err).toBe(0)
    const Replayed = t.type({ info: t.type({ lambda: t.array(t.number) }) })
    const { code: before, out: earlier } = await carryOut(['replay', whole, '--until', '8', '--json'])
    expect(before).toBe(0)
    const said: unknown = JSON.parse(earlier)
    if (!Replayed.is(said)) throw new Error(earlier.slice(0, 200))
    expect(said.info.lambda).toHaveLength(5000)
    expect(out).toContain('"checked":"decisions"')
    const Summary = t.type({ rows: t.array(t.type({ lambda: t.array(t.number) })) })
    const summary = readJson(join(whole, 'summary.json'))
    if (!Summary.is(summary)) throw new Error('no summary')
    // Not the same number throughout, which would be next to nothing to write down.
    expect(new Set(summary.rows.at(-1)?.lambda).size).toBeGreaterThan(1)
    expect(text(whole)).toContain('"float64":"')
  })

  // Runs of any size are interrupted at every record in interruption.test.ts.
  it.each(deep ? [6, 11] : [11])(
    'killed after line %i and resumed, ends with the same bytes',
    async lines => {
      const run = join(folder, `killed-${lines}`)
      const { child, ended } = startBilevel(tuning(run))
      while (linesOf(run).length < lines && child.exitCode === null) await sleep(3)
      child.kill('SIGKILL')
      await ended
      // The rest of a line that was being written when the power failed.
      if (!existsSync(join(run, 'summary.json')))
        writeFileSync(join(run, 'run.jsonl'), '{"step":', { flag: 'a' })
      const { code, err } = await carryOut(['resume', run])
      expect(code, err).toBe(0)
      expectWhole(run)
    },
  )

  it('with a digit of its packed numbers changed is not taken for unchanged', async () => {
    const run = join(folder, 'changed')
    cpSync(whole, run, { recursive: true })
    const log = text(run)
    const at = log.indexOf('"float32":"') + 1000
    writeFileSync(
      join(run, 'run.jsonl'),
      `${log.slice(0, at)}${log[at] === 'Q' ? 'R' : 'Q'}${log.slice(at + 1)}`,
    )
    const { code, err } = await carryOut(['replay', run])
    expect(code).toBe(1)
    expect(err).toMatch(/Line \d+ of .*field `\w+.*expected .*, found /s)
    expect(err.length).toBeLessThan(2000)
  })

  it('cut anywhere replays up to there', async () => {
    const run = join(folder, 'cut')
    cpSync(whole, run, { recursive: true })
    truncateSync(join(run, 'run.jsonl'), Math.floor(0.6 * text(whole).length))
    const { code, err } = await carryOut(['replay', run])
    expect(code).toBe(2)
    expect(err).toContain('is incomplete and was dropped')
  })
})
