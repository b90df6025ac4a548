import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { commandLine } from '../../../src/shell/cli/commandLine.js'
import { withFolder } from '../../support/recordedRun.js'

const bilevel = async (...argv: ReadonlyArray<string>) => {
  let out = ''
  let err = ''
  const code = await commandLine({ out: text => void (out += text), err: text => void (err += text) })(argv)
  return { code, out, err }
}

/** Bad input: exit code 2, nothing on stdout, one message without a stack trace. */
const refused = async (...argv: ReadonlyArray<string>): Promise<string> => {
  const { code, out, err } = await bilevel(...argv)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).not.toMatch(/\n\s+at /)
  return err
}

describe('help', () => {
  it.each([
    [[]],
    [['tune']],
    [['resume']],
    [['replay']],
    [['diff']],
    [['data']],
    [['data', 'fetch']],
    [['doctor']],
    [['setup-native']],
  ])('is there for %j', async path => {
    const { code, out, err } = await bilevel(...path, '--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Usage: bilevel')
    if (path[0] !== 'data' || path.length > 1) expect(out).toContain('$ ')
  })

  it('shows a whole configuration and every preset', async () => {
    const { out } = await bilevel('tune', '--help')
    for (const part of ['"hyperparameters"', 'mnist-mlp-1k ', 'mnist-mlp-1k-global'])
      expect(out).toContain(part)
  })

  it('has the version', async () => {
    expect((await bilevel('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('a command line that cannot be used', () => {
  it.each([
    [['tun'], 'Did you mean tune?'],
    [['tune', '--sead', '1'], 'Did you mean --seed?'],
    [['tune', '--backend', 'gpu'], 'Allowed choices are auto, node, wasm, cpu'],
    [['tune', '--seed', '-1'], '--seed'],
    [['tune', '--seed', '1.5'], 'takes an integer'],
    [['tune', '--seed', 'NaN'], 'takes an integer'],
    [['tune', '--preset', 'mnist'], 'There is no preset'],
    [['tune', 'a.json', '--preset', 'mnist-mlp-1k'], 'Leave one of them out'],
    [['tune', 'a.json', 'b.json'], 'too many arguments'],
    [['setup-native', '--limit=0'], 'a number of seconds ≥ 1'],
    [['setup-native', '--limit=-1'], 'a number of seconds ≥ 1'],
    [['setup-native', '--limit=1.5'], 'a number of seconds ≥ 1'],
    [['setup-native', '--limit=soon'], 'a number of seconds ≥ 1'],
    [['setup-native', '--limit='], 'a number of seconds ≥ 1'],
    [['tune', 'not-there.json'], 'not-there.json'],
    [['replay'], "missing required argument 'RUN'"],
    [['replay', 'not-there'], 'not-there'],
    [['replay', 'not-there', '--until', '-1'], 'takes the number of a step'],
    [['resume'], "missing required argument 'RUN'"],
    [['resume', 'not-there'], 'not-there'],
    [['resume', 'not-there', '--backend', 'auto'], 'Allowed choices are node, wasm, cpu'],
    [['diff', 'one'], "missing required argument 'OTHER'"],
    [['diff', 'not-there', 'nor-this'], 'not-there'],
    [['data', 'fetch', 'imagenet'], 'Allowed choices are mnist'],
    [['data', 'fetch'], 'missing required argument'],
  ])('%j is refused', async (argv, phrase) => {
    expect(await refused(...argv)).toContain(phrase)
  })

  it('says where help is', async () => {
    expect(await refused('tune', '--sead', '1')).toContain('bilevel tune --help')
    expect(await refused('data', 'fetch')).toContain('bilevel data fetch --help')
  })
})

describe('tune', () => {
  it('refuses an output folder that holds a run, before anything else is done', () =>
    withFolder(async folder => {
      writeFileSync(join(folder, 'run.jsonl'), '')
      expect(await refused('tune', '--out', folder)).toContain('already holds a run')
    }))

  it('leaves nothing half-written where the configuration is refused late', () =>
    withFolder(async folder => {
      const config = join(folder, 'config.json')
      mkdirSync(join(folder, 'data'))
      writeFileSync(
        config,
        JSON.stringify({
          data: { source: 'npz', train: 'data/no.npz', validation: 'data/no.npz' },
          network: { kind: 'mlp', hidden: [10] },
          hyperparameters: {},
          solver: {},
          method: { name: 'bilevel' },
          seed: 0,
        }),
      )
      expect(await refused('tune', config, '--backend', 'cpu', '--out', join(folder, 'run'))).toContain(
        'no.npz',
      )
      expect(existsSync(join(folder, 'run'))).toBe(false)
      expect(readdirSync(folder).sort()).toEqual(['config.json', 'data'])
    }))
})

describe('doctor', () => {
  it('says which backends work, what is cached, and what to do about the rest', async () => {
    const { code, out } = await bilevel('doctor')
    expect(code).toBe(0)
    expect(out).toMatch(/works {4}wasm/)
    expect(out).toMatch(/works {4}cpu/)
    expect(out).toContain('Data cache')
  })
})
