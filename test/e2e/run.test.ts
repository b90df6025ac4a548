/** One small run of the built program on real images, and everything that is promised of such a run. */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as E from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { beforeAll, describe, expect, it } from 'vitest'
import { bilevel as method } from '../../src/core/bilevel/Bilevel.js'
import { Finite, Natural, nullable, Vector } from '../../src/core/codec/Codec.js'
import { Observation } from '../../src/core/protocol/Observation.js'
import { follow, recorded, start } from '../../src/core/log/Replay.js'
import { methods } from '../../src/shell/record/Methods.js'
import { replayRun } from '../../src/shell/record/replayRun.js'
import { loading, type Loading } from './loaded.js'
import { deep } from '../support/cases.js'
import {
  bilevel,
  listing,
  program,
  readJson,
  scratch,
  smallConfig,
  writeConfig,
  carryOut,
} from './support.js'

const folder = scratch()
const [first, second] = [join(folder, 'first'), join(folder, 'second')]

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(`expected a Right, found ${JSON.stringify(either.left)}`)
}

let ended: Loading
beforeAll(async () => {
  const config = writeConfig(join(folder, 'config.json'), smallConfig)
  const args = ['tune', config, '--backend', 'wasm', '--workers', '1', '--out', first]
  ended = await loading(join(folder, 'loaded-by-tune'), [program, ...args])
  expect(await carryOut(['tune', config, '--backend', 'wasm', '--out', second])).toMatchObject({ code: 0 })
})

const log = (run: string): string => readFileSync(join(run, 'run.jsonl'), 'utf8')

describe('tune', () => {
  it('ends with 0 and a table within 80 columns', () => {
    expect(ended.code).toBe(0)
    const table = ended.out.slice(0, ended.out.indexOf('Run folder'))
    for (const name of ['best initial', 'bilevel', 'refit', 'bilevel weights']) expect(table).toContain(name)
    for (const line of table.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(ended.err).toMatch(/^Backend wasm .*$/m)
  })

  it('gives byte-identical logs and summaries for one seed', () => {
    for (const name of ['run.jsonl', 'summary.json'])
      expect(readFileSync(join(second, name)).equals(readFileSync(join(first, name)))).toBe(true)
  })

  it('gives another log for another seed', async () => {
    const out = join(folder, 'other-seed')
    const config = join(folder, 'config.json')
    expect((await carryOut(['tune', config, '--seed', '4', '--backend', 'wasm', '--out', out])).code).toBe(0)
    expect(log(out)).not.toBe(log(first))
  })
})

describe('tune --dry-run', () => {
  it('says what a run would do within 80 columns, ends with 0 and writes nothing', async () => {
    const before = listing(folder)
    const { code, out, err } = await carryOut(
      ['tune', join(folder, 'config.json'), '--dry-run', '--backend', 'wasm'],
      { cwd: folder },
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const part of [
      'training set    600 images\n',
      'every pixel divided by 255\n',
      'network         mlp 784-8-10, 6,370 weights\n',
      'time            At most ',
      'All 400 images of the test set are',
    ])
      expect(out).toContain(part)
    const paths = out.split('\n').filter(line => line.includes(folder))
    for (const line of out.split('\n')) if (!paths.includes(line)) expect(line.length).toBeLessThanOrEqual(80)
    expect(listing(folder)).toEqual(before)
  })

  it('checks every section before it looks for the data', async () => {
    const config = writeConfig(join(folder, 'wrong.json'), {
      ...smallConfig,
      data: { ...smallConfig.data, train: 'nowhere.npz' },
      method: { name: 'random', budjet: {} },
    })
    const { code, err } = await bilevel(['tune', config, '--dry-run'], { cwd: folder })
    expect(code).toBe(2)
    expect(err).toContain('`method.budjet` is not known. Did you mean "budget"?')
  })
})

/** The files of tfjs that a command has loaded when it ended. */
const tfjsOf = ({ code, loaded }: Loading): ReadonlyArray<string> => {
  expect(code).toBe(0)
  return loaded.filter(file => file.includes('@tensorflow'))
}

describe('tfjs', () => {
  it('is not loaded for a dense network, though the log names its version', () => {
    expect(tfjsOf(ended)).toEqual([])
    expect(log(first)).toMatch(/"@tensorflow\/tfjs-backend-wasm":"\d/)
  })

  it('is not loaded for LeNet, for which auto takes wasm', async () => {
    const out = join(folder, 'lenet')
    const config = writeConfig(join(folder, 'lenet.json'), {
      ...smallConfig,
      network: { kind: 'lenet' },
      solver: { epochs: 1 },
      method: {
        ...smallConfig.method,
        solve: { coldEpochs: 2, warmEpochs: 1 },
        budget: { lowerLevelSolves: 4, outerIterations: 1 },
      },
    })
    const lenet = await loading(join(folder, 'loaded-by-lenet'), [
      program,
      ...['tune', config, '--backend', 'auto', '--workers', '1', '--out', out],
    ])
    expect(tfjsOf(lenet)).toEqual([])
    expect(lenet.err).toMatch(/^Backend wasm .*$/m)
  })

  it('is loaded by who tries the backends', async () => {
    const doctor = await loading(join(folder, 'loaded-by-doctor'), [program, 'doctor'])
    expect(tfjsOf(doctor)).not.toEqual([])
  })
})

describe('the folder of weights', () => {
  it('holds those that the summary names', () => {
    const Named = t.type({
      rows: t.array(t.type({ weights: t.record(t.string, nullable(t.string)) })),
    })
    const { rows } = right(Named.decode(readJson(join(first, 'summary.json'))))
    const named = rows.flatMap(({ weights }) => Object.values(weights).filter(name => name !== null))
    expect(named.length).toBeGreaterThan(2)
    expect(readdirSync(join(first, 'weights'))).toEqual(
      expect.arrayContaining(named.map(name => `${name}.f32`)),
    )
  })
})

const metrics = t.strict({ loss: Finite, accuracy: Finite })
const sets = t.strict({ train: metrics, validation: metrics, test: metrics })
const row = t.strict({
  name: t.string,
  lambda: Vector,
  trained: sets,
  refit: sets,
  bilevelWeights: nullable(sets),
  lowerLevelSolves: Natural,
  effortEpochs: Finite,
  seconds: t.null,
  violation: nullable(Finite),
  epsilon: nullable(Finite),
  stopReason: nullable(t.string),
})
const Summary = t.strict({ stopReason: t.string, message: t.string, rows: t.tuple([row, row]) })

describe('summary.json', () => {
  it('holds every number of both rows', () => {
    const [initial, found] = right(Summary.decode(readJson(join(first, 'summary.json')))).rows
    expect([initial.name, found.name]).toEqual(['best initial sample', 'bilevel'])
    expect(found.bilevelWeights).not.toBeNull()
    expect(found.violation).toBeGreaterThanOrEqual(0)
    expect(found.epsilon).toBeGreaterThan(0)
    expect(['converged', 'budgetSpent', 'failures']).toContain(found.stopReason)
    expect(found.lambda).toHaveLength(2)
    expect(found.lowerLevelSolves).toBeLessThanOrEqual(7)
    expect(found.effortEpochs).toBeGreaterThan(initial.effortEpochs)
  })

  it('never has the returned λ validate worse, once retrained, than the best initial sample', () => {
    const [initial, found] = right(Summary.decode(readJson(join(first, 'summary.json')))).rows
    expect(found.trained.validation.loss).toBeLessThanOrEqual(initial.trained.validation.loss)
  })

  it('has its seconds in timings.json', () => {
    const Timings = t.strict({ totalSeconds: Finite, rows: t.record(t.string, Finite) })
    const { totalSeconds, rows } = right(Timings.decode(readJson(join(first, 'timings.json'))))
    expect(Object.keys(rows)).toEqual(['best initial sample', 'bilevel'])
    for (const seconds of Object.values(rows)) expect(seconds).toBeLessThanOrEqual(totalSeconds)
  })
})

/** The log with the digit at an index changed to another one. */
const withDigit = (text: string, index: number, digit: number): string =>
  `${text.slice(0, index)}${digit}${text.slice(index + 1)}`

/** The index of the first digit after a phrase in a line counted from 1. */
const digitAfter = (text: string, line: number, phrase: string): number => {
  const begin = text
    .split('\n')
    .slice(0, line - 1)
    .reduce((sum, { length }) => sum + length + 1, 0)
  const from = text.indexOf(phrase, begin)
  expect(from, `${phrase} in line ${line}`).toBeGreaterThanOrEqual(begin)
  const found = from + phrase.length + text.slice(from + phrase.length).search(/\d/)
  expect(text.slice(0, found).split('\n')).toHaveLength(line)
  return found
}

describe('replay', () => {
  it('says with 0 that both runs are as logged', async () => {
    for (const [run, replay] of [
      [first, bilevel],
      [second, carryOut],
    ] as const) {
      const { code, out } = await replay(['replay', run])
      expect(code).toBe(0)
      expect(out).toContain('steps replay as logged')
    }
  })

  it.each([
    // Another version that there is: the line reads well, and is not what was written.
    [1, '"version":', 'digest'],
    [1, '"train":', 'digest'],
    [1, '"coldEpochs":', 'digest'],
    [1, '"epochs":', 'digest'],
    [1, '"digest":"', 'digest'],
    [2, '"maxEpochs":', 'commands[1].maxEpochs'],
    [4, '"observation":{"_tag":"LowerLevelSolved","id":', ''],
    [4, '"effort":', ''],
    [6, '"upper":', ''],
    [6, '"phiHat"', ''],
    [8, '"digest":"', 'digest'],
  ])('finds a digit changed in line %i after %s, with 1', async (line, phrase, field) => {
    const text = log(first)
    const index = digitAfter(text, line, phrase)
    const changed = join(folder, `changed-${line}-${phrase.replace(/\W+/g, '')}`)
    mkdirSync(changed)
    copyFileSync(join(first, 'summary.json'), join(changed, 'summary.json'))
    writeFileSync(join(changed, 'run.jsonl'), withDigit(text, index, (Number(text[index]) + 1) % 10))
    const { code, out, err } = await carryOut(['replay', changed])
    expect({ code, out }).toEqual({ code: 1, out: '' })
    expect(err).toMatch(/^bilevel: Line \d+ of .+, field `[^`]+`: expected .+, found .+\.\n$/)
    expect(err).toContain(`field \`${field}`)
    expect(err).toContain(`Line ${line} of `)
  })

  it('finds any digit of the header, and a digit in many places of every other line', () => {
    const text = log(first)
    const changed = join(folder, 'changed')
    mkdirSync(changed)
    const header = text.indexOf('\n')
    const places = [...text.matchAll(/\d/g)].map(({ index }) => index)
    const some = places.filter((index, i) => index < header || i % (deep ? 41 : 401) === 0)
    const replay = replayRun(methods)
    expect(some.length).toBeGreaterThan(deep ? 300 : 100)
    for (const index of some) {
      const digits = [0, (Number(text[index]) + 1) % 10].filter(digit => digit !== Number(text[index]))
      for (const digit of digits) {
        writeFileSync(join(changed, 'run.jsonl'), withDigit(text, index, digit))
        const result = replay(changed)
        const where = `${text.slice(index - 30, index)}[${digit}]${text.slice(index + 1, index + 10)}`
        if (E.isRight(result)) throw new Error(`not found: ${where}`)
        expect(result.left._tag, `${where}: ${result.left.message}`).toBe('Mismatch')
        expect(result.left.message).toMatch(/^Line \d+ of .+, field `[^`]+`: expected .+, found .+/)
      }
    }
  })

  it('finds a digit changed in the summary', async () => {
    const changed = join(folder, 'changed-summary')
    mkdirSync(changed)
    writeFileSync(join(changed, 'run.jsonl'), log(first))
    const summary = readFileSync(join(first, 'summary.json'), 'utf8')
    const index = summary.search(/\d+,\n {6}"refit"|"loss": 0\.\d/) + '"loss": 0.'.length
    writeFileSync(join(changed, 'summary.json'), withDigit(summary, index, (Number(summary[index]) + 1) % 10))
    const { code, err } = await carryOut(['replay', changed])
    expect(code).toBe(1)
    expect(err).toMatch(/field `rows\[0\]\.trained\.train\.loss`: expected .+ from the log, found/)
  })
})

describe('the recorded run', () => {
  it('has at every step a state that survives a JSON round trip, with the same next step', () => {
    const [header = '', , ...lines] = log(first).trimEnd().split('\n')
    const { config } = right(t.type({ config: t.UnknownRecord }).decode(JSON.parse(header)))
    let cursor = recorded(right(start(method)(right(method.config.decode(config)))))
    expect(lines.length).toBeGreaterThan(10)
    for (const line of lines) {
      const { observation } = right(t.type({ observation: Observation }).decode(JSON.parse(line)))
      const { state } = cursor.transition
      const back = right(method.state.decode(JSON.parse(JSON.stringify(state))))
      expect(back).toEqual(state)
      const next = right(follow(method)(observation)(cursor))
      expect(JSON.stringify(right(method.step(observation)(back)))).toBe(JSON.stringify(next.transition))
      cursor = next
    }
    expect(cursor.transition.info.outcome).not.toBeNull()
  })
})
