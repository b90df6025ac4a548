/**
 * The package @tensorflow/tfjs-node in this installation: where it is, how it gets there without its install script,
 * that script, and the building of its addon.
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

/** The package's folder, found as Node finds it (which keeps what it found, and would not see it come). */
export const packageFolder = (): string | null =>
  ancestors(here)
    .map(folder => join(folder, 'node_modules', '@tensorflow', 'tfjs-node'))
    .find(folder => existsSync(join(folder, 'package.json'))) ?? null

/** The project whose `node_modules` we are in, or, in a clone, are beside. */
const projectFolder = (): string => {
  const inside = here.indexOf(`${sep}node_modules${sep}`)
  return inside >= 0 ? here.slice(0, inside) : packageRoot()
}

const Installed = t.type({ packages: t.record(t.string, t.partial({ dev: t.boolean })) })

/** Whether the project's development dependencies are installed; those that were left out shall stay out. */
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
 * Puts the package where the lock file has it, without running its install script, whose failure is why npm left the
 * package out. package.json and package-lock.json stay as they are.
 */
export const installPackage =
  (say: Say) =>
  (limitSeconds: number): TE.TaskEither<ShellError, string> =>
  async () => {
    const project = projectFolder()
    if (!existsSync(join(project, 'package-lock.json')))
      return E.left(
        failed(
          `the package @tensorflow/tfjs-node is not installed, and ${project} has no package-lock.json to install it by`,
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
            // npm goes on without an optional package that it cannot get.
            ended.ok ? { ...ended, how: 'it left the package out' } : ended,
            'Check the network and `npm config get registry`, and run this again.',
          ),
        )
  }

/** The package's own installation: it downloads libtensorflow and an addon, or builds one. */
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

/** Compiles the addon against what lies in `deps`. */
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
          'Run `npm install --no-save --ignore-scripts` in the project, and this again.',
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
              ? 'The headers of this Node were not found here and have to be downloaded: name a folder that has them ' +
                  '(`npm_config_nodedir=/usr`, where /usr/include/node lies), or see to the network.'
              : 'Put right what the compiler says and run this again; nothing is downloaded twice.',
          ),
        )
  }
