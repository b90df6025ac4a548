/** `bilevel compare` as its users meet it: run, killed, stopped, started again, refused. */
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, describe, expect, it } from 'vitest'
import { read, type Comparison, type RunEntry } from '../../src/shell/compare/result/Comparison.js'
import { again } from '../../src/shell/compare/text/again.js'
import { isMark } from '../../src/shell/compare/lock.js'
import { deep } from '../support/cases.js'
import { right } from '../support/recordedRun.js'
import { tinyConfig } from '../support/tinyRun.js'
import { bilevel, carryOut, scratch, smallConfig, startBilevel, writeConfig, type Ended } from './support.js'

const folder = scratch()
const { method: longer, ...small } = smallConfig
/** Small images: a run is the start of a process and little else. */
const task = { ...small, data: tinyConfig.data }
const method = { ...longer, solve: { coldEpochs: 6, warmEpochs: 3 } }
const random = { name: 'random', solve: { coldEpochs: 6 } }
const config = writeConfig(join(folder, 'task.json'), { ...task, methods: [method, random] })
const whole = join(folder, 'whole')
const args = (out: string, ...more: ReadonlyArray<string>): ReadonlyArray<string> => [
  'compare',
  config,
  ...['--seeds', '2', '--budget', '8', '--backend', 'wasm', '--out', out],
  ...more,
]

const comparisonOf = (out: string): Comparison => {
  const found = right(read(out))
  if (found === null) throw new Error(`There is no comparison in ${out}.`)
  return found
}

/** All but what two equal comparisons do not share. */
const lasting = (out: string): unknown => {
  const { plan, runs } = comparisonOf(out)
  return { plan, runs: runs.map(run => (run._tag === 'Finished' ? { ...run, timings: null } : run)) }
}

const log = (out: string, run: string): string => readFileSync(join(out, 'runs', run, 'run.jsonl'), 'utf8')
/** The command that the document prints. */
const printed = (): ReadonlyArray<string> => again([config], comparisonOf(whole).plan)
const runs = ['bilevel-seed3', 'random-seed3', 'bilevel-seed4', 'random-seed4']

/** Whatever happened to it, a comparison ends as the one that nothing happened to. */
const expectWhole = async (out: string): Promise<void> => {
  const done = await bilevel([...printed(), '--out', out, '--no-report'])
  expect(done.code, done.err).toBe(0)
  expect(lasting(out)).toEqual(lasting(whole))
  for (const run of runs) expect(log(out, run)).toBe(log(whole, run))
  expect(readdirSync(out).filter(isMark)).toEqual([])
  expect(existsSync(join(out, 'report.html'))).toBe(false)
}

let ended: Ended
let second: Ended
let pid = 0
beforeAll(async () => {
  const { child, ended: end } = startBilevel(args(whole))
  pid = child.pid ?? 0
  while (!existsSync(join(whole, 'runs', 'bilevel-seed3', 'run.jsonl')) && child.exitCode === null)
    await sleep(5)
  // Another one at the same time. Meanwhile the first one stands still, so that it does not end before.
  child.kill('SIGSTOP')
  second = await carryOut(args(whole))
  child.kill('SIGCONT')
  ended = await end
})

describe('compare', () => {
  it('ends with 0, a table within 80 columns, and its files', () => {
    expect(ended.code, ended.err).toBe(0)
    for (const line of ended.out.slice(0, ended.out.lastIndexOf('\n\n')).split('\n'))
      expect(line.trimEnd().length).toBeLessThanOrEqual(80)
    for (const part of ['bilevel', 'random', '2/2', '  weights', '†', 'Budget of each method: 48 epochs'])
      expect(ended.out).toContain(part)
    expect(ended.err).toMatch(/^Backend wasm .*$/m)
    expect(readdirSync(whole).sort()).toEqual([
      'comparison.json',
      'comparison.md',
      'report-figures',
      'report.html',
      'runs',
    ])
    expect(ended.out).toContain(`${join(whole, 'report.html')} shows it in figures.`)
    expect(readFileSync(join(whole, 'report.html'), 'utf8')).toContain('Comparison task')
    expect(readdirSync(join(whole, 'runs')).sort()).toEqual([...runs].sort())
    expect(readFileSync(join(whole, 'comparison.md'), 'utf8')).toContain('## Effort to come near the best')
  })

  it('refuses another one that is at work on its folder at the same time', () => {
    expect(second).toMatchObject({ code: 2, out: '' })
    expect(second.err).toContain(`Process ${pid} is at work`)
  })

  it('keeps every method within the budget', () => {
    for (const run of comparisonOf(whole).runs) {
      if (run._tag !== 'Finished') throw new Error(`${run.folder} is ${run._tag}`)
      expect(run.result.effortEpochs).toBeLessThanOrEqual(48)
      expect(run.result.refit?.test).not.toBeNull()
      expect(run.result.bilevelWeights === null).toBe(run.label === 'random')
    }
  })

  it('leaves runs that replay, each what `tune` makes of the same configuration', async () => {
    for (const run of runs)
      expect(await carryOut(['replay', join(whole, 'runs', run)])).toMatchObject({ code: 0, err: '' })
    const contender = comparisonOf(whole).plan.contenders[0]!
    const alone = writeConfig(join(folder, 'alone.json'), {
      ...task,
      method: { name: contender.method, ...contender.options },
    })
    const out = join(folder, 'alone')
    expect(await carryOut(['tune', alone, '--seed', '4', '--backend', 'wasm', '--out', out])).toMatchObject({
      code: 0,
    })
    expect(readFileSync(join(out, 'run.jsonl'), 'utf8')).toBe(log(whole, 'bilevel-seed4'))
  })

  it('is complete even if the page cannot be written', async () => {
    const page = join(whole, 'report.html')
    const text = readFileSync(page)
    writeFileSync(page, 'Notes of mine.')
    const again = await carryOut(args(whole))
    expect(again.code, again.err).toBe(0)
    expect(again.err).toMatch(/No report was written: .* exists and is not a report/)
    expect(readFileSync(page, 'utf8')).toBe('Notes of mine.')
    writeFileSync(page, text)
  })

  it('is made again by the command that the document prints', async () => {
    expect(printed().join(' ')).toBe(
      `compare ${config} --methods bilevel,random --seeds 3,4 --budget 8 --backend wasm`,
    )
    // In `npm test`: below, with interruptions.
    if (deep) await expectWhole(join(folder, 'again'))
  })

  it('does nothing again', async () => {
    const before = readFileSync(join(whole, 'comparison.json'), 'utf8')
    const again = await carryOut(args(whole, '--resume', ...(deep ? [] : ['--no-report'])))
    expect(again.code).toBe(0)
    // The last paragraph says where the page is.
    const table = ended.out.slice(0, ended.out.lastIndexOf('\n\n'))
    expect(again.out.slice(0, deep ? undefined : table.length)).toBe(deep ? ended.out : table)
    expect(readFileSync(join(whole, 'comparison.json'), 'utf8')).toBe(before)
  })
})

const finishedIn = (out: string): number =>
  existsSync(join(out, 'comparison.json'))
    ? comparisonOf(out).runs.filter(({ _tag }) => _tag === 'Finished').length
    : 0

describe('a comparison that is interrupted', () => {
  it('at any moment, by a kill or by Ctrl-C, goes on and repeats none', async () => {
    const out = join(folder, 'interrupted')
    const kept = new Map<string, RunEntry>()
    const keptAreThere = (): void => {
      // Seconds included: they were read, and not run again.
      for (const run of kept.values()) expect(comparisonOf(out).runs).toContainEqual(run)
    }
    /** How many runs were finished when a signal ended the program, and not the program itself. */
    const landed: Array<number> = []
    // By how many runs are finished, and milliseconds after that; at the last, only tables may be left to be written.
    for (const [count, delay, signal] of deep
      ? ([
          [0, 300, 'SIGKILL'],
          [0, 900, 'SIGINT'],
          [1, 0, 'SIGINT'],
          [1, 700, 'SIGKILL'],
          [2, 0, 'SIGKILL'],
          [3, 0, 'SIGINT'],
          [4, 20, 'SIGKILL'],
        ] as const)
      : ([
          [0, 300, 'SIGINT'],
          [1, 0, 'SIGKILL'],
          [2, 0, 'SIGINT'],
        ] as const)) {
      const { child, ended: end } = startBilevel([...printed(), '--out', out, '--no-report'])
      while (finishedIn(out) < count && child.exitCode === null) await sleep(5)
      await sleep(delay)
      child.kill(signal)
      const { code, out: said, err } = await end
      if (code === 130) {
        expect(said).toBe('')
        expect(err).toMatch(/Stopped as asked\. \d of 4 runs are finished/)
      }
      if (code === null || code === 130) landed.push(finishedIn(out))
      if (!existsSync(join(out, 'comparison.json'))) continue
      keptAreThere()
      for (const run of comparisonOf(out).runs) if (run._tag === 'Finished') kept.set(run.folder, run)
    }
    // Before the first run was finished, and with some finished and others not.
    expect(landed.filter(count => count === 0).length, `signals at ${landed.join()}`).toBeGreaterThan(0)
    expect(
      landed.filter(count => count > 0 && count < runs.length).length,
      `signals at ${landed.join()}`,
    ).toBeGreaterThan(1)
    await expectWhole(out)
    expect(kept.size).toBeGreaterThanOrEqual(deep ? runs.length : 2)
    keptAreThere()
  })
})

describe('what cannot be compared', () => {
  it.each([
    [['compare', config, '--preset', 'mnist-mlp-1k'], 'Leave one of them out'],
    [['compare', join(folder, 'nowhere.json')], 'cannot be read'],
    [['compare', '--preset', 'mnist-mlp-2k'], 'Did you mean'],
    [['compare', config, '--methods', 'bilevel,gird'], 'there is no method called "gird"'],
    [['compare', config, '--methods', ','], '--methods takes names'],
    [['compare', config, '--seeds', '0'], '--seeds takes an integer from 1'],
    [['compare', config, '--seeds', '1,x'], '--seeds takes a number of seeds'],
    [['compare', config, '--seeds', '1,1'], 'a list of different integers'],
    [['compare', config, '--seeds', '0,4294967296'], 'different integers from 0 to 4294967295'],
    [['compare', config, '--budget', '-1'], '--budget takes an integer from 1'],
    [['compare', config, '--jobs', '1.5'], '--jobs takes an integer from 1'],
    [['compare', config, '--resume', '--out', join(folder, 'nothing')], 'no comparison in'],
    [args(whole, '--methods', 'bilevel'), 'field `methods`'],
    [
      ['compare', config, '--seeds', '2', '--budget', '9', '--out', whole],
      'field `budget.solves` was 8 and is now 9',
    ],
    [
      ['compare', config, '--budget', '2', '--out', join(folder, 'poor')],
      'Method bilevel: Field `budget.effortEpochs`',
    ],
    [['compare', config, '--out', folder], 'but no comparison'],
  ])('is refused in one paragraph: %#', async (argv, problem) => {
    const before = readFileSync(join(whole, 'comparison.json'), 'utf8')
    const { code, out, err } = await carryOut(argv, { cwd: folder })
    expect({ code, out }, err).toEqual({ code: 2, out: '' })
    expect(err.trimEnd().split('\n').at(-1)).toMatch(/^bilevel: \S/)
    expect(err).toContain(problem)
    expect(err).not.toMatch(/^\s+at |node_modules/m)
    expect(readFileSync(join(whole, 'comparison.json'), 'utf8')).toBe(before)
    for (const name of ['nothing', 'poor', 'runs']) expect(existsSync(join(folder, name))).toBe(false)
  })

  it('is explained', async () => {
    const { code, out } = await carryOut(['compare', '--help'])
    expect(code).toBe(0)
    for (const part of ['--methods', '--seeds', '--budget', '--out', '--jobs', '--resume', 'Exit codes'])
      expect(out).toContain(part)
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })
})

describe('a table of all methods', () => {
  // In depth of 1,000 MNIST images.
  it('has all five methods’ rows, at a seed and with a small budget', async () => {
    const solve = { coldEpochs: 12 }
    const names = ['bilevel', 'grid', 'random', 'bayesian', 'hyperband']
    const path = writeConfig(join(folder, 'five.json'), {
      ...(deep ? small : task),
      network: { kind: 'mlp', hidden: [32] },
      hyperparameters: { family: 'l2', per: 'layer', lower: -10, upper: 4 },
      solver: { epochs: 6 },
      methods: names.map(name => ({
        name,
        ...(name === 'bilevel' ? { solve: { ...solve, warmEpochs: 5 }, pair: longer.pair } : { solve }),
      })),
    })
    const out = join(folder, 'five')
    const {
      code,
      out: printed,
      err,
    } = await bilevel(['compare', path, '--seeds', '1', '--budget', '8', '--out', out, '--no-report'])
    expect(code, err).toBe(0)
    for (const name of names) expect(printed).toMatch(new RegExp(`^${name} +1/1 `, 'm'))
    for (const run of comparisonOf(out).runs) {
      if (run._tag !== 'Finished') throw new Error(`${run.folder} is ${run._tag}`)
      expect(run.result.effortEpochs).toBeLessThanOrEqual(8 * 12 * 1.0001)
      // A network that learnt anything at all tells most images apart.
      expect(run.result.trained!.validation.accuracy).toBeGreaterThan(0.7)
      expect(run.trajectory.retrained.length).toBeGreaterThan(0)
    }
  })
})
