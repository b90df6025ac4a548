/**
 * The package @tensorflow/tfjs-node in this installation: finds it, installs it without its install script, runs that
 * script, and builds its addon.
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as E from 'fp-ts/lib/Either.js'
import { pipe } from 'fp-ts/lib/function.js'
import type * as TE from 'fp-ts/lib/TaskEither.js'
import * as t from 'io-ts'
import { packageRoot } from '../base/package.js'
import { npmCommand } from '../data/stored/npmConfig.js'
import type { ShellError } from '../base/ShellError.js'
import { failed, failedProgram, type Say } from './failure.js'
import { jsonIn } from './jsonIn.js'
import { run, type Ended } from './process.js'
import type { Words } from './tools.js'

const here = fileURLToPath(new URL('.', import.meta.url))

const ancestors = (folder: string): ReadonlyArray<string> =>
  dirname(folder) === folder ? [folder] : [folder, ...ancestors(dirname(folder))]

/**
 * The package's folder, or `null`. Searches as Node does, but not with `require.resolve`: Node caches its result and
 * would not see a package that is installed later.
 */
export const packageFolder = (): string | null =>
  ancestors(here)
    .map(folder => join(folder, 'node_modules', '@tensorflow', 'tfjs-node'))
    .find(folder => existsSync(join(folder, 'package.json'))) ?? null

/** The project whose `node_modules` contains this package; in a clone, the clone itself. */
const projectFolder = (): string => {
  const inside = here.indexOf(`${sep}node_modules${sep}`)
  return inside >= 0 ? here.slice(0, inside) : packageRoot()
}

const Installed = t.type({ packages: t.record(t.string, t.partial({ dev: t.boolean })) })

/** Whether the project's development dependencies are installed. If they are not, npm must not add them. */
const hasDevelopment = (project: string): boolean =>
  pipe(
    Installed.decode(jsonIn(join(project, 'node_modules', '.package-lock.json'))),
    E.match(
      () => true,
      ({ packages }) => Object.values(packages).some(({ dev }) => dev === true),
    ),
  )

const byHand =
  'Add the package to your project without its install script, `npm install --ignore-scripts @tensorflow/tfjs-node@4`, ' +
  'and run this again.'

/**
 * Installs the package at the version of the lock file, without its install script: npm left the package out because
 * that script failed. package.json and package-lock.json stay unchanged.
 */
export const installPackage =
  (say: Say) =>
  (limitSeconds: number): TE.TaskEither<ShellError, string> =>
  async () => {
    const project = projectFolder()
    if (!existsSync(join(project, 'package-lock.json')))
      return E.left(
        failed(
          `the package @tensorflow/tfjs-node is not installed, and ${project} has no package-lock.json to install it from`,
          byHand,
        ),
      )
    const { file, args } = npmCommand()
    const ended = await run({
      file,
      args: [
        ...args,
        'install',
        '--no-save',
        '--ignore-scripts',
        '--include=optional',
        '--no-audit',
        '--no-fund',
        '--fetch-retries=1',
        '--fetch-timeout=30000',
        ...(hasDevelopment(project) ? [] : ['--omit=dev']),
      ],
      cwd: project,
      limitSeconds,
    })()
    const folder = packageFolder()
    return ended.ok && folder !== null
      ? E.right(folder)
      : E.left(
          failedProgram(say)(
            'npm did not install the package @tensorflow/tfjs-node',
            // npm succeeds even if it cannot fetch an optional package.
            ended.ok ? { ...ended, how: 'it left the package out' } : ended,
            'Check the network and `npm config get registry`, and run this again.',
          ),
        )
  }

/** Runs the package's own installer, which downloads libtensorflow, and downloads or builds an addon. */
export const ownInstaller =
  (limitSeconds: number) =>
  (folder: string): Promise<Ended> =>
    run({ file: process.execPath, args: [join('scripts', 'install.js')], cwd: folder, limitSeconds })()

export interface BuildTools {
  readonly compiler: Words
  readonly python: Words
  /** `null`: node-gyp downloads Node's headers. */
  readonly nodeDir: string | null
  readonly nodeGyp: string | null
}

/** Compiles the addon against the libraries and headers in `deps`. */
export const buildAddon =
  (say: Say) =>
  ({ compiler, python, nodeDir, nodeGyp }: BuildTools, limitSeconds: number) =>
  (folder: string): TE.TaskEither<ShellError, void> =>
  async () => {
    const from = createRequire(join(folder, 'package.json'))
    const builder = E.tryCatch(
      () => from.resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp'),
      () =>
        failed(
          'the package @mapbox/node-pre-gyp, which builds the addon of tfjs-node, is not installed',
          'Run `npm install --no-save --ignore-scripts` in the project, then run this again.',
        ),
    )
    if (E.isLeft(builder)) return builder
    const ended = await run({
      file: process.execPath,
      args: [builder.right, 'install', '--build-from-source'],
      cwd: folder,
      env: {
        npm_config_python: python.join(' '),
        ...(compiler[0] === 'g++' ? {} : { CXX: compiler.join(' ') }),
        ...(nodeDir === null ? {} : { npm_config_nodedir: nodeDir }),
        ...(nodeGyp === null ? {} : { npm_config_node_gyp: nodeGyp }),
      },
      limitSeconds,
    })()
    return ended.ok
      ? E.right(undefined)
      : E.left(
          failedProgram(say)(
            'the addon of tfjs-node could not be built',
            ended,
            nodeDir === null
              ? 'The headers of this Node version are missing and must be downloaded: check the network, or name a ' +
                  'folder that contains them (`npm_config_nodedir=/usr` for headers in /usr/include/node).'
              : 'Correct the errors of the compiler and run this again; nothing is downloaded twice.',
          ),
        )
  }
