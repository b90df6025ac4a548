/** Runs that are killed, stopped or damaged, and resumed: they end as if nothing had happened, or say why not. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as Rng from '../../src/core/numeric/Rng.js'
import { deep, seed } from '../support/cases.js'
import { beforeAll, describe, expect, it } from 'vitest'
import { methods } from '../../src/shell/record/Methods.js'
import type { BackendName } from '../../src/shell/backend/Backend.js'
import { fromFile } from '../../src/shell/config/configSource.js'
import { tune as tuneHere } from '../../src/shell/run/tune.js'
import { right } from '../support/recordedRun.js'
import { silent, tinyConfig } from '../support/tinyRun.js'
import { bilevel, scratch, smallConfig, startBilevel, writeConfig, type Ended, carryOut } from './support.js'

const folder = scratch()
const config = writeConfig(join(folder, 'config.json'), {
  ...smallConfig,
  // A second or two, so that there are many moments to be killed at.
  network: { kind: 'mlp', hidden: [8] },
  solver: { epochs: 5 },
  method: {
    ...smallConfig.method,
    solve: { coldEpochs: 15, warmEpochs: 5 },
    pair: { steps: 25 },
    budget: { lowerLevelSolves: 10, outerIterations: 7 },
  },
})
const whole = join(folder, 'whole')
const text = (run: string, name = 'run.jsonl'): string => readFileSync(join(run, name), 'utf8')
const lines = (run: string): number =>
  existsSync(join(run, 'run.jsonl')) ? text(run).split('\n').length - 1 : 0

const tune = (run: string, ...more: ReadonlyArray<string>) =>
  startBilevel(['tune', config, '--backend', 'wasm', '--out', run, ...more])

/** Kills a child once its run has so many whole lines, and `delay` milliseconds later. */
const killedAt = async (
  { child, ended }: ReturnType<typeof startBilevel>,
  run: string,
  count: number,
  delay: number,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<Ended> => {
  while (lines(run) < count && child.exitCode === null) await sleep(3)
  await sleep(delay)
  child.kill(signal)
  return ended
}

let seconds = 0
beforeAll(async () => {
  const { ended } = tune(whole)
  while (lines(whole) === 0) await sleep(3)
  const began = performance.now()
  expect((await ended).code).toBe(0)
  seconds = (performance.now() - began) / 1000
})

/** A run of a moment, and its folder after eight of its steps: what a kill then leaves. */
const short = join(folder, 'short')
const shortened = join(folder, 'shortened')

/** Its data has a folder of its own, so that it can be exchanged; the paths are relative to it. */
const place = join(folder, 'data')
mkdirSync(place)
const sets = ['train', 'validation'] as const
for (const set of sets) copyFileSync(tinyConfig.data[set], join(place, `${set}.npz`))
const shortConfig = (seed: number): string =>
  writeConfig(join(place, `seed-${seed}.json`), {
    ...tinyConfig,
    data: { source: 'npz', train: 'train.npz', validation: 'validation.npz', test: 'validation.npz' },
    seed,
  })

/** Carries out the short run, and copies its folder when so many steps are recorded. */
const cutAfter = async (steps: number, backend: BackendName, run: string, copy: string): Promise<void> => {
  let done = 0
  const onStep = (): void => {
    if (++done === steps) cpSync(run, copy, { recursive: true })
  }
  const named = right(fromFile(shortConfig(3)))
  right(await tuneHere({ ...silent, methods, named, folder: run, backend, onStep })())
}

beforeAll(() => cutAfter(8, 'wasm', short, shortened))

const files = (run: string): ReadonlyArray<string> => readdirSync(run, { recursive: true }).map(String).sort()

/** The run in a folder is the uninterrupted one. */
const expectWhole = (run: string, uninterrupted = whole): void => {
  expect(text(run)).toBe(text(uninterrupted))
  expect(text(run, 'summary.json')).toBe(text(uninterrupted, 'summary.json'))
  expect(files(run)).toEqual(files(uninterrupted))
  for (const name of readdirSync(join(uninterrupted, 'weights'))) {
    const [found, expected] = [run, uninterrupted].map(of => readFileSync(join(of, 'weights', name)))
    expect(found!.equals(expected!)).toBe(true)
  }
}

const resumed = async (run: string): Promise<Ended> => {
  const before = lines(run)
  const ended = await carryOut(['resume', run])
  expect(ended.code, ended.err).toBe(0)
  // Every step that was recorded was taken over, and none done again.
  if (!/has ended|only the summary/.test(ended.out + ended.err))
    expect(ended.err).toContain(`after ${before - 1} recorded steps`)
  return ended
}

/** Kills of real processes; interruption.test.ts interrupts a run at every record. */
const kills = deep ? 16 : 1
const [moments] = Rng.uniforms(2 * kills)(Rng.make(seed))

describe('a run that is killed', () => {
  it.each(Array.from({ length: kills }, (_, i) => i))(
    'at a random moment (%i) ends as if it had not been',
    async i => {
      const run = join(folder, `killed-${i}`)
      const [delay, second] = [1000 * seconds * moments[2 * i]!, 300 * moments[2 * i + 1]!]
      const twice = i % 2 === 0
      console.log(
        `Seed ${seed}, run ${i}: killed ${delay.toFixed(0)} ms after its header` +
          (twice ? `, and ${second.toFixed(0)} ms after the first record when resumed.` : '.'),
      )
      await killedAt(twice ? tune(run) : tune(run, '--workers', '1'), run, 1, delay)
      // Half of them are killed once more, while they are being resumed.
      if (twice) await killedAt(startBilevel(['resume', run]), run, lines(run) + 1, second)
      await resumed(run)
      expectWhole(run)
    },
  )
})

describe('commands at work at once', () => {
  it('leave the same run as one at a time, also where they are cut off between the answers of a batch', async () => {
    const one = join(folder, 'one-at-a-time')
    expect((await carryOut(['tune', config, '--backend', 'wasm', '--workers', '1', '--out', one])).code).toBe(
      0,
    )
    expectWhole(one)
    // The header, the first transition and one of the answers to the initial design.
    const run = join(folder, 'within-a-batch')
    await killedAt(tune(run, '--workers', '3'), run, 3, 0)
    expect((await bilevel(['resume', run, '--workers', '2'])).code).toBe(0)
    expectWhole(run)
  })

  it('are refused where their number is none', async () => {
    const { code, err } = await carryOut(['resume', whole, '--workers', '0'])
    expect(code).toBe(2)
    expect(err).toMatch(/--workers takes an integer from 1 to 64, not "0"/)
  })
})

describe('an interrupted run', () => {
  const copy = (name: string): string => {
    const to = join(folder, name)
    cpSync(shortened, to, { recursive: true })
    return to
  }

  it('says how it is resumed, and is', async () => {
    const stopped = join(folder, 'stopped')
    const said = await killedAt(tune(stopped, '--workers', '1'), stopped, 9, 0, 'SIGINT')
    expect(said.code).toBe(130)
    expect(said.err).toContain(`\`bilevel resume ${stopped}\``)
    const run = join(folder, 'resumed')
    cpSync(stopped, run, { recursive: true })
    const { out } = await resumed(run)
    expect(out).toContain('bilevel weights')
    expectWhole(run)
    const seconds = (of: string): number =>
      (JSON.parse(text(of, 'timings.json')) as { readonly totalSeconds: number }).totalSeconds
    const ticks = text(stopped, 'clock.jsonl').trim().split('\n')
    const { seconds: before } = JSON.parse(ticks.at(-1)!) as { readonly seconds: number }
    expect(before).toBeGreaterThan(0)
    expect(seconds(run)).toBeGreaterThan(before)
  })

  // interruption.test.ts tears each of a run's lines; this is what a user is told.
  it.each(deep ? [1, 0.3, 0.9, -2, -1] : [0.3])(
    'with %d of its next line drops that, with a notice',
    async part => {
      const run = copy(`torn-${part}`)
      const next = `${text(short).split('\n')[lines(shortened)] ?? ''}\n`
      const length = part === 1 ? 1 : part > 0 ? Math.floor(part * next.length) : next.length + part
      writeFileSync(join(run, 'run.jsonl'), text(shortened) + next.slice(0, length))
      const notice = `Line ${lines(shortened) + 1} of ${join(run, 'run.jsonl')} is incomplete and was dropped`
      const replayed = await carryOut(['replay', run])
      expect(replayed.code).toBe(2)
      expect(replayed.err).toContain(notice)
      expect(replayed.out).toContain(`the first ${lines(shortened) - 1} steps replay as logged`)
      const { err } = await resumed(run)
      expect(err).toContain(notice)
      expectWhole(run, short)
    },
  )

  it('loses what nothing needs any more, and nothing else', async () => {
    const run = copy('leftovers')
    for (const name of ['w0.f32', 'w99999.f32', 'w7.f32.partial', 'notes.txt'])
      if (!existsSync(join(run, 'weights', name))) writeFileSync(join(run, 'weights', name), 'left')
    await resumed(run)
    expect(readdirSync(join(run, 'weights'))).toContain('notes.txt')
    rmSync(join(run, 'weights', 'notes.txt'))
    expectWhole(run, short)
  })

  it('is not resumed without weights that it needs', async () => {
    const run = copy('missing')
    const names = readdirSync(join(run, 'weights'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) rmSync(join(run, 'weights', name))
    const { code, out, err } = await carryOut(['resume', run])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/The weights w\d.* are missing in .+weights/)
    expect(text(run).startsWith(text(shortened))).toBe(true)
  })

  it('is not resumed where its data has changed', async () => {
    const run = copy('other-data')
    const train = join(place, 'train.npz')
    const before = text(run)
    try {
      copyFileSync(join(place, 'validation.npz'), train)
      const { code, out, err } = await carryOut(['resume', run])
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain('The data has changed since the run was recorded')
      expect(text(run)).toBe(before)
      rmSync(train)
      expect((await carryOut(['resume', run])).err).toContain('train.npz')
    } finally {
      copyFileSync(tinyConfig.data.train, train)
    }
  })

  it('is not resumed where a line was changed', async () => {
    const run = copy('changed')
    writeFileSync(
      join(run, 'run.jsonl'),
      text(shortened).replace(/"effort":(\d)/, (_, d) => `"effort":${(Number(d) + 1) % 10}`),
    )
    const before = text(run)
    const { code, err } = await carryOut(['resume', run])
    expect(code).toBe(1)
    expect(err).toMatch(/Line \d+ of .+, field `/)
    expect(text(run)).toBe(before)
  })
})

describe('a run of another backend', () => {
  it('continues with the recorded backend, or with another one and a warning', async () => {
    const run = join(folder, 'of-cpu')
    await cutAfter(2, 'cpu', join(folder, 'all-on-cpu'), run)
    const { code, err } = await carryOut(['resume', run, '--backend', 'wasm'])
    expect(code, err).toBe(0)
    expect(err).toContain('was recorded with cpu and continues with wasm')
    expect(await carryOut(['replay', run])).toMatchObject({ code: 0 })
  })
})

describe('a run that has ended', () => {
  it('is left as it is', async () => {
    const before = files(short)
    const { code, out } = await carryOut(['resume', short])
    expect(code).toBe(0)
    expect(out).toMatch(/has ended \(\w+\) after \d+ steps; there is nothing to resume/)
    expect(files(short)).toEqual(before)
  })

  it('and whose log was cut afterwards gets its last step again', async () => {
    const run = join(folder, 'cut')
    cpSync(short, run, { recursive: true })
    writeFileSync(join(run, 'run.jsonl'), text(short).slice(0, -100))
    expect((await carryOut(['replay', run])).code).toBe(2)
    await resumed(run)
    expectWhole(run, short)
  })

  it('gets a summary that it lacks', async () => {
    const run = join(folder, 'unsummarized')
    cpSync(short, run, { recursive: true })
    for (const name of ['summary.json', 'timings.json']) rmSync(join(run, name))
    expect((await carryOut(['resume', run])).code).toBe(0)
    expectWhole(run, short)
  })
})

describe('replay and diff of what was recorded', () => {
  it('say where a run is after a step, as text and as JSON', async () => {
    const { code, out } = await carryOut(['replay', whole, '--until', '5'])
    expect(code).toBe(0)
    for (const part of ['the first 6 steps', 'Info after step 5:', '  lowerLevelSolves: ', 'State:'])
      expect(out).toContain(part)
    const info = (JSON.parse(text(whole).split('\n')[6]!) as { readonly info: unknown }).info
    const said: unknown = JSON.parse((await carryOut(['replay', whole, '--until', '5', '--json'])).out)
    expect(said).toMatchObject({ step: 5, steps: 6, halted: false, torn: null, info })
    const all: unknown = JSON.parse((await carryOut(['replay', whole, '--json'])).out)
    expect(all).toMatchObject({
      steps: lines(whole) - 1,
      halted: true,
      open: [],
      header: { backend: 'wasm' },
    })
    expect(await carryOut(['replay', whole, '--until', '9999'])).toMatchObject({ code: 2, out: '' })
  })

  it('say where two runs part', async () => {
    const other = join(folder, 'other-seed')
    const task = shortConfig(4)
    expect(await carryOut(['tune', task, '--backend', 'wasm', '--out', other])).toMatchObject({ code: 0 })
    const { code, out } = await carryOut(['diff', short, other])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^Line 1, the header, field `config\.seed`:\n {2}.+: 3\n {2}.+: 4\nLine 2, step 0, field `/,
    )
    expect(await carryOut(['diff', short, short])).toMatchObject({ code: 0, err: '' })
    expect(await carryOut(['diff', short, task])).toMatchObject({ code: 2, out: '' })
  })
})

describe('what is no run', () => {
  it('is refused', async () => {
    expect(await carryOut(['resume', join(folder, 'nowhere')])).toMatchObject({ code: 2, out: '' })
    const run = join(folder, 'no-header')
    mkdirSync(run)
    writeFileSync(join(run, 'run.jsonl'), text(whole).slice(0, 40))
    const { code, err } = await carryOut(['resume', run])
    expect(code).toBe(2)
    expect(err).toContain('no complete header')
  })
})
