/** What the documents say is what the program does: configurations decode, defaults are the code's, code runs. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { describe, expect, it } from 'vitest'
import { tune } from '../../docs/examples/embedding.js'
import * as inMemory from '../../docs/examples/inMemory.js'
import { defaults } from '../../src/core/bilevel/BilevelConfig.js'
import {
  bayesianOptimization,
  bilevel,
  gridSearch,
  hyperband,
  randomSearch,
  tracking,
} from '../../src/core/index.js'
import { commandLine } from '../../src/shell/cli/commandLine.js'
import { fromFile } from '../../src/shell/config/configSource.js'
import { decodeRunConfig, methodConfig } from '../../src/shell/config/RunConfig.js'
import { presets } from '../../src/shell/config/presets.js'
import { DataConfig, defaultClasses } from '../../src/shell/data/DataConfig.js'
import { decode } from '../../src/core/codec/Codec.js'
import { loadSplits } from '../../src/shell/data/loadSplits.js'
import { closedForm } from '../support/closedForm.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const documents = [
  'README.md',
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs')).map(name => `docs/${name}`),
].filter(name => name.endsWith('.md'))

const right = <A>(either: E.Either<unknown, A>): A => {
  if (E.isRight(either)) return either.right
  throw new Error(`expected a Right, found ${JSON.stringify(either.left)}`)
}

/** The fenced blocks of a language in a document. */
const blocks = (text: string, language: string): ReadonlyArray<string> =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, block]) => block ?? '',
  )

describe('configurations in the documents', () => {
  const found = documents.flatMap(name => blocks(read(name), 'json').map(block => ({ name, block })))

  it('are there', () => expect(found.length).toBeGreaterThanOrEqual(2))

  it.each(found)('in $name decode', ({ name, block }) => {
    right(decodeRunConfig(name)(JSON.parse(block)))
  })

  it('shows the preset that it says it shows', () => {
    expect(JSON.parse(blocks(read('docs/configuration.md'), 'json')[0]!)).toEqual(
      presets['mnist-mlp-1k']?.config,
    )
  })
})

describe('configurations in docs/examples', () => {
  const names = readdirSync(join(root, 'docs/examples')).filter(name => name.endsWith('.json'))

  it('are there', () => expect(names).toContain('authors-split.json'))

  it.each(names)('%s decodes, and its data is there', async name => {
    const path = join(root, 'docs/examples', name)
    const { config } = right(fromFile(path))
    // MNIST's test set would be downloaded; a run of the main job shows that it loads.
    const data = config.data.source === 'npz' ? { ...config.data, test: null } : config.data
    const { train, validation } = right(
      await loadSplits(data, { seed: config.seed, baseFolder: dirname(path) })(),
    )
    expect([train.labels.length, validation.labels.length]).toEqual([600, 400])
  })
})

/** The rows of all tables of a document whose first cell is code: its code spans, and the second cell. */
const rows = (
  text: string,
): ReadonlyArray<{ readonly names: ReadonlyArray<string>; readonly value: string }> =>
  [...text.matchAll(/^\| (`[^|]*?) *\| ([^|]*?) *\|/gm)].map(([, first = '', value = '']) => ({
    names: [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ''),
    value,
  }))

const leaves = (value: unknown, path: string): ReadonlyArray<readonly [string, unknown]> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`))
    : [[path, value]]

describe('docs/configuration.md', () => {
  const text = read('docs/configuration.md')
  const stated = new Map(rows(text).map(({ names, value }) => [names.join(' '), value]))
  const minimal = {
    data: { source: 'mnist', train: 1, validation: 1 },
    network: { kind: 'mlp' },
    hyperparameters: {},
    solver: {},
    method: { name: 'bilevel' },
    seed: 0,
  }
  const config = right(decodeRunConfig('minimal')(minimal))
  const space = [{ name: 'x', lower: 0, upper: 1, scale: 'log' }] as const
  const method = right(methodConfig(bilevel)('minimal', config, space))
  const required = ['network.kind', 'method.name', 'seed']
  /** Options that are not there by default, each with a value that it may have. */
  const withoutDefault: Readonly<Record<string, unknown>> = {
    'hyperparameters.weightDecay': [1e-6, 1],
    'solver.augment.crop': 4,
    'solver.augment.flip': true,
  }
  const actual = new Map(
    [
      ...leaves(
        { network: config.network, hyperparameters: config.hyperparameters, solver: config.solver },
        '',
      ),
      ...leaves(method, 'method').filter(([path]) => !/^method\.(space|seed|trainingExamples)$/.test(path)),
    ].map(([path, value]) => [path, JSON.stringify(value)]),
  )

  it('states the default of every option, as the code has it', () => {
    for (const [path, value] of actual) {
      if (required.includes(path)) continue
      const said = stated.get(path)
      expect(said, `the default of ${path}, ${value}, in the tables`).toMatch(/^`.+`$/)
      expect(JSON.stringify(JSON.parse(said!.slice(1, -1))), path).toBe(value)
    }
    expect(actual.size).toBeGreaterThan(leaves(defaults, '').length)
  })

  it('states no option that there is not', () => {
    const options = [...stated.keys()].filter(name => /^(network|hyperparameters|solver|method)\./.test(name))
    const optional = Object.entries(withoutDefault).map(([option, example]) => {
      const [section, ...path] = option.split('.')
      const given = path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), example)
      expect(right(decodeRunConfig('optional')({ ...minimal, [section!]: given }))).toMatchObject({
        [section!]: given,
      })
      expect(stated.get(option)).toBe('none')
      return option
    })
    for (const option of options) expect([...actual.keys(), ...required, ...optional]).toContain(option)
  })

  it('has every option of the other methods, with its default', () => {
    const settings = (method: {
      readonly config: { readonly decode: (u: unknown) => E.Either<unknown, unknown> }
    }) => right(method.config.decode({ space }))
    const rivals = {
      grid: settings(gridSearch),
      random: settings(randomSearch),
      bayesian: settings(bayesianOptimization),
      hyperband: settings(hyperband),
      tracking: settings(tracking),
    }
    const known = Object.entries(rivals).flatMap(([name, config]) =>
      leaves(config, name)
        .filter(([path]) => !/^\w+\.(space|seed|trainingExamples)$/.test(path))
        .map(([path, value]): readonly [string, string, string] => [
          name,
          path.slice(name.length + 1),
          JSON.stringify(value),
        ]),
    )
    for (const [name, option, value] of known) {
      const said =
        stated.get(`${name} ${option}`) ?? (name === 'tracking' ? undefined : stated.get(`rivals ${option}`))
      expect(said, `the default of ${option} of ${name}`).toBe(`\`${value}\``)
    }
    const said = [...stated.keys()].filter(key =>
      /^(rivals|grid|random|bayesian|hyperband|tracking) /.test(key),
    )
    for (const key of said) {
      const [name, option] = key.split(' ')
      expect(known.some(([of, known]) => known === option && (name === 'rivals' || of === name))).toBe(true)
    }
  })

  it('says which fields are required', () => {
    for (const field of required) expect(stated.get(field)).toBe('required')
  })

  it('has the fields of every data source', () => {
    for (const source of ['mnist', 'fashion-mnist', 'cifar10', 'npz', 'idx']) {
      const refusal = decode(DataConfig)({ source, 'no such field': 1 })
      const known = E.isLeft(refusal) ? /Known fields here: (.+)/.exec(refusal.left)?.[1] : undefined
      const fields = (known ?? '').split(', ').filter(field => field !== 'source')
      const said = [...stated.keys()].filter(name => name.startsWith(`${source} `))
      expect(said.map(name => name.split(' ')[1])).toEqual(fields)
    }
    for (const source of ['npz', 'idx']) expect(stated.get(`${source} classes`)).toBe(`\`${defaultClasses}\``)
  })

  const helpOf = async (command: string): Promise<string> => {
    let out = ''
    await commandLine({ out: said => void (out += said), err: () => undefined })([
      ...command.split(' '),
      '--help',
    ])
    return out
  }

  it.each([
    'tune',
    'resume',
    'replay',
    'diff',
    'data fetch',
    'data list',
    'data verify',
    'presets',
    'doctor',
  ])('has every option of %s', async command => {
    const help = await helpOf(command)
    const options = [...help.matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)].map(([, option]) => option ?? '')
    const said = [...stated.keys()].filter(name => name.startsWith(`${command} --`))
    expect(said).toEqual(options.filter(option => option !== '--help').map(option => `${command} ${option}`))
  })
})

describe('commands in the documents', () => {
  const lines = documents.flatMap(name =>
    blocks(read(name), 'sh').flatMap(block =>
      block
        .split('\n')
        .map(line => line.replace(/#.*/, '').trim())
        .filter(line => line !== ''),
    ),
  )
  const scripts = JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }

  it.each(lines)('`%s` is one that there is', async line => {
    for (const part of line.split('&&').map(each => each.trim())) {
      const [npm, verb, ...rest] = part.split(/\s+/)
      expect(npm).toBe('npm')
      if (verb === 'ci') continue
      const script = verb === 'run' ? rest[0] : verb
      expect(Object.keys(scripts.scripts)).toContain(script)
      if (script !== 'bilevel') continue
      const argv = rest.slice(2)
      let out = ''
      const terminal = { out: (said: string) => void (out += said), err: () => undefined }
      const command = argv[0] === 'data' ? argv.slice(0, 2) : argv.slice(0, 1)
      expect(await commandLine(terminal)([...command, '--help'])).toBe(0)
      for (const option of argv.filter(arg => arg.startsWith('--'))) expect(out).toContain(option)
      for (const file of argv.filter(arg => arg.endsWith('.json')))
        expect(existsSync(join(root, file))).toBe(true)
    }
  })

  it('are what CI runs', () => {
    const commands = read('.ci/run').split('\n')
    expect(read('README.md')).toContain('```sh\nnpm ci && npm test\n```')
    expect(commands).toEqual(expect.arrayContaining(['npm ci', 'npm test']))
  })
})

describe('code in the documents', () => {
  it('of the README is the example that is run here', () => {
    const example = read('docs/examples/embedding.ts').replace("'../../src/core/index.js'", "'bilevel-hpo'")
    expect(blocks(read('README.md'), 'ts')).toEqual([example])
  })

  it('of docs/in-memory.md is the example that is run here, and finds what it says', () => {
    const example = read('docs/examples/inMemory.ts').replace("'../../src/core/index.js'", "'bilevel-hpo'")
    expect(blocks(read('docs/in-memory.md'), 'ts')).toEqual([example])
    expect(inMemory.x[0]).toBeCloseTo(1, 3)
    expect(inMemory.y[0]).toBeCloseTo(2.1, 3)
    expect(inMemory.stopReason).toBe('converged')
  })

  it('drives the method to its end', async () => {
    const { answer } = closedForm()
    const last = await tune(
      right(
        decode(bilevel.config)({
          space: [{ name: 'x', lower: -2, upper: 2, scale: 'linear' }],
          linearInCoefficients: false,
          budget: { lowerLevelSolves: 8, outerIterations: 3 },
        }),
      ),
      async question => right(await answer(question)()),
    )
    expect(right(last).info.outcome?.rows.map(({ name }) => name)).toEqual(['best initial sample', 'bilevel'])
  })

  it('says what is wrong with a configuration', async () => {
    const config = right(decode(bilevel.config)({ space: [] }))
    const fault = await tune(config, () => Promise.reject(new Error('nothing is asked')))
    expect(E.isLeft(fault) && JSON.stringify(fault.left)).toContain('space')
  })
})

describe('links and quotations', () => {
  it.each(documents)('of %s lead somewhere', name => {
    const targets = [...read(name).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, target]) => target ?? '')
    for (const target of targets)
      expect(existsSync(resolve(root, dirname(name), target)), `${target} in ${name}`).toBe(true)
  })

  it('the table of the README is the recorded one', () => {
    const [quoted] = blocks(read('README.md'), 'text')
    expect(quoted).toBe(blocks(read('docs/results/main-run.md'), 'text')[0])
    expect(quoted).toContain('bilevel weights')
  })
})
