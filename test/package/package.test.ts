/** The packed package in a scratch project: its types, its entries, and what works without tfjs. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build } from 'esbuild'
import * as t from 'io-ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { numerics } from '../../src/core/log/numerics.js'
import { count, deep, seed } from '../support/cases.js'
import { recordedRuns } from '../support/logText.js'
import { mutants } from '../laws/mutants/index.js'
import { unbroken } from '../laws/subjects.js'
import { kitOfTarball, prepareKit, type Said } from './lawKit.js'
import {
  bilevels,
  compile,
  install,
  lend,
  packagesIn,
  packlist,
  root,
  run,
  succeed,
  tool,
  write,
  type Installed,
} from './support.js'

const Package = t.type({
  bin: t.record(t.string, t.string),
  exports: t.record(t.string, t.union([t.string, t.type({ types: t.string, default: t.string })])),
  dependencies: t.record(t.string, t.string),
  optionalDependencies: t.record(t.string, t.string),
})
const stated: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
if (!Package.is(stated)) throw new Error('package.json is not as this test expects it')
const { bin, exports, dependencies, optionalDependencies } = stated

/** `bilevel-hpo`, `bilevel-hpo/runs`, …, with their files. */
const entries = Object.entries(exports).flatMap(([path, target]) =>
  typeof target === 'string' ? [] : [{ name: path.replace('.', 'bilevel-hpo'), ...target }],
)
/** Started by their path, in a process or a thread. */
const workers = ['dist/comparison.worker.js', 'dist/trainingThread.worker.js']
/** Those that need neither an optional package nor a peer. */
const light = ['bilevel-hpo', 'bilevel-hpo/runs']

const SourceMap = t.intersection([
  t.type({ sources: t.array(t.string) }),
  t.partial({ sourcesContent: t.array(t.union([t.string, t.null])) }),
])
/** A source map of what was packed. */
const mapOf = (file: string): t.TypeOf<typeof SourceMap> => {
  const map: unknown = JSON.parse(readFileSync(join(root, file), 'utf8'))
  if (!SourceMap.is(map)) throw new Error(`${file} is no source map`)
  return map
}

let installed: Installed
const node = (...args: ReadonlyArray<string>) => run(process.execPath, args, installed.folder)

beforeAll(async () => {
  installed = await install()
}, 120_000)
afterAll(() => installed.remove())

describe('the tarball', () => {
  it('holds every entry with its types, the program, and little else', () => {
    const { files } = installed
    for (const { types, default: code } of entries)
      for (const file of [types, code]) expect(files).toContain(file.replace('./', ''))
    for (const file of files)
      expect(file).toMatch(
        /^(dist\/[^/]+\.js(\.map)?|dist\/types\/.+\.d\.ts(\.map)?|dist\/LICENCES|src\/.+\.ts|docs\/.+\.(md|ts|jsonl?)|[A-Z]+(\.md)?|package\.json)$/,
      )
    // Every bundle is one of this build: an entry, a worker, or loaded by one.
    const code = files.filter(file => /^dist\/[^/]+\.js$/.test(file))
    const texts = code.map(file => readFileSync(join(root, file), 'utf8'))
    const started = [...entries.map(entry => entry.default), ...workers, ...Object.values(bin)]
    const loaded = code.filter(
      file =>
        started.includes(file) ||
        started.includes(`./${file}`) ||
        texts.some(text => text.includes(`"./${basename(file)}"`)),
    )
    expect(loaded).toEqual(code)
    for (const worker of workers) expect(code).toContain(worker)
  })

  it.runIf(deep)('holds what the quick run takes for its content', async () => {
    expect([...(await packlist())].sort()).toEqual([...installed.files].sort())
  })

  it('passes on the licences of what is bundled in it', () => {
    const licences = readFileSync(join(root, 'dist/LICENCES'), 'utf8')
    const packages = new Set(
      installed.files
        .filter(name => name.startsWith('dist/') && name.endsWith('.js.map'))
        .flatMap(name => mapOf(name).sources)
        .flatMap(source => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []),
    )
    expect(packages.size).toBeGreaterThan(0)
    for (const name of packages) {
      expect(licences).toContain(`${name}\n`)
      // Their types are in the declarations, so a consumer needs the packages, too.
      expect(Object.keys(dependencies)).toContain(name)
    }
  })

  it('has what its maps point to', () => {
    let seen = 0
    for (const file of installed.files.filter(name => name.endsWith('.map'))) {
      const { sources, sourcesContent } = mapOf(file)
      for (const [i, source] of sources.entries()) {
        seen++
        const path = join(dirname(file), source)
        // Of bundled packages, the map holds the text itself.
        if (path.startsWith('node_modules/')) expect(sourcesContent?.[i]).toEqual(expect.any(String))
        else expect(installed.files).toContain(path)
      }
    }
    expect(seen).toBeGreaterThan(500)
  })

  it('passes publint, suggestions included', async () => {
    const said = await succeed(
      process.execPath,
      // A folder is looked at as it is.
      [
        tool('publint/src/cli.js'),
        installed.packed,
        '--strict',
        ...(installed.byNpm ? [] : ['--pack', 'false']),
      ],
      root,
    )
    expect(said).toContain('All good')
  })

  it.runIf(deep)('passes attw for modules', async () => {
    const cli = tool('@arethetypeswrong/cli/dist/index.js')
    const said = await succeed(
      process.execPath,
      [cli, installed.packed, '--profile', 'esm-only', '--no-emoji'],
      root,
    )
    for (const { name } of entries) expect(said).toContain(name)
  })
})

describe('an installation without the optional parts', () => {
  it('is small, and has no tfjs', () => {
    const found = packagesIn(installed.folder)
    expect(found).toEqual(expect.arrayContaining(['bilevel-hpo', ...Object.keys(dependencies)]))
    for (const name of Object.keys(optionalDependencies)) expect(found).not.toContain(name)
    expect(found.filter(name => /tensor|tfjs/.test(name))).toEqual([])
    // p-limit, which drives the questions of a batch, is two of them.
    expect(found.length).toBeLessThan(22)
  })

  it('loads its light entries', async () => {
    const { code, out, err } = await node(
      '--input-type=module',
      '--eval',
      `for (const name of ${JSON.stringify(light)}) console.log(Object.keys(await import(name)).length)`,
    )
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const sizes = out.trimEnd().split('\n').map(Number)
    expect(sizes.length).toBe(light.length)
    for (const size of sizes) expect(size).toBeGreaterThan(5)
  })

  it('compiles strictly, libraries included, and runs a training loop of its own', async () => {
    const { folder } = installed
    write(folder)(
      'docs/examples/embedding.ts',
      'docs/examples/ownLoop.ts',
      'docs/examples/recording.ts',
      'docs/examples/inMemory.ts',
      'test/package/consumer/long.ts',
    )
    const { code, out } = await compile(folder, ['embedding.ts', 'recording.ts', 'inMemory.ts', 'long.ts'])
    expect({ code, out }).toEqual({ code: 0, out: '' })
    const log = join(folder, 'long.jsonl')
    const solves = deep ? 60 : 10
    expect(await succeed(process.execPath, ['long.js', log, String(solves)], folder)).toBe('budgetSpent\n')
    const steps = readFileSync(log, 'utf8').trimEnd().split('\n').length - 1
    expect(steps).toBeGreaterThanOrEqual(deep ? 500 : 80)
    const [replayed] = await bilevels(folder, [['replay', log]])
    expect(replayed).toMatchObject({ code: 0, err: '' })
    expect(replayed!.out).toContain(`all ${steps} steps replay as logged`)
    console.log(replayed!.out.trim())
  })

  const current = recordedRuns.filter(recorded => recorded.numerics === numerics)
  // The first has vectors as lists, the last has them packed.
  it.each(deep ? current : [current[0]!, current.at(-1)!])(
    'replays, compares and refuses recorded runs ($name)',
    async ({ folder: from, name }) => {
      const folder = join(installed.folder, name)
      mkdirSync(folder)
      for (const file of ['run.jsonl', 'summary.json']) copyFileSync(join(from, file), join(folder, file))
      const changed = `${folder}-changed`
      mkdirSync(changed)
      copyFileSync(join(from, 'summary.json'), join(changed, 'summary.json'))
      writeFileSync(
        join(changed, 'run.jsonl'),
        readFileSync(join(from, 'run.jsonl'), 'utf8').replace(/"upper":0/, '"upper":1'),
      )
      const commands = [folder, changed].flatMap(run => [
        ['replay', run],
        ['diff', run, from],
      ])
      expect(await bilevels(installed.folder, commands)).toMatchObject([
        { code: 0, err: '' },
        { code: 0, err: '' },
        { code: 1, out: '' },
        { code: 2, out: '' },
      ])
    },
  )

  it('says what is missing, and so does the doctor', async () => {
    // The beginning of a run, which `resume` is to continue.
    const stopped = join(installed.folder, 'stopped')
    mkdirSync(stopped, { recursive: true })
    const whole = readFileSync(join(current[0]!.folder, 'run.jsonl'), 'utf8')
    writeFileSync(join(stopped, 'run.jsonl'), `${whole.split('\n').slice(0, 2).join('\n')}\n`)
    const commands = [
      ['tune'],
      ['tune', '--backend', 'wasm'],
      ['resume', 'stopped'],
      ['data', 'fetch', 'mnist'],
    ]
    const ended = await bilevels(installed.folder, [...commands, ['doctor']], {
      BILEVEL_CACHE: join(installed.folder, 'cache'),
    })
    for (const [i, command] of commands.entries())
      expect(ended[i], command.join(' ')).toEqual({
        code: 2,
        out: '',
        err: expect.stringMatching(
          /^bilevel: The package \S+ is not installed, .*`npm install --include=optional`.*\n$/,
        ) as string,
      })
    expect(ended[commands.length]).toMatchObject({
      code: 0,
      out: expect.stringContaining('npm install --include=optional') as string,
    })
  })
})

describe('what a bundler keeps', () => {
  const bundled = async (code: string): Promise<string> => {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: installed.folder },
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      external: [...Object.keys(dependencies), ...Object.keys(optionalDependencies), 'fast-check'],
      logLevel: 'silent',
    })
    return outputFiles.map(({ text }) => text).join('')
  }

  it('of one part is that part', async () => {
    const [one, gp, all] = await Promise.all([
      bundled(`import { checkGradients } from 'bilevel-hpo'; console.log(checkGradients)`),
      bundled(`import { GaussianProcess } from 'bilevel-hpo'; console.log(GaussianProcess.make)`),
      bundled(`import * as all from 'bilevel-hpo'; console.log(all)`),
    ])
    expect(one.length).toBeLessThan(all.length / 20)
    // With the codec of its options, and so with io-ts.
    expect(gp.length).toBeLessThan(all.length / 3)
    const kernels = await bundled(
      `import { installKernels } from 'bilevel-hpo/shell'; installKernels('wasm')`,
    )
    expect(kernels).toContain('Conv2DBackpropFilter')
    expect(kernels.length).toBeLessThan(all.length / 6)
  })
})

describe('the published law kit, with its peer from npm', () => {
  const most = deep ? Infinity : 1
  const names = unbroken.map(({ name }) => name).filter(name => deep || !/^(method|surrogate)$/.test(name))
  let said: Said
  beforeAll(async () => {
    await prepareKit(installed)
    // The sources' kit examines all of them in every run; here it is shown that the published one works.
    said = await kitOfTarball(installed, { runs: 300, most }, { runs: count(200, 'slow'), seed, names })
  }, 1_800_000)

  it('kills mutants by their laws, one of each family', () => {
    const { hunted } = said
    expect(hunted.length).toBe(
      mutants.reduce((sum, { mutants: faulty }) => sum + Math.min(most, faulty.length), 0),
    )
    expect(hunted.filter(({ law, broken }) => broken.join() !== law)).toEqual([])
    console.log(`${hunted.length} mutants, all killed by the kit of the tarball`)
  })

  it('lets the unbroken method and its parts pass, no law untested', () => {
    expect(said.examined.map(({ name }) => name)).toEqual(names)
    for (const { passed, untested, said: report } of said.examined)
      expect({ passed, untested }, report).toEqual({ passed: true, untested: 0 })
  })
})

describe('with the optional parts', () => {
  it('every entry compiles, and a network of one answers', async () => {
    const { folder } = installed
    const lent = [
      ...new Set([...Object.keys(optionalDependencies), 'fast-check'].filter(name => existsSync(tool(name)))),
    ].filter(name => !existsSync(join(folder, 'node_modules', name)))
    lent.forEach(lend(folder))
    write(folder)('test/package/consumer/training.ts', 'test/package/consumer/ownCodecs.ts')
    writeFileSync(
      join(folder, 'entries.ts'),
      entries.map(({ name }, i) => `export * as entry${i} from '${name}'\n`).join(''),
    )
    // The declarations of tfjs need those of packages that it does not install.
    const { code, out } = await compile(folder, ['entries.ts', 'training.ts', 'ownCodecs.ts'], {
      skipLibCheck: true,
    })
    expect({ code, out }).toEqual({ code: 0, out: '' })
    expect(await succeed(process.execPath, ['training.js'], folder)).toBe('LowerLevelSolved\n')
  })

  it("takes codecs and values of the consumer's own io-ts and fp-ts", async () => {
    // Compiled with the entries.
    expect(JSON.parse(await succeed(process.execPath, ['ownCodecs.js'], installed.folder))).toEqual({
      refused: { _tag: 'Left', left: '`shapes[0].radius` must be a finite number, but is "long"' },
      misconfigured: expect.stringContaining(
        '`method.drawing.shapes[0].side` must be a finite number',
      ) as string,
      configured: { shapes: [{ kind: 'square', side: 2 }] },
      sampled: true,
      inside: true,
      outside: true,
      option: [1],
    })
  })

  it('importing the entries registers no kernel, listens to no signal and says nothing', async () => {
    const { code, out, err } = await node(
      '--input-type=module',
      '--eval',
      `${entries.map(({ name }) => `import '${name}'`).join(';')}
       import * as tf from '@tensorflow/tfjs-core'
       const listeners = process.eventNames().filter(name => /SIG|uncaught|unhandled/.test(String(name)))
       console.log(JSON.stringify([tf.getKernelsForBackend('wasm') ?? [], tf.getKernelsForBackend('cpu') ?? [], listeners]))`,
    )
    expect({ code, out, err }).toEqual({ code: 0, out: '[[],[],[]]\n', err: '' })
  })
})
