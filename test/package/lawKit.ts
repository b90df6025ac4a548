/** The law kit of the tarball in a consumer: fast-check from npm, the mutants and the subjects compiled against it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as t from 'io-ts'
import type { Examined, Hunted } from '../laws/results.js'
import { compile, type Installed, lend, npmOptions, plant, root, succeed } from './support.js'

const Peers = t.type({ peerDependencies: t.type({ 'fast-check': t.string }) })

/** The peer as package.json asks for it. */
const peer = (): string => {
  const stated: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  if (!Peers.is(stated)) throw new Error('package.json states no fast-check among its peers')
  return `fast-check@${stated.peerDependencies['fast-check']}`
}

const sources = (): ReadonlyArray<string> => [
  'test/laws/subjects.ts',
  'test/laws/results.ts',
  ...readdirSync(join(root, 'test/laws/mutants')).map(file => `test/laws/mutants/${file}`),
  'test/package/consumer/lawKit.ts',
]

/** Installs the peer and compiles what is examined, strictly and by the published types; then the kit can be run. */
export const prepareKit = async ({ folder, byNpm }: Installed): Promise<void> => {
  if (!byNpm) lend(folder)('fast-check')
  else if (!existsSync(join(folder, 'node_modules/fast-check')))
    await succeed('npm', ['install', ...npmOptions, '--omit=optional', '--prefer-offline', peer()], folder)
  plant(folder)(...sources())
  const { code, out } = await compile(
    folder,
    sources().map(path => path.replace(/^test\//, '')),
    // The declarations themselves are checked where the package is installed alone.
    { skipLibCheck: true },
  )
  if (code !== 0) throw new Error(`The mutants do not compile against the tarball:\n${out}`)
}

export interface Said {
  readonly hunted: ReadonlyArray<Hunted>
  readonly examined: ReadonlyArray<Examined>
}

/**
 * What the published kit says: of so many mutants of each family, and of the unbroken method and its parts, or those of these names.
 */
export const kitOfTarball = async (
  { folder }: Installed,
  hunt: { readonly runs: number; readonly most: number },
  examine: { readonly runs: number; readonly seed: number; readonly names?: ReadonlyArray<string> },
): Promise<Said> => {
  const { names = [] } = examine
  const numbers = [hunt.runs, hunt.most, examine.runs, examine.seed].map(String)
  const said = await succeed(process.execPath, ['package/consumer/lawKit.js', ...numbers, ...names], folder)
  const [hunted, ...examined] = said
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  return { hunted, examined } as Said
}
