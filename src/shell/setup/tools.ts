/** Finds the tools that the build of the addon needs: a compiler, make, Python, Node's headers, node-gyp and pip. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type * as T from 'fp-ts/lib/Task.js'
import { run, type Program } from './process.js'

/** The words of a command that starts a program, such as `python3 -m pip`. */
export type Words = readonly [string, ...ReadonlyArray<string>]

const asksVersion = ([file, ...args]: Words): Program => ({
  file,
  args: [...args, '--version'],
  limitSeconds: 30,
})

/** The first candidate that starts, or `null`. */
const firstOf =
  (candidates: ReadonlyArray<Words>): T.Task<Words | null> =>
  async () => {
    for (const candidate of candidates) if ((await run(asksVersion(candidate))()).ok) return candidate
    return null
  }

const fromEnvironment = (...names: ReadonlyArray<string>): ReadonlyArray<Words> =>
  names.flatMap(name => {
    const words = (process.env[name] ?? '').split(' ').filter(word => word !== '')
    const [first, ...rest] = words
    return first === undefined ? [] : [[first, ...rest] as const]
  })

const pythons = (): ReadonlyArray<Words> => [
  ...fromEnvironment('npm_config_python', 'PYTHON'),
  ['python3'],
  ['python'],
]

export const findPip: T.Task<Words | null> = () =>
  firstOf([['pip3'], ['pip'], ...pythons().map((words): Words => [...words, '-m', 'pip'])])()

const nodeMajor = Number(process.versions.node.split('.')[0])

/** The major version of Node whose headers lie in a folder, or `null`. */
const headersMajor = (folder: string): number | null => {
  const version = join(folder, 'node_version.h')
  if (!existsSync(version) || !existsSync(join(folder, 'node_api.h'))) return null
  const major = /^#define NODE_MAJOR_VERSION (\d+)/m.exec(readFileSync(version, 'utf8'))?.[1]
  return major === undefined ? null : Number(major)
}

/**
 * The folder with the headers of this Node version (node-gyp's `nodedir`): npm's setting, Node's own folder, or
 * Debian's. `null` if none has them; node-gyp then downloads them.
 */
export const findNodeDir = (): string | null => {
  const configured = process.env['npm_config_nodedir']
  const candidates = [
    ...(configured === undefined || configured === '' ? [] : [configured]),
    join(dirname(process.execPath), '..'),
    '/usr/local',
    '/usr',
    '/usr/include/nodejs',
  ]
  const fits = (folder: string): boolean =>
    // The layout of an installation (which must also have gyp's file), or of a source tree.
    (existsSync(join(folder, 'include', 'node', 'common.gypi')) &&
      headersMajor(join(folder, 'include', 'node')) === nodeMajor) ||
    (existsSync(join(folder, 'common.gypi')) && headersMajor(join(folder, 'src')) === nodeMajor)
  return candidates.find(fits) ?? null
}

/** npm's own node-gyp, or `null`; node-pre-gyp then looks for one on the path. */
export const findNodeGyp = (): string | null => {
  const npm = process.env['npm_execpath']
  const candidates = [
    process.env['npm_config_node_gyp'],
    ...[
      ...(npm === undefined ? [] : [join(dirname(npm), '..')]),
      join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm'),
      '/usr/local/lib/node_modules/npm',
      '/usr/lib/node_modules/npm',
      '/usr/share/nodejs/npm',
    ].map(folder => join(folder, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js')),
    '/usr/share/nodejs/node-gyp/bin/node-gyp.js',
  ]
  return candidates.find(path => path !== undefined && existsSync(path)) ?? null
}

/** The tools that compile the addon; `null` marks a tool that must be installed. */
export interface Compilers {
  readonly compiler: Words | null
  readonly make: Words | null
  readonly python: Words | null
}

export const findCompilers: T.Task<Compilers> = async () => ({
  compiler: await firstOf([...fromEnvironment('CXX'), ['g++'], ['c++'], ['clang++']])(),
  make: await firstOf([...fromEnvironment('MAKE'), ['make']])(),
  python: await firstOf(pythons())(),
})
