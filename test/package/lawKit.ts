/** The law kit of the tarball in a consumer: fast-check from npm, the mutants and the subjects compiled against it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as t from 'io-ts'
import type { Examined, Hunted } from '../laws/results.js'
import { deep } from '../support/cases.js'
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

/** Installs the peer (in depth, by npm) and compiles what is examined, strictly and by the published types; then the kit can be run. */
export const prepareKit = async ({ folder }: Installed): Promise<void> => {
  if (!deep) lend(folder)('fast-check')
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

const kit = ({ folder }: Installed, ...args: ReadonlyArray<string>): Promise<string> =>
  succeed(process.execPath, ['package/consumer/lawKit.js', ...args], folder)

/** What the published kit says of so many mutants of each family. */
export const huntInTarball = async (
  installed: Installed,
  runs: number,
  most: number,
): Promise<ReadonlyArray<Hunted>> =>
  JSON.parse(await kit(installed, 'mutants', String(runs), String(most))) as ReadonlyArray<Hunted>

/** What the published kit says of the unbroken method and its parts, or of those of these names. */
export const examineInTarball = async (
  installed: Installed,
  runs: number,
  seed: number,
  names: ReadonlyArray<string> = [],
): Promise<ReadonlyArray<Examined>> =>
  (await kit(installed, 'unbroken', String(runs), String(seed), ...names))
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Examined)
