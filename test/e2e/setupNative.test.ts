/**
 * `bilevel setup-native` when it cannot succeed: every failure says what to do, has exit code 2, and leaves a program
 * that trains on wasm. The tests use a copy of the built program, an installer of tfjs-node without a network, and
 * stand-ins for pip and the compilers on the path, so that nothing depends on the tools of this machine.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { requirement, tensorflowWheel } from '../../src/shell/setup/wheel.js'
import { layoutVersion } from '../../src/shell/setup/Layout.js'
import { deep } from '../support/cases.js'
import { root, scratch, startNode, type Ended } from './support.js'

const linuxOnX64 = process.platform === 'linux' && process.arch === 'x64'
const folder = scratch()
const base = join(folder, 'project')
const main = join(base, 'dist', 'bilevel.js')
const native = join(base, 'node_modules', '@tensorflow', 'tfjs-node')

/** Creates a project with the built program and its packages, except tfjs-node. */
const makeProject = (): void => {
  mkdirSync(base)
  cpSync(join(root, 'dist'), join(base, 'dist'), { recursive: true })
  cpSync(join(root, 'package.json'), join(base, 'package.json'))
  const { dependencies, optionalDependencies } = JSON.parse(
    readFileSync(join(root, 'package.json'), 'utf8'),
  ) as Record<'dependencies' | 'optionalDependencies', Readonly<Record<string, string>>>
  for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
    const path = join(base, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    if (path !== native) symlinkSync(join(root, 'node_modules', name), path)
  }
}
makeProject()

/** tfjs-node as `--ignore-scripts` leaves it: no addon, and an installer whose host is not found. */
const withPackage = (): void => {
  rmSync(native, { recursive: true, force: true })
  mkdirSync(join(native, 'scripts'), { recursive: true })
  mkdirSync(join(native, 'dist'))
  writeFileSync(
    join(native, 'package.json'),
    '{"name":"@tensorflow/tfjs-node","version":"4.22.0","main":"dist/index.js"}',
  )
  writeFileSync(
    join(native, 'dist', 'index.js'),
    'throw new Error("The Node.js native addon module can not be found")',
  )
  writeFileSync(
    join(native, 'scripts', 'install.js'),
    'console.error("Error: getaddrinfo ENOTFOUND storage.googleapis.com"); process.exit(1)',
  )
}

type Script = string
/** A program that prints its version when asked, and otherwise runs the script. */
const stub = (script: Script): Script =>
  `#!/bin/sh\n[ "$1" = --version ] && { echo 1.0; exit 0; }\n${script}\n`
const refuses = stub('echo "it must not be called: $*" >&2; exit 9')
const compilers = { 'g++': refuses, make: refuses, python3: refuses }

let runs = 0
/** Runs the setup with these programs as the whole path. */
const setup = async (
  programs: Readonly<Record<string, Script>>,
  args: ReadonlyArray<string> = [],
): Promise<Ended & { readonly cache: string }> => {
  const bin = join(folder, `bin${runs++}`)
  const cache = join(folder, `cache${runs}`)
  mkdirSync(bin)
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), script)
    chmodSync(join(bin, name), 0o755)
  }
  for (const name of ['sh', 'sleep', 'ln']) symlinkSync(join('/bin', name), join(bin, name))
  const env = { ...alone, PATH: bin, BILEVEL_CACHE: cache }
  return { ...(await startNode([main, 'setup-native', ...args], { cwd: base, env }).ended), cache }
}

/** Variables that would bypass the path. */
const alone = Object.fromEntries(
  ['CXX', 'MAKE', 'PYTHON', 'npm_config_python', 'npm_execpath', 'npm_config_node_gyp'].map(name => [
    name,
    '',
  ]),
)

/** Expects a refusal of one paragraph, and (asking takes a second) an installation that works as before. */
const refusedWell = async (
  { code, out, err, cache }: Awaited<ReturnType<typeof setup>>,
  { askDoctor = deep } = {},
): Promise<string> => {
  expect({ code, out }, err).toEqual({ code: 2, out: '' })
  expect(err).not.toMatch(/\n\s+at /)
  const message = err.trimEnd().split('\n').at(-1) ?? ''
  expect(message).toMatch(/^bilevel: The native backend could not be set up: .+ --backend auto uses wasm\.$/)
  if (existsSync(native)) expect(readdirSync(native).filter(name => name.includes('partial'))).toEqual([])
  const tensorflow = join(cache, 'tensorflow')
  if (existsSync(tensorflow)) expect(readdirSync(tensorflow)).toEqual([])
  if (!askDoctor) return message
  const doctor = await startNode([main, 'doctor'], { cwd: base, env: { ...alone, BILEVEL_CACHE: cache } })
    .ended
  expect(doctor.out).toMatch(/missing +node/)
  expect(doctor.out).toMatch(/works +wasm/)
  expect(doctor.out).toContain('--backend auto uses wasm')
  expect(doctor.out).toContain('bilevel setup-native')
  return message
}

describe.runIf(linuxOnX64)('without the tools it needs (Linux x64)', () => {
  it('no pip: says how to get it', async () => {
    withPackage()
    const ended = await setup({ ...compilers, python3: stub('exit 1') })
    expect(await refusedWell(ended, { askDoctor: true })).toMatch(
      /not found on the path: pip \(python3-pip\)\. .*apt-get install/,
    )
    // The installer of tfjs-node was tried first.
    expect(ended.err).toContain('ENOTFOUND storage.googleapis.com')
  })

  it('no compiler: says so before anything large is downloaded', async () => {
    withPackage()
    const ended = await setup({ pip3: refuses, python3: refuses })
    expect(await refusedWell(ended)).toMatch(/path: a C\+\+ compiler \(g\+\+\), make\. .*nothing large/)
    expect(ended.err).not.toContain('must not be called')
  })

  it('an index that cannot be reached: shows what pip says', async () => {
    withPackage()
    const pip = stub('echo "ERROR: No matching distribution found for tensorflow-cpu==2.21.0" >&2; exit 1')
    const ended = await setup({ ...compilers, pip3: pip })
    expect(await refusedWell(ended)).toMatch(
      /pip did not download .*it ended with exit code 1 .*pip config list/,
    )
    expect(ended.err).toContain('    ERROR: No matching distribution found')
  })

  it('a download that takes too long is stopped, with its child processes', async () => {
    withPackage()
    const ended = await setup({ ...compilers, pip3: stub('sleep 600 & sleep 600') }, ['--limit', '2'])
    expect(await refusedWell(ended)).toContain('more than 2 s and was stopped')
  })

  it('a wheel with another size or hash than the pinned one is refused, and not kept', async () => {
    withPackage()
    const { file, bytes } = tensorflowWheel
    for (const [size, problem] of [
      [3, /instead of/],
      [bytes, /SHA-256/],
    ] as const) {
      // A sparse file of zeros takes no space on the disk, and a link no time.
      const fake = join(folder, `fake-${size}.whl`)
      writeFileSync(fake, '')
      truncateSync(fake, size)
      const pip = stub(
        // The stand-in checks the requirements that the real pip would check.
        'for a; do case $a in --dest=*) d="${a#--dest=}";; --requirement=*) r="${a#--requirement=}";; esac; done\n' +
          `read -r line < "$r"; [ "$line" = "${requirement(tensorflowWheel).trimEnd()}" ] || exit 7\n` +
          `ln "${fake}" "$d/${file}"`,
      )
      const message = await refusedWell(await setup({ ...compilers, pip3: pip }))
      expect(message).toMatch(/was refused/)
      expect(message).toMatch(problem)
    }
  })

  it('a build that fails shows its last lines; the next attempt continues from there', async () => {
    withPackage()
    const builder = join(native, 'node_modules', '@mapbox', 'node-pre-gyp')
    mkdirSync(join(builder, 'bin'), { recursive: true })
    writeFileSync(join(builder, 'package.json'), '{"name":"@mapbox/node-pre-gyp"}')
    writeFileSync(
      join(builder, 'bin', 'node-pre-gyp'),
      'console.error("fatal error: node_api.h: No such file or directory"); process.exit(1)',
    )
    mkdirSync(join(native, 'deps'))
    const note = join(native, 'deps', 'bilevel-hpo.json')
    writeFileSync(note, JSON.stringify({ sha256: tensorflowWheel.sha256, layout: layoutVersion }))
    // Already unpacked, so neither pip nor the installer of tfjs-node is called.
    const ended = await setup(compilers)
    expect(await refusedWell(ended)).toContain(
      'the addon of tfjs-node could not be built: it ended with exit code 1',
    )
    expect(ended.err).toContain('is already unpacked')
    expect(ended.err).toContain('    fatal error: node_api.h')
    expect(ended.err).not.toContain('ENOTFOUND')
    expect(existsSync(note)).toBe(true)
  })

  it('an addon that is built but does not load is a failure', async () => {
    const builder = join(native, 'node_modules', '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp')
    writeFileSync(builder, 'process.exit(0)')
    expect(await refusedWell(await setup(compilers), { askDoctor: true })).toContain('it does not work')
  })
})

describe('without the package', () => {
  const gone = (): void => rmSync(native, { recursive: true, force: true })

  it('and without a lock file to install it from: says how to add it', async () => {
    gone()
    expect(await refusedWell(await setup({}), { askDoctor: true })).toMatch(
      /no package-lock\.json .*--ignore-scripts/,
    )
  })

  it('and without npm or its registry: says so, and changes neither package.json nor the lock file', async () => {
    gone()
    const lock = join(base, 'package-lock.json')
    writeFileSync(lock, '{}')
    const before = readFileSync(join(base, 'package.json'), 'utf8')
    expect(await refusedWell(await setup({}))).toMatch(/npm did not install .*could not be started/)
    const npm = stub('echo "npm error network ENOTFOUND" >&2; exit 1')
    const ended = await setup({ npm })
    expect(await refusedWell(ended)).toMatch(/npm did not install .*npm config get registry/)
    expect(ended.err).toContain('    npm error network ENOTFOUND')
    expect(readFileSync(join(base, 'package.json'), 'utf8')).toBe(before)
    expect(readFileSync(lock, 'utf8')).toBe('{}')
    rmSync(lock)
  })
})

describe('the command line', () => {
  it('--check only checks', async () => {
    withPackage()
    const { code, out, err } = await setup({}, ['--check'])
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(/"node" was asked for, but .*bilevel setup-native/)
    expect(err).not.toContain('…')
  })
})
