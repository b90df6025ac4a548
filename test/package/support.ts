/** The package as a user gets it: packed, and installed in a folder of its own without its optional parts. */
import { execFile } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
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

export interface Installed {
  readonly tarball: string
  /** What is in it, relative to the package. */
  readonly files: ReadonlyArray<string>
  /** Of the consumer's project. */
  readonly folder: string
  readonly remove: () => void
}

/** With which npm installs without running or saying anything. */
export const npmOptions = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent'] as const

/** Packs what is built, and installs it with what it cannot do without. Only npm's registry, or its cache, is asked. */
export const install = async (): Promise<Installed> => {
  const base = mkdtempSync(join(tmpdir(), 'bilevel-package-'))
  const packed: unknown = JSON.parse(
    await succeed('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', base], root),
  )
  const [{ filename, files }] = packed as readonly [
    { readonly filename: string; readonly files: ReadonlyArray<{ readonly path: string }> },
  ]
  const tarball = join(base, filename)
  const folder = join(base, 'consumer')
  mkdirSync(folder)
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module', dependencies: {} }),
  )
  await succeed('npm', ['install', ...npmOptions, '--omit=optional', '--prefer-offline', tarball], folder)
  return {
    tarball,
    files: files.map(({ path }) => path),
    folder,
    remove: () => rmSync(base, { recursive: true, force: true }),
  }
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
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), path)
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
