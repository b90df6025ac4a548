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
import {
  bilevel,
  npzFolder,
  scratch,
  smallConfig,
  startBilevel,
  writeConfig,
  type Ended,
  withoutTraining,
} from './support.js'

const folder = scratch()
const sets = { train: 'train_dataset_1k_60.npz', validation: 'validation_dataset_1k_40.npz' }

/** Paths relative to a folder of its own, so that the data can be exchanged. */
const configIn = (place: string): string => {
  mkdirSync(place)
  for (const name of Object.values(sets)) copyFileSync(join(npzFolder, name), join(place, name))
  return writeConfig(join(place, 'config.json'), {
    ...smallConfig,
    data: { source: 'npz', ...sets, test: sets.validation },
    // A second or two, so that there are many moments to be killed at.
    network: { kind: 'mlp', hidden: [16] },
    solver: { epochs: 5 },
    method: {
      ...smallConfig.method,
      solve: { coldEpochs: 15, warmEpochs: 5 },
      pair: { steps: 25 },
      budget: { lowerLevelSolves: 10, outerIterations: 7 },
    },
  })
}

const config = configIn(join(folder, 'data'))
const whole = join(folder, 'whole')
const text = (run: string, name = 'run.jsonl'): string => readFileSync(join(run, name), 'utf8')
const lines = (run: string): number =>
  existsSync(join(run, 'run.jsonl')) ? text(run).split('\n').length - 1 : 0

const tune = (run: string, backend = 'wasm', of = config) =>
  startBilevel(['tune', of, '--backend', backend, '--out', run])

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

const files = (run: string): ReadonlyArray<string> => readdirSync(run, { recursive: true }).map(String).sort()

/** The run in a folder is the uninterrupted one. */
const expectWhole = (run: string): void => {
  expect(text(run)).toBe(text(whole))
  expect(text(run, 'summary.json')).toBe(text(whole, 'summary.json'))
  expect(files(run)).toEqual(files(whole))
  for (const name of readdirSync(join(whole, 'weights')))
    expect(readFileSync(join(run, 'weights', name)).equals(readFileSync(join(whole, 'weights', name)))).toBe(
      true,
    )
}

const resumed = async (run: string): Promise<Ended> => {
  const before = lines(run)
  const ended = await bilevel(['resume', run])
  expect(ended.code, ended.err).toBe(0)
  // Every step that was recorded was taken over, and none done again.
  if (!/has ended|only the summary/.test(ended.out + ended.err))
    expect(ended.err).toContain(`after ${before - 1} recorded steps`)
  return ended
}

/** Kills of real processes; interruption.test.ts interrupts a run at every record. */
const kills = deep ? 16 : 2
const [moments] = Rng.uniforms(2 * kills)(Rng.make(seed))

describe('a run that is killed', () => {
  it.each(Array.from({ length: kills }, (_, i) => i))(
    'at a random moment (%i) ends as if it had not been',
    async i => {
      const run = join(folder, `killed-${i}`)
      const [delay, second] = [1000 * seconds * moments[2 * i]!, 300 * moments[2 * i + 1]!]
      const twice = i % 2 === 1
      console.log(
        `Seed ${seed}, run ${i}: killed ${delay.toFixed(0)} ms after its header` +
          (twice ? `, and ${second.toFixed(0)} ms after the first record when resumed.` : '.'),
      )
      await killedAt(tune(run), run, 1, delay)
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
    expect((await bilevel(['tune', config, '--backend', 'wasm', '--workers', '1', '--out', one])).code).toBe(
      0,
    )
    expectWhole(one)
    // The header, the first transition and one of the answers to the initial design.
    const run = join(folder, 'within-a-batch')
    await killedAt(
      startBilevel(['tune', config, '--backend', 'wasm', '--workers', '3', '--out', run]),
      run,
      3,
      0,
    )
    expect((await bilevel(['resume', run, '--workers', '2'])).code).toBe(0)
    expectWhole(run)
  })

  it('are refused where their number is none', async () => {
    const { code, err } = await withoutTraining(['resume', whole, '--workers', '0'])
    expect(code).toBe(2)
    expect(err).toMatch(/--workers takes an integer from 1 to 64, not "0"/)
  })
})

describe('an interrupted run', () => {
  const stopped = join(folder, 'stopped')
  let said: Ended
  beforeAll(async () => {
    said = await killedAt(tune(stopped), stopped, 9, 0, 'SIGINT')
  })

  const copy = (name: string): string => {
    const to = join(folder, name)
    cpSync(stopped, to, { recursive: true })
    return to
  }

  it('says how it is resumed, and is', async () => {
    expect(said.code).toBe(130)
    expect(said.err).toContain(`\`bilevel resume ${stopped}\``)
    const run = copy('resumed')
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
      const next = `${text(whole).split('\n')[lines(stopped)] ?? ''}\n`
      const length = part === 1 ? 1 : part > 0 ? Math.floor(part * next.length) : next.length + part
      writeFileSync(join(run, 'run.jsonl'), text(stopped) + next.slice(0, length))
      const notice = `Line ${lines(stopped) + 1} of ${join(run, 'run.jsonl')} is incomplete and was dropped`
      const replayed = await withoutTraining(['replay', run])
      expect(replayed.code).toBe(2)
      expect(replayed.err).toContain(notice)
      expect(replayed.out).toContain(`the first ${lines(stopped) - 1} steps replay as logged`)
      const { err } = await resumed(run)
      expect(err).toContain(notice)
      expectWhole(run)
    },
  )

  it('loses what nothing needs any more, and nothing else', async () => {
    const run = copy('leftovers')
    for (const name of ['w0.f32', 'w99999.f32', 'w7.f32.partial', 'notes.txt'])
      if (!existsSync(join(run, 'weights', name))) writeFileSync(join(run, 'weights', name), 'left')
    await resumed(run)
    expect(readdirSync(join(run, 'weights'))).toContain('notes.txt')
    rmSync(join(run, 'weights', 'notes.txt'))
    expectWhole(run)
  })

  it('is not resumed without weights that it needs', async () => {
    const run = copy('missing')
    const names = readdirSync(join(run, 'weights'))
    expect(names.length).toBeGreaterThan(0)
    for (const name of names) rmSync(join(run, 'weights', name))
    const { code, out, err } = await withoutTraining(['resume', run])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/The weights w\d.* are missing in .+weights/)
    expect(text(run).startsWith(text(stopped))).toBe(true)
  })

  it('is not resumed where its data has changed', async () => {
    const run = copy('other-data')
    const data = join(folder, 'data', sets.train)
    const before = text(run)
    try {
      copyFileSync(join(npzFolder, sets.validation), data)
      const { code, out, err } = await withoutTraining(['resume', run])
      expect({ code, out }).toEqual({ code: 2, out: '' })
      expect(err).toContain('The data has changed since the run was recorded')
      expect(text(run)).toBe(before)
      rmSync(data)
      expect((await withoutTraining(['resume', run])).err).toContain(sets.train)
    } finally {
      copyFileSync(join(npzFolder, sets.train), data)
    }
  })

  it('is not resumed where a line was changed', async () => {
    const run = copy('changed')
    writeFileSync(
      join(run, 'run.jsonl'),
      text(stopped).replace(/"effort":(\d)/, (_, d) => `"effort":${(Number(d) + 1) % 10}`),
    )
    const before = text(run)
    const { code, err } = await withoutTraining(['resume', run])
    expect(code).toBe(1)
    expect(err).toMatch(/Line \d+ of .+, field `/)
    expect(text(run)).toBe(before)
  })
})

describe('a run of another backend', () => {
  it('continues with the recorded backend, or with another one and a warning', async () => {
    const run = join(folder, 'of-cpu')
    await killedAt(tune(run, 'cpu'), run, 3, 0, 'SIGINT')
    const { code, err } = await bilevel(['resume', run, '--backend', 'wasm'])
    expect(code, err).toBe(0)
    expect(err).toContain('was recorded with cpu and continues with wasm')
    expect(await bilevel(['replay', run])).toMatchObject({ code: 0 })
  })
})

describe('a run that has ended', () => {
  it('is left as it is', async () => {
    const before = files(whole)
    const { code, out } = await withoutTraining(['resume', whole])
    expect(code).toBe(0)
    expect(out).toMatch(/has ended \(\w+\) after \d+ steps; there is nothing to resume/)
    expect(files(whole)).toEqual(before)
  })

  it('and whose log was cut afterwards gets its last step again', async () => {
    const run = join(folder, 'cut')
    cpSync(whole, run, { recursive: true })
    writeFileSync(join(run, 'run.jsonl'), text(whole).slice(0, -100))
    expect((await withoutTraining(['replay', run])).code).toBe(2)
    await resumed(run)
    expectWhole(run)
  })

  it('gets a summary that it lacks', async () => {
    const run = join(folder, 'unsummarized')
    cpSync(whole, run, { recursive: true })
    for (const name of ['summary.json', 'timings.json']) rmSync(join(run, name))
    expect((await bilevel(['resume', run])).code).toBe(0)
    expectWhole(run)
  })
})

describe('replay and diff of what was recorded', () => {
  it('say where a run is after a step, as text and as JSON', async () => {
    const { code, out } = await bilevel(['replay', whole, '--until', '5'])
    expect(code).toBe(0)
    for (const part of ['the first 6 steps', 'Info after step 5:', '  lowerLevelSolves: ', 'State:'])
      expect(out).toContain(part)
    const info = (JSON.parse(text(whole).split('\n')[6]!) as { readonly info: unknown }).info
    const said: unknown = JSON.parse((await withoutTraining(['replay', whole, '--until', '5', '--json'])).out)
    expect(said).toMatchObject({ step: 5, steps: 6, halted: false, torn: null, info })
    const all: unknown = JSON.parse((await withoutTraining(['replay', whole, '--json'])).out)
    expect(all).toMatchObject({
      steps: lines(whole) - 1,
      halted: true,
      open: [],
      header: { backend: 'wasm' },
    })
    expect(await withoutTraining(['replay', whole, '--until', '9999'])).toMatchObject({ code: 2, out: '' })
  })

  it('say where two runs part', async () => {
    const other = join(folder, 'other-seed')
    await killedAt(
      startBilevel(['tune', config, '--backend', 'wasm', '--seed', '4', '--out', other]),
      other,
      4,
      0,
      'SIGINT',
    )
    const { code, out } = await withoutTraining(['diff', whole, other])
    expect(code).toBe(1)
    expect(out).toMatch(
      /^Line 1, the header, field `config\.seed`:\n {2}.+: 3\n {2}.+: 4\nLine 2, step 0, field `/,
    )
    expect(await withoutTraining(['diff', whole, whole])).toMatchObject({ code: 0, err: '' })
    expect(await withoutTraining(['diff', whole, config])).toMatchObject({ code: 2, out: '' })
  })
})

describe('what is no run', () => {
  it('is refused', async () => {
    expect(await withoutTraining(['resume', join(folder, 'nowhere')])).toMatchObject({ code: 2, out: '' })
    const run = join(folder, 'no-header')
    mkdirSync(run)
    writeFileSync(join(run, 'run.jsonl'), text(whole).slice(0, 40))
    const { code, err } = await withoutTraining(['resume', run])
    expect(code).toBe(2)
    expect(err).toContain('no complete header')
  })
})
