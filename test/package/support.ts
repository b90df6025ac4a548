/** The package as a user gets it: packed, and installed in a folder of its own without its optional parts. */
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { deep } from '../support/cases.js'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a program to its end. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Ended> =>
  new Promise(done => {
    const child = execFile(
      program,
      [...args],
      { cwd, maxBuffer: 1 << 26, env: { ...process.env, ...env } },
      (_, out, err) => done({ code: child.exitCode ?? -1, out, err }),
    )
  })

/** Runs a program that must end well. */
export const succeed = async (...[program, args, cwd, env]: Parameters<typeof run>): Promise<string> => {
  const { code, out, err } = await run(program, args, cwd, env)
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${out}\n${err}`)
  return out
}

/** A program out of this project's own packages. */
export const tool = (path: string): string => join(root, 'node_modules', path)

const link = (to: string, path: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  symlinkSync(to, path)
}

export interface Installed {
  /** npm's tarball, or a folder with what would be in it. */
  readonly packed: string
  /** What is in it, relative to the package. */
  readonly files: ReadonlyArray<string>
  /** Of the consumer's project. */
  readonly folder: string
  readonly byNpm: boolean
  readonly remove: () => void
}

/** With which npm installs without running or saying anything. */
export const npmOptions = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'] as const

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'))

type Packlist = (
  tree: Readonly<Record<string, unknown>>,
  options: { readonly path: string },
) => Promise<ReadonlyArray<string>>

/** What `npm pack` would put into a tarball: pacote, which packs for npm, chooses by this package. */
export const packlist = (): Promise<ReadonlyArray<string>> => {
  const require = createRequire(import.meta.url)
  const choose = createRequire(require.resolve('pacote'))('npm-packlist') as Packlist
  const described = readJson(join(root, 'package.json'))
  return choose({ path: root, package: described, isProjectRoot: true, edgesOut: new Map() }, { path: root })
}

/** What a package.json says that decides what npm installs with the package. */
interface Needs {
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>
  readonly bin?: Readonly<Record<string, string>>
}
const needsOf = (folder: string): Needs => readJson(join(folder, 'package.json')) as Needs

/** The names of the packages that one cannot do without. npm writes optional ones among the others, too. */
const required = ({ dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: Needs) => [
  ...Object.keys(dependencies ?? {}).filter(name => optionalDependencies?.[name] === undefined),
  ...Object.keys(peerDependencies ?? {}).filter(name => peerDependenciesMeta?.[name]?.optional !== true),
]

/** Package → its folder: those that a package cannot do without, and those that they cannot, out of this project's own. */
const closure = (folder: string, found = new Map<string, string>()): ReadonlyMap<string, string> => {
  for (const name of required(needsOf(folder))) {
    if (found.has(name)) continue
    const place = [folder, root].map(from => join(from, 'node_modules', name)).find(existsSync)
    if (place === undefined) throw new Error(`${folder} needs ${name}, which is not installed`)
    found.set(name, place)
    closure(place, found)
  }
  return found
}

/** Puts the packed files where npm would, with links to what package.json declares: what it does not is not found. */
const place = async (folder: string): Promise<Pick<Installed, 'packed' | 'files'>> => {
  const packed = join(folder, 'node_modules', 'bilevel-hpo')
  const files = await packlist()
  for (const at of new Set(files.map(file => dirname(file)))) mkdirSync(join(packed, at), { recursive: true })
  for (const file of files) copyFileSync(join(root, file), join(packed, file))
  for (const [name, from] of closure(packed)) link(from, join(folder, 'node_modules', name))
  for (const [name, script] of Object.entries(needsOf(packed).bin ?? {}))
    link(join(packed, script), join(folder, 'node_modules', '.bin', name))
  return { packed, files }
}

/** Packs and installs by npm itself. Only its registry, or its cache, is asked. */
const installByNpm = async (base: string, folder: string): Promise<Pick<Installed, 'packed' | 'files'>> => {
  const said: unknown = JSON.parse(
    await succeed('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', base], root),
  )
  const [{ filename, files }] = said as readonly [
    { readonly filename: string; readonly files: ReadonlyArray<{ readonly path: string }> },
  ]
  const packed = join(base, filename)
  await succeed('npm', ['install', ...npmOptions, '--omit=optional', '--prefer-offline', packed], folder)
  return { packed, files: files.map(({ path }) => path) }
}

/** Packs what is built, and installs it with what it cannot do without: by npm, or from what is at hand. */
export const install = async (byNpm = deep): Promise<Installed> => {
  const base = mkdtempSync(join(tmpdir(), 'bilevel-package-'))
  const folder = join(base, 'consumer')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies: {} }),
  )
  const made = await (byNpm ? installByNpm(base, folder) : place(folder))
  return { ...made, folder, byNpm, remove: () => rmSync(base, { recursive: true, force: true }) }
}

/** Commands of the installed program, one after another: in depth each has a process of its own. */
export const bilevels = async (
  folder: string,
  commands: ReadonlyArray<ReadonlyArray<string>>,
  env: Readonly<Record<string, string>> = {},
): Promise<ReadonlyArray<Ended>> => {
  const program = join(folder, 'node_modules', '.bin', 'bilevel')
  if (deep) {
    const ended: Ended[] = []
    for (const args of commands) ended.push(await run(process.execPath, [program, ...args], folder, env))
    return ended
  }
  const runner = join(root, 'test/package/consumer/commands.js')
  return JSON.parse(
    await succeed(process.execPath, [runner, program, JSON.stringify(commands)], folder, env),
  ) as ReadonlyArray<Ended>
}

/** Names of the packages in a folder's node_modules. */
export const packagesIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(folder, 'node_modules'))
    .filter(name => !name.startsWith('.'))
    .flatMap(name =>
      name.startsWith('@')
        ? readdirSync(join(folder, 'node_modules', name)).map(each => `${name}/${each}`)
        : [name],
    )

/** Lends a consumer a package of this project. */
export const lend =
  (folder: string) =>
  (name: string): void => {
    link(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }

/** A file as it would be written in a consumer: importing the package by its name. */
const byName = (path: string): string =>
  readFileSync(resolve(root, path), 'utf8')
    .replace(/'(?:\.\.\/)+src\/core\/index\.js'/g, "'bilevel-hpo'")
    .replace(/'(?:\.\.\/)+src\/core\/laws\/index\.js'/g, "'bilevel-hpo/laws'")
    .replace(/'(?:\.\.\/)+src\/shell\/runs\.js'/g, "'bilevel-hpo/runs'")
    .replace(/'(?:\.\.\/)+src\/shell\/index\.js'/g, "'bilevel-hpo/shell'")

/** Puts files into a consumer, all beside one another. */
export const write =
  (folder: string) =>
  (...paths: ReadonlyArray<string>): void => {
    for (const path of paths)
      writeFileSync(
        join(folder, path.split('/').at(-1)!),
        byName(path).replace(/'(?:\.\.\/)+docs\/examples\//g, "'./"),
      )
  }

/** Puts files of test/ into a consumer, at the same places relative to one another. */
export const plant =
  (folder: string) =>
  (...paths: ReadonlyArray<string>): void => {
    for (const path of paths) {
      const place = join(folder, path.replace(/^test\//, ''))
      mkdirSync(dirname(place), { recursive: true })
      writeFileSync(place, byName(path))
    }
  }

/** Compiles files of a consumer, strictly; what comes out lies beside them. */
export const compile = async (
  folder: string,
  files: ReadonlyArray<string>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Ended> => {
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        lib: ['ES2023'],
        module: 'NodeNext',
        moduleResolution: 'NodeNext',
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
        skipLibCheck: false,
        types: ['node'],
        typeRoots: [tool('@types')],
        ...more,
      },
      files,
    }),
  )
  const compiled = await run(
    process.execPath,
    [tool('typescript-native/bin/tsc'), '--project', folder],
    folder,
  )
  // The compiler of before, which most consumers have.
  return compiled.code === 0 && deep
    ? run(process.execPath, [tool('typescript/bin/tsc'), '--project', folder], folder)
    : compiled
}
