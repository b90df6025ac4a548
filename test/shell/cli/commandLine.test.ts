import { copyFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { numerics } from '../../../src/core/log/numerics.js'
import { commandLine } from '../../../src/shell/cli/commandLine.js'
import { presetPatterns, presets } from '../../../src/shell/config/presets.js'
import { recordedRuns } from '../../support/logText.js'
import { withPipes } from '../../support/pipes.js'
import { withFolder } from '../../support/recordedRun.js'

const recorded = recordedRuns.find(run => run.numerics === numerics)?.folder ?? ''

const bilevel = async (...argv: ReadonlyArray<string>) => {
  let out = ''
  let err = ''
  const code = await commandLine({ out: text => void (out += text), err: text => void (err += text) })(argv)
  return { code, out, err }
}

/** Expects a refusal: exit code 2, nothing on stdout, one message without a stack trace. */
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
    [['data', 'list']],
    [['data', 'verify']],
    [['presets']],
    [['doctor']],
    [['setup-native']],
  ])('exists for %j', async path => {
    const { code, out, err } = await bilevel(...path, '--help')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('Usage: bilevel')
    if (path[0] !== 'data' || path.length > 1) expect(out).toContain('$ ')
  })

  it('shows a whole configuration, and the names of the presets', async () => {
    const { out } = await bilevel('tune', '--help')
    for (const part of ['"hyperparameters"', ...presetPatterns.map(({ pattern }) => pattern)])
      expect(out).toContain(part)
  })

  it('prints the version', async () => {
    expect((await bilevel('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('an unusable command line', () => {
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
    [['data', 'fetch', 'imagenet'], 'Allowed choices are mnist, fashion-mnist, cifar10'],
    [['data', 'verify', 'imagenet'], 'Allowed choices are mnist, fashion-mnist, cifar10'],
    [['data', 'fetch', 'cifar10', '--from', 'here'], 'The option --from is for fashion-mnist alone'],
    [
      ['data', 'fetch', 'fashion-mnist', '--force', '--from', 'not-there'],
      'The folder "not-there" holds no file',
    ],
    [['presets', 'mnist-mlp-1'], 'Did you mean "mnist-mlp-1k"?'],
    [['data', 'fetch'], 'missing required argument'],
  ])('%j is refused', async (argv, phrase) => {
    expect(await refused(...argv)).toContain(phrase)
  })

  it.runIf(process.platform !== 'win32')(
    'with a pipe instead of a file is refused without waiting for a writer',
    () =>
      withPipes(['run.jsonl', 'config.json', join('whole', 'summary.json')], async folder => {
        const log = join(folder, 'run.jsonl')
        const whole = join(folder, 'whole')
        copyFileSync(join(recorded, 'run.jsonl'), join(whole, 'run.jsonl'))
        for (const argv of [
          ['replay', folder],
          ['replay', log],
          ['replay', whole],
          ['diff', recorded, log],
          ['resume', folder],
          ['tune', join(folder, 'config.json')],
        ])
          expect(await refused(...argv)).toContain('not a regular file')
      }),
  )

  it('names the help command', async () => {
    expect(await refused('tune', '--sead', '1')).toContain('bilevel tune --help')
    expect(await refused('data', 'fetch')).toContain('bilevel data fetch --help')
  })
})

describe('tune', () => {
  it('refuses an output folder that holds a run, before it does anything else', () =>
    withFolder(async folder => {
      writeFileSync(join(folder, 'run.jsonl'), '{}\n')
      expect(await refused('tune', '--out', folder)).toContain('already holds a run')
    }))

  it('leaves no partial files if the configuration is refused late', () =>
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

describe('presets', () => {
  it('lists every preset, and prints one as a configuration file', async () => {
    const { code, out } = await bilevel('presets')
    expect(code).toBe(0)
    expect(out.trim().split('\n').length).toBe(Object.keys(presets).length)
    for (const name of Object.keys(presets)) expect(out).toContain(`${name} `)
    const one = await bilevel('presets', 'cifar10-lenet-2k-kind')
    expect(JSON.parse(one.out)).toEqual(presets['cifar10-lenet-2k-kind']?.config)
  })
})

describe('data', () => {
  afterEach(() => void vi.unstubAllEnvs())

  it('lists and verifies an empty cache', () =>
    withFolder(async folder => {
      vi.stubEnv('BILEVEL_CACHE', join(folder, 'cache'))
      const list = await bilevel('data', 'list')
      expect(list.code).toBe(0)
      for (const name of ['mnist', 'fashion-mnist', 'cifar10']) {
        expect(list.out).toMatch(new RegExp(`^${name} +not there yet`, 'm'))
        expect(list.out).toContain(`bilevel data fetch ${name}`)
      }
      expect((await bilevel('data', 'verify')).out).toContain('cifar10: not there yet')
      expect(await refused('data', 'verify', 'cifar10')).toContain('data_batch_1.bin: it is not there')
      expect(existsSync(join(folder, 'cache'))).toBe(false)
    }))

  it('finds damaged files, and says how to repair them', () =>
    withFolder(async folder => {
      vi.stubEnv('BILEVEL_CACHE', folder)
      mkdirSync(join(folder, 'mnist'))
      writeFileSync(join(folder, 'mnist', 't10k-labels-idx1-ubyte'), Buffer.alloc(10_008))
      mkdirSync(join(folder, 'cifar10'))
      writeFileSync(join(folder, 'cifar10', 'test_batch.bin'), 'short')
      const message = await refused('data', 'verify')
      expect(message).toContain('t10k-labels-idx1-ubyte: its SHA-256 is not the expected one')
      expect(message).toContain('test_batch.bin: it has 5 bytes instead of 30730000')
      expect(message).toContain('`bilevel data fetch mnist cifar10`')
      expect((await bilevel('data', 'list')).out).toMatch(/^mnist +damaged/m)
    }))

  it('confirms that fetched files are as expected', async () => {
    const { code, out } = await bilevel('data', 'fetch', 'mnist')
    expect({ code, out: /MNIST is in .+: 4 files, 55 MB, each as expected\./.test(out) }).toEqual({
      code: 0,
      out: true,
    })
    expect((await bilevel('data', 'verify', 'mnist')).out).toMatch(/^mnist: 4 files, 55 MB, each as expected/)
  })
})

describe('doctor', () => {
  it('lists working backends and cached data, and says how to add the rest', async () => {
    const { code, out } = await bilevel('doctor')
    expect(code).toBe(0)
    expect(out).toMatch(/works {4}wasm/)
    expect(out).toMatch(/works {4}cpu/)
    expect(out).toContain('Data cache')
  })
})
